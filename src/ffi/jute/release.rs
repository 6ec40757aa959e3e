//! Freeing and allocating what records and vectors own.
//!
//! All of it is memory of `malloc`, because C programs free parts of it with `free` and give
//! parts that they allocated themselves (C-011).

use libc::{c_char, c_int, c_void};

/// Owns heap memory, or is made of parts that may.
pub(super) trait Release {
    /// Frees what `self` owns and leaves NULL in its place, so that a second call is harmless.
    ///
    /// # Safety
    /// Every pointer within `self` is NULL or from `malloc`, and nothing else uses it.
    unsafe fn release(&mut self);
}

/// A jute vector: a count and an array of so many elements.
pub(super) trait Vector {
    /// The element.
    type Item: Release;

    /// The count and the pointer to the array.
    fn parts(&mut self) -> (&mut i32, &mut *mut Self::Item);
}

/// The body of every `deallocate_` function but those of vectors; does nothing for NULL.
///
/// # Safety
/// `value` is NULL or points to a value that fulfils the conditions of [`Release::release`].
pub(super) unsafe fn release<T: Release>(value: *mut T) {
    // SAFETY: the caller passes NULL or a value that only it uses.
    let Some(value) = (unsafe { value.as_mut() }) else {
        return;
    };
    // SAFETY: what the value's pointers lead to is the caller's promise.
    unsafe { value.release() }
}

/// The body of every `deallocate_V` of a vector; returns 0.
///
/// # Safety
/// As for [`release`].
pub(super) unsafe fn release_vector<V: Release + Vector>(vector: *mut V) -> c_int {
    // SAFETY: the same promise of the same caller.
    unsafe { release(vector) }
    0
}

/// The body of every `allocate_V`: a zeroed array of `len` elements, none for 0 (C-059).
///
/// Returns 0. Without memory, and for a negative length, the vector is left empty: the original
/// claims elements that do not exist.
///
/// # Safety
/// `vector` is NULL or points to a vector that only the caller uses.
pub(super) unsafe fn allocate<V: Vector>(vector: *mut V, len: i32) -> c_int {
    // SAFETY: the caller passes NULL or a vector that only it uses.
    let Some(vector) = (unsafe { vector.as_mut() }) else {
        return 0;
    };
    let wanted = usize::try_from(len).unwrap_or(0);
    let (count, data) = vector.parts();
    *data = if wanted == 0 {
        std::ptr::null_mut()
    } else {
        // SAFETY: calloc takes any sizes and checks their product.
        unsafe { libc::calloc(wanted, size_of::<V::Item>()) }.cast()
    };
    *count = if data.is_null() { 0 } else { len };
    0
}

/// Frees one allocation and forgets it.
///
/// # Safety
/// `memory` is NULL or from `malloc`, and nothing else uses it.
pub(super) unsafe fn free<T>(memory: &mut *mut T) {
    // SAFETY: the caller says that this came from malloc and is not used elsewhere.
    unsafe { libc::free(memory.cast::<c_void>()) }
    *memory = std::ptr::null_mut();
}

/// A string.
impl Release for *mut c_char {
    unsafe fn release(&mut self) {
        // SAFETY: a string is one allocation; where it came from is the caller's promise.
        unsafe { free(self) }
    }
}

impl Release for i32 {
    unsafe fn release(&mut self) {}
}

impl Release for i64 {
    unsafe fn release(&mut self) {}
}

/// Implements [`Release`] for a record; a field that is left out does not compile.
macro_rules! record {
    ($record:ident { $($field:ident),* $(,)? }) => {
        impl $crate::ffi::jute::release::Release for $record {
            unsafe fn release(&mut self) {
                let Self { $($field),* } = self;
                // SAFETY: the caller's promise for the record is one for each of its fields.
                unsafe { $($crate::ffi::jute::release::Release::release($field));* }
            }
        }
    };
}
pub(super) use record;

/// Implements [`Vector`] and [`Release`] for a vector.
macro_rules! vector {
    ($vector:ident of $item:ty) => {
        impl $crate::ffi::jute::release::Vector for $vector {
            type Item = $item;

            fn parts(&mut self) -> (&mut i32, &mut *mut $item) {
                (&mut self.count, &mut self.data)
            }
        }

        impl $crate::ffi::jute::release::Release for $vector {
            unsafe fn release(&mut self) {
                // SAFETY: the caller's promise is one for the array and all its elements.
                unsafe { $crate::ffi::jute::release::release_elements(self) }
            }
        }
    };
}
pub(super) use vector;

/// Releases the elements and then the array; the count stays as it is (C-058).
///
/// # Safety
/// The array is NULL or has as many elements as the count says, each fit to be released.
pub(super) unsafe fn release_elements<V: Vector>(vector: &mut V) {
    let (count, data) = vector.parts();
    if data.is_null() {
        return;
    }
    for index in 0..usize::try_from(*count).unwrap_or(0) {
        // SAFETY: the array has `count` elements, says the caller.
        let element = unsafe { &mut *data.add(index) };
        // SAFETY: the caller vouches for each element.
        unsafe { element.release() }
    }
    // SAFETY: the array is one allocation; where it came from is the caller's promise.
    unsafe { free(data) }
}
