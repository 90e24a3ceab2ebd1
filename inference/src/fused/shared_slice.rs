//! A slice that several threads write at once, each its own places.

#![expect(
    unsafe_code,
    reason = "columns of a row-major matrix are no slices that could be lent one by one"
)]

use std::marker::PhantomData;

/// A mutable slice whose places are lent out by whoever knows that no two overlap.
pub(super) struct SharedSlice<'a, T> {
    start: *mut T,
    len: usize,
    lent: PhantomData<&'a mut [T]>,
}

// SAFETY: it is a mutable borrow of values that may be sent; `piece` asks its callers for places that do not overlap.
unsafe impl<T: Send> Sync for SharedSlice<'_, T> {}

impl<'a, T> SharedSlice<'a, T> {
    pub(super) fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            lent: PhantomData,
        }
    }

    /// The `len` values from `start` on.
    ///
    /// # Safety
    /// While the piece lives, nobody else has a piece that overlaps it.
    #[expect(
        clippy::mut_from_ref,
        reason = "the callers see to it that no two pieces overlap"
    )]
    pub(super) unsafe fn piece(&self, start: usize, len: usize) -> &mut [T] {
        assert!(
            start <= self.len && len <= self.len - start,
            "the piece lies within the slice"
        );
        // SAFETY: within the slice by the assertion; alone by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }
}
