use super::*;

#[test]
fn integers_are_big_endian() {
    assert_eq!((-2i32).to_bytes(), [0xff, 0xff, 0xff, 0xfe]);
    assert_eq!(
        0x0102_0304_0506_0708i64.to_bytes(),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
    assert_eq!(i32::from_bytes(&[0, 0, 1, 0]), Ok(256));
}

#[test]
fn any_non_zero_byte_is_true() {
    assert_eq!(bool::from_bytes(&[0]), Ok(false));
    assert_eq!(bool::from_bytes(&[0x80]), Ok(true));
    assert_eq!(bool::from_bytes(&[]), Err(DecodeError::Truncated));
}

#[test]
fn null_and_empty_buffers_differ() {
    assert_eq!(Buffer::from_bytes(&[0xff; 4]), Ok(None));
    assert_eq!(Buffer::from_bytes(&[0; 4]), Ok(Some(&[][..])));
    assert_eq!(Buffer::None.to_bytes(), [0xff; 4]);
    assert_eq!(Some(&b""[..]).to_bytes(), [0; 4]);
}

#[test]
fn lengths_are_checked_against_the_bytes_present() {
    assert_eq!(
        Buffer::from_bytes(&[0x7f, 0xff, 0xff, 0xff, 1]),
        Err(DecodeError::Truncated)
    );
    assert_eq!(
        Buffer::from_bytes(&[0xff, 0xff, 0xff, 0xfe]),
        Err(DecodeError::NegativeLength(-2))
    );
}

#[test]
fn lists_report_null_and_read_other_negative_counts_as_empty() {
    let null = List::<i32>::from_bytes(&[0xff; 4]).unwrap();
    assert!(null.is_null() && null.is_empty());
    let empty = List::<i32>::from_bytes(&[0xff, 0xff, 0xff, 0xf0]).unwrap();
    assert!(!empty.is_null() && empty.is_empty());
}

#[test]
fn a_huge_list_count_is_an_error_not_an_allocation() {
    let bytes = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1];
    assert_eq!(List::<i32>::from_bytes(&bytes), Err(DecodeError::Truncated));
}

#[test]
fn a_list_leaves_the_reader_behind_its_last_element() {
    let items = [Some(&b"a"[..]), None, Some(&b"bc"[..])];
    let mut bytes = List::new(&items).to_bytes();
    bytes.extend_from_slice(&7i32.to_bytes());
    let mut r = Reader::new(&bytes);
    let list: List<'_, Text<'_>> = r.read().unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), items);
    assert_eq!(list.iter().len(), 3);
    assert_eq!(r.read(), Ok(7i32));
    assert_eq!(list, List::new(&items));
    assert_eq!(list.to_bytes(), bytes[..bytes.len() - 4]);
}
