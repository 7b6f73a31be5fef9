//! From C's pointers to references, each checked for NULL and for its alignment.
#![allow(unsafe_code)]

use core::slice;

use crate::RunnelStatus;
use crate::memory::{Opaque, Slot};

/// Whether a pointer may be read and written as far as one can see.
#[inline]
fn check<T>(pointer: *const T) -> Result<(), RunnelStatus> {
    if pointer.is_null() {
        Err(RunnelStatus::NullPointer)
    } else if pointer.is_aligned() {
        Ok(())
    } else {
        Err(RunnelStatus::UnalignedPointer)
    }
}

/// The caller's numbers or bytes.
///
/// # Safety
/// `pointer`, unless it is refused, points to `length` values that no one writes during `'a`.
#[inline]
pub(crate) unsafe fn values<'a, T>(pointer: *const T, length: usize) -> Result<&'a [T], RunnelStatus> {
    check(pointer)?;
    check_length::<T>(length)?;
    // SAFETY: not null, aligned, and of a length that a slice may have; the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// The caller's buffer.
///
/// # Safety
/// `pointer`, unless it is refused, points to `length` values that no one else reads or writes during `'a`.
#[inline]
pub(crate) unsafe fn buffer<'a, T>(pointer: *mut T, length: usize) -> Result<&'a mut [T], RunnelStatus> {
    check(pointer)?;
    check_length::<T>(length)?;
    // SAFETY: not null, aligned, and of a length that a slice may have; the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, length) })
}

/// A slice is at most half of the memory.
#[inline]
fn check_length<T>(length: usize) -> Result<(), RunnelStatus> {
    if length > isize::MAX as usize / size_of::<T>().max(1) { Err(RunnelStatus::WrongLength) } else { Ok(()) }
}

/// A text of C without its NUL.
///
/// # Safety
/// `text`, unless it is refused, points to bytes that end with a NUL and that no one writes during `'a`.
#[inline]
pub(crate) unsafe fn text<'a>(text: *const core::ffi::c_char) -> Result<&'a [u8], RunnelStatus> {
    check(text)?;
    // SAFETY: not null; the NUL is the caller's promise.
    Ok(unsafe { core::ffi::CStr::from_ptr(text) }.to_bytes())
}

/// Writes a result to where the caller wants it.
///
/// # Safety
/// `place`, unless it is refused, points to memory for a `T` that no one else uses meanwhile.
#[inline]
pub(crate) unsafe fn write<T>(place: *mut T, value: T) -> Result<(), RunnelStatus> {
    check(place)?;
    // SAFETY: not null and aligned; the rest is the caller's promise.
    unsafe { place.write(value) };
    Ok(())
}

/// As [`write`], where the caller may not want the result: `place` may be NULL.
///
/// # Safety
/// As [`write`].
#[inline]
pub(crate) unsafe fn write_if_wanted<T>(place: *mut T, value: T) {
    // A refused place is NULL here: `check_wanted` came before.
    // SAFETY: the caller's promise is the same.
    let _written = unsafe { write(place, value) };
}

/// Refuses a place for a result that is not NULL and not aligned.
#[inline]
pub(crate) fn check_wanted<T>(place: *const T) -> Result<(), RunnelStatus> {
    if place.is_null() { Ok(()) } else { check(place) }
}

/// The words of an opaque struct as the library uses them, made or not.
///
/// # Safety
/// `pointer`, unless it is refused, points to memory for an `Owner` that no one else uses during `'a`.
#[inline]
unsafe fn slot<'a, Owner: Opaque>(pointer: *mut Owner) -> Result<&'a mut Slot<Owner::Value>, RunnelStatus> {
    check(pointer)?;
    // SAFETY: not null and aligned as `Owner`, which `memory` asserts to be as large and as aligned as the slot. The tag may
    // be any number and the value nothing.
    Ok(unsafe { &mut *pointer.cast() })
}

/// Makes what lies in an opaque struct; it is not made if `make` refuses.
///
/// # Safety
/// As [`slot`].
#[inline]
pub(crate) unsafe fn make<Owner: Opaque>(
    pointer: *mut Owner,
    make: impl FnOnce(&mut core::mem::MaybeUninit<Owner::Value>) -> Result<(), RunnelStatus>,
) -> Result<(), RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    let slot = unsafe { slot(pointer) }?;
    slot.tag = 0;
    make(&mut slot.value)?;
    slot.tag = Owner::TAG;
    Ok(())
}

/// What lies in an opaque struct that was made.
///
/// # Safety
/// As [`slot`], and that no one but [`make`] wrote its words.
#[inline]
pub(crate) unsafe fn made<'a, Owner: Opaque>(pointer: *mut Owner) -> Result<&'a mut Owner::Value, RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    let slot = unsafe { slot(pointer) }?;
    if slot.tag != Owner::TAG {
        return Err(RunnelStatus::NotReady);
    }
    // SAFETY: `make` wrote the value before the tag.
    Ok(unsafe { slot.value.assume_init_mut() })
}

/// What lies in an opaque struct that was made, while others read it too.
///
/// # Safety
/// `pointer`, unless it is refused, points to an `Owner` that no one writes during `'a`, and of which no one but [`make`] wrote
/// the words.
#[inline]
pub(crate) unsafe fn made_and_shared<'a, Owner: Opaque>(
    pointer: *const Owner,
) -> Result<&'a Owner::Value, RunnelStatus> {
    check(pointer)?;
    // SAFETY: as in `slot`, for reading.
    let slot: &Slot<Owner::Value> = unsafe { &*pointer.cast() };
    if slot.tag != Owner::TAG {
        return Err(RunnelStatus::NotReady);
    }
    // SAFETY: `make` wrote the value before the tag.
    Ok(unsafe { slot.value.assume_init_ref() })
}
