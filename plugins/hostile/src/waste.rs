//! Ways not to come back, or not in one piece.

use std::hint::black_box;

/// Never returns.
pub(crate) fn time() -> ! {
    loop {
        black_box(());
    }
}

/// Takes memory until there is none.
pub(crate) fn memory() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![1; 1 << 20]);
        black_box(&mut hoard);
    }
}

/// Grows the memory page by page, and is content when it gets no more.
pub(crate) fn pages() {
    #[cfg(target_arch = "wasm32")]
    while core::arch::wasm32::memory_grow::<0>(1) != usize::MAX {}
}

/// Uses up the stack.
#[expect(unconditional_recursion, reason = "that is the point")]
pub(crate) fn stack(depth: u64) -> u64 {
    black_box(stack(black_box(depth + 1)) + 1)
}

/// Stops with `unreachable`.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}
