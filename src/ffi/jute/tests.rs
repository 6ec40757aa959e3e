use super::data::Id;
use super::recordio::{deallocate_Buffer, deallocate_String};
use super::session::{String_vector, allocate_String_vector, deallocate_String_vector};
use std::ptr::null_mut;

#[test]
fn a_vector_of_negative_or_impossible_length_is_left_empty() {
    for len in [-1, i32::MIN] {
        let mut vector = String_vector {
            count: 7,
            data: null_mut(),
        };
        // SAFETY: the vector is this test's own.
        assert_eq!(unsafe { allocate_String_vector(&mut vector, len) }, 0);
        assert_eq!((vector.count, vector.data), (0, null_mut()));
    }
}

#[test]
fn a_vector_with_a_negative_count_is_freed_without_elements() {
    let mut vector = String_vector {
        count: 0,
        data: null_mut(),
    };
    // SAFETY: the vector is this test's own.
    assert_eq!(unsafe { allocate_String_vector(&mut vector, 1) }, 0);
    vector.count = -1;
    // SAFETY: the array came from the allocation above.
    assert_eq!(unsafe { deallocate_String_vector(&mut vector) }, 0);
    assert_eq!((vector.count, vector.data), (-1, null_mut()));
}

#[test]
fn null_is_accepted_everywhere() {
    // SAFETY: all of these accept NULL.
    unsafe {
        super::data::deallocate_Id(null_mut::<Id>());
        deallocate_String(null_mut());
        deallocate_Buffer(null_mut());
        assert_eq!(deallocate_String_vector(null_mut()), 0);
        assert_eq!(allocate_String_vector(null_mut(), 1), 0);
    }
}
