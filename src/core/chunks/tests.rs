use super::*;

/// What the queue holds, taken out piece by piece.
fn drained(chunks: &mut Chunks) -> Vec<u8> {
    let mut all = Vec::new();
    while !chunks.is_empty() {
        assert!(!chunks.front().is_empty(), "an empty chunk is in front");
        all.extend_from_slice(chunks.front());
        chunks.pop_front();
    }
    all
}

fn append(chunks: &mut Chunks, frame: &[u8]) {
    chunks.tail(frame.len()).extend_from_slice(frame);
}

#[test]
fn frames_can_be_taken_out_of_every_chunk() {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut chunks = Chunks::default();
    let mut expected = Vec::new();
    let kept: Vec<bool> = (0..300).map(|n| n != 7 && n % 3 != 0).collect();
    for &keep in &kept {
        let limit = *rng.choice(&[1, 100, 5_000, CHUNK * 2]).unwrap_or(&1);
        let body = vec![rng.u8(..); rng.usize(0..=limit)];
        let mut bytes = Vec::new();
        frame::append(&mut bytes, |out| out.extend_from_slice(&body));
        append(&mut chunks, &bytes);
        if keep {
            expected.extend_from_slice(&bytes);
        }
    }
    assert!(chunks.full.len() > 3, "all in one chunk");
    let mut answers = kept.into_iter();
    chunks.retain_frames(|| answers.next().expect("one question per frame"));
    assert_eq!(answers.next(), None);
    assert!(drained(&mut chunks) == expected);
    chunks.retain_frames(|| panic!("there is no frame"));
}

#[test]
fn bytes_come_out_in_the_order_in_which_they_went_in() {
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut callers, mut connection) = (Chunks::default(), Chunks::default());
    let (mut expected, mut seen) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        for _ in 0..rng.usize(0..5) {
            let limit = *rng.choice(&[1, 100, 5_000, CHUNK * 2]).unwrap_or(&1);
            let frame = vec![rng.u8(..); rng.usize(0..=limit)];
            append(&mut callers, &frame);
            expected.extend_from_slice(&frame);
        }
        connection.append(&mut callers);
        assert!(callers.is_empty());
        for _ in 0..rng.usize(0..5) {
            seen.extend_from_slice(connection.front());
            connection.pop_front();
        }
        assert_eq!(seen, expected[..seen.len()]);
        // Keeps the test's own memory small.
        expected.drain(..seen.len());
        seen.clear();
    }
    assert_eq!(drained(&mut connection), expected);
}

#[test]
fn bytes_are_gathered_across_chunks_from_where_sending_stopped() {
    let mut chunks = Chunks::default();
    for byte in 1..=3 {
        append(&mut chunks, &vec![byte; CHUNK]);
    }
    let mut slices = [IoSlice::new(&[]); 2];
    assert_eq!(chunks.gather(CHUNK - 3, &mut slices), 2);
    assert_eq!(&*slices[0], &[1; 3]);
    assert_eq!(&*slices[1], vec![2; CHUNK]);
    let mut slices = [IoSlice::new(&[]); 8];
    assert_eq!(chunks.gather(0, &mut slices), 3);
    assert_eq!(&*slices[2], vec![3; CHUNK]);
    assert_eq!(Chunks::default().gather(0, &mut slices), 0);
}

#[test]
fn frames_share_chunks_of_bounded_size_and_are_never_cut() {
    let mut chunks = Chunks::default();
    for _ in 0..1_000 {
        append(&mut chunks, &[1; 1_000]);
    }
    append(&mut chunks, &[2; 3 * CHUNK]);
    append(&mut chunks, &[3; 10]);
    let mut sizes = Vec::new();
    while !chunks.is_empty() {
        sizes.push(chunks.front().len());
        chunks.pop_front();
    }
    let (small, large) = sizes.split_at(sizes.len() - 2);
    assert!(small.len() <= 5 && small.iter().all(|n| *n <= CHUNK && n % 1_000 == 0));
    assert_eq!(large, [3 * CHUNK, 10]);
}

#[test]
fn a_slow_connection_does_not_collect_nearly_empty_chunks() {
    let (mut callers, mut connection) = (Chunks::default(), Chunks::default());
    append(&mut callers, &[0; CHUNK / 2]);
    for _ in 0..10_000 {
        append(&mut callers, &[1; 50]);
        connection.append(&mut callers);
    }
    assert!(connection.full.len() <= 3, "{}", connection.full.len());
}

#[test]
fn memory_goes_round_instead_of_being_allocated_again() {
    let (mut callers, mut connection) = (Chunks::default(), Chunks::default());
    let mut round = || {
        for _ in 0..6 {
            append(&mut callers, &[1; CHUNK / 2]);
        }
        connection.append(&mut callers);
        while !connection.is_empty() {
            connection.pop_front();
        }
        callers.capacity() + connection.capacity()
    };
    let warm = (0..10).map(|_| round()).max();
    assert_eq!((0..100).map(|_| round()).max(), warm);
}

#[test]
fn a_burst_leaves_bounded_memory_and_none_once_it_is_given_back() {
    let (mut callers, mut connection) = (Chunks::default(), Chunks::default());
    for _ in 0..1_000 {
        append(&mut callers, &[1; CHUNK / 2]);
    }
    connection.append(&mut callers);
    while !connection.is_empty() {
        connection.pop_front();
    }
    connection.append(&mut callers);
    assert!(callers.capacity() <= KEPT + CHUNK, "{}", callers.capacity());
    assert!(
        connection.capacity() <= 2 * CHUNK,
        "{}",
        connection.capacity()
    );
    callers.shrink();
    connection.shrink();
    assert_eq!(callers.capacity() + connection.capacity(), 0);
}

#[test]
fn giving_memory_back_leaves_bytes_that_wait() {
    let mut chunks = Chunks::default();
    append(&mut chunks, b"waiting");
    chunks.shrink();
    assert_eq!(chunks.front(), b"waiting");
    chunks.clear();
    assert!(chunks.is_empty());
}
