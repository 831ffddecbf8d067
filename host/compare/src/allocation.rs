//! Counts what each thread allocates, by standing before the system's allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Constant and without a destructor: reading them neither allocates nor registers anything.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE_BYTES: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocated(bytes: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get().wrapping_add(1));
    LIVE_BYTES.set(LIVE_BYTES.get().wrapping_add_unsigned(bytes as u64));
}

fn freed(bytes: usize) {
    LIVE_BYTES.set(LIVE_BYTES.get().wrapping_sub_unsigned(bytes as u64));
}

// SAFETY: every call goes to the system's allocator as it came; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        freed(layout.size());
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        freed(layout.size());
        allocated(new_size);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// How many times this thread allocates while it does `work`. Other threads do not count.
pub fn allocations_of(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// How many bytes more this thread has allocated and not freed after `work` than before. What other threads allocate or free
/// does not count.
pub fn bytes_kept_by(work: impl FnOnce()) -> i64 {
    let before = LIVE_BYTES.get();
    work();
    LIVE_BYTES.get() - before
}

#[cfg(test)]
mod tests {
    use super::{allocations_of, bytes_kept_by};

    #[test]
    fn allocations_of_this_thread_count_and_others_do_not() {
        let mut kept = Vec::new();
        assert_eq!(bytes_kept_by(|| kept.push([0_u64; 16])), 4 * 16 * 8);
        assert_eq!(allocations_of(|| drop(vec![1_u8; 100])), 1);
        let (thread, others) =
            (std::thread::current().id(), std::thread::spawn(|| allocations_of(|| drop(vec![1_u8; 100]))));
        assert_eq!(allocations_of(|| assert_eq!(thread, std::thread::current().id())), 0);
        assert_eq!(others.join().unwrap(), 1);
        drop(kept);
    }
}
