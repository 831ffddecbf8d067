//! What time it is.
//!
//! A plugin that uses this module needs `clocks = true` below `[grants]` in its `NAME.toml`; without, it is not loaded. Natively, in a
//! unit test, it is as late as [`testing::set_clock`](crate::testing::set_clock) says, so that a test does not depend on when it
//! runs.
//!
//! ```
//! use wasmeter_guest::{clock, testing};
//!
//! testing::set_clock(1_700_000_000_000_000_000);
//! assert_eq!(clock::now_unix_nanos(), 1_700_000_000_000_000_000);
//! let before = clock::monotonic_nanos();
//! testing::set_clock(1_700_000_000_000_000_007);
//! assert_eq!(clock::monotonic_nanos() - before, 7);
//! ```

/// The time of day in nanoseconds since the Unix epoch. It jumps when the clock is set.
pub fn now_unix_nanos() -> u64 {
    #[cfg(target_family = "wasm")]
    {
        let now = wasip2::clocks::wall_clock::now();
        now.seconds.saturating_mul(1_000_000_000).saturating_add(u64::from(now.nanoseconds))
    }
    #[cfg(not(target_family = "wasm"))]
    native::NOW.get()
}

/// Nanoseconds since a time that is the same for as long as the instance lives. It never goes back: for how long something took.
pub fn monotonic_nanos() -> u64 {
    #[cfg(target_family = "wasm")]
    {
        wasip2::clocks::monotonic_clock::now()
    }
    #[cfg(not(target_family = "wasm"))]
    native::NOW.get()
}

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native {
    //! The clock of a unit test.

    use std::cell::Cell;

    thread_local! {
        /// In nanoseconds since the Unix epoch.
        pub(crate) static NOW: Cell<u64> = const { Cell::new(0) };
    }
}
