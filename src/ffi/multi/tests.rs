use super::*;
use std::mem::MaybeUninit;
use std::ptr;

use zk_proto::Code;

/// An operation full of ones, so that what a function leaves alone can be told.
fn op() -> MaybeUninit<zoo_op_t> {
    let mut op = MaybeUninit::uninit();
    // SAFETY: the memory is the operation's.
    unsafe { ptr::write_bytes(op.as_mut_ptr(), 0xff, 1) };
    op
}

type CreateInit = unsafe extern "C-unwind" fn(
    *mut zoo_op_t,
    *const c_char,
    *const c_char,
    c_int,
    *const ACL_vector,
    c_int,
    *mut c_char,
    c_int,
);

fn create(init: CreateInit, mode: c_int) -> zoo_op_t {
    let mut op = op();
    let (path, value) = (c"/p".as_ptr(), c"v".as_ptr());
    // SAFETY: the operation is there to be filled, which also initialises it.
    unsafe {
        init(
            op.as_mut_ptr(),
            path,
            value,
            1,
            ptr::null(),
            mode,
            ptr::null_mut(),
            9,
        );
        op.assume_init()
    }
}

#[test]
fn the_type_of_a_create_follows_its_mode() {
    for (mode, plain, with_stat) in [
        (0, 1, 15),
        (3, 1, 15),
        (4, 19, 19),
        (5, 21, 21),
        (6, 21, 21),
    ] {
        assert_eq!(create(zoo_create_op_init, mode).r#type, plain);
        assert_eq!(create(zoo_create2_op_init, mode).r#type, with_stat);
    }
}

#[test]
fn a_create_is_stored_as_given() {
    let op = create(zoo_create_op_init, 3);
    // SAFETY: the operation is a create.
    let create_op = unsafe { op.op.create_op };
    assert_eq!(create_op.path, c"/p".as_ptr());
    assert_eq!((create_op.datalen, create_op.buflen), (1, 9));
    assert_eq!((create_op.flags, create_op.ttl), (3, 0));
    assert!(create_op.acl.is_null() && create_op.buf.is_null());
}

#[test]
fn create2_leaves_the_time_to_live_alone() {
    let op = create(zoo_create2_op_init, 0);
    // SAFETY: the operation is a create.
    assert_eq!(unsafe { op.op.create_op.ttl }, -1);
}

#[test]
fn a_delete_writes_no_further_than_its_fields() {
    let mut op = op();
    // SAFETY: the operation is there to be filled.
    let bytes = unsafe {
        zoo_delete_op_init(op.as_mut_ptr(), c"/p".as_ptr(), 7);
        std::slice::from_raw_parts(op.as_ptr().cast::<u8>(), size_of::<zoo_op_t>())
    };
    assert_eq!(bytes[..4], 2i32.to_ne_bytes());
    assert_eq!(bytes[16..20], 7i32.to_ne_bytes());
    assert!(bytes[20..].iter().all(|byte| *byte == 0xff));
}

#[test]
fn set_and_check_have_their_types_and_fields() {
    let (mut set, mut check) = (op(), op());
    // SAFETY: the operations are there to be filled, and are of these types then.
    unsafe {
        zoo_set_op_init(
            set.as_mut_ptr(),
            c"/p".as_ptr(),
            c"v".as_ptr(),
            1,
            5,
            ptr::null_mut(),
        );
        zoo_check_op_init(check.as_mut_ptr(), c"/p".as_ptr(), 6);
        let (set, check) = (set.assume_init(), check.assume_init());
        assert_eq!(
            (set.r#type, set.op.set_op.datalen, set.op.set_op.version),
            (5, 1, 5)
        );
        assert!(set.op.set_op.stat.is_null());
        assert_eq!((check.r#type, check.op.check_op.version), (13, 6));
    }
}

#[test]
fn null_operations_and_handles_are_refused() {
    let (op, results) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: NULL is allowed everywhere here.
    unsafe {
        zoo_delete_op_init(op, ptr::null(), 0);
        zoo_check_op_init(op, ptr::null(), 0);
        assert_eq!(
            zoo_multi(ptr::null_mut(), 1, op, results),
            Code::BAD_ARGUMENTS.0
        );
    }
}
