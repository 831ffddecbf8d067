//! Points in time. The model and the engine only ever receive them; the binary is the only place that reads a clock.

use std::time::Duration;

/// Nanoseconds since the Unix epoch. `0` means "unknown", as OTLP has it.
///
/// The range ends in the year 2554; arithmetic saturates rather than wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The unset time of OTLP.
    pub const UNKNOWN: Self = Self(0);

    /// A time given in whole seconds since the Unix epoch; handy in tests.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// True if the sender left the time unset.
    pub const fn is_unknown(self) -> bool {
        self.0 == 0
    }

    /// `self + duration`, saturating at the end of the range.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
