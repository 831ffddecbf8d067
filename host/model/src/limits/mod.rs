//! Every bound of the engine in one place, with how they relate; and what plugins may use.

mod plugin;

use std::num::{NonZeroU32, NonZeroUsize};
use std::thread::available_parallelism;
use std::time::Duration;

pub use plugin::{PLUGIN_LIMITS, PluginLimit, PluginLimits, STACK_STEP_BYTES};

/// The specified default of distinct attribute sets per stream (metrics SDK, "Cardinality limits").
pub const CARDINALITY_DEFAULT: NonZeroU32 = NonZeroU32::new(2000).unwrap();

/// The specified boundaries of an explicit histogram without advice.
pub const BOUNDARIES_DEFAULT: [f64; 15] =
    [0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0];

/// The specified most buckets of either sign of an exponential histogram.
pub const EXPONENTIAL_SIZE_DEFAULT: u32 = 160;
/// The specified finest scale.
pub const EXPONENTIAL_SCALE_MAX: i8 = 20;
/// The coarsest scale: one bucket then spans 2^1024, more than the doubles have.
pub const EXPONENTIAL_SCALE_MIN: i8 = -10;
/// The most buckets a stream or a received point may have; bounds what one series can cost.
pub const BUCKETS_MAX: usize = 16_384;
/// The most exemplars of a series between two collections.
pub const EXEMPLARS_MAX: usize = 1024;
/// The most entities that a resource may refer to: a sender's detectors know a few of each kind.
pub const ENTITIES_MAX: usize = 64;
/// The longest instrument name (metrics API, "Instrument name syntax").
pub const NAME_BYTES_MAX: usize = 255;
/// The key of the series that takes what exceeds the cardinality limit; its value is the boolean `true`.
pub const OVERFLOW_KEY: &str = "otel.metric.overflow";

const _: () = assert!(EXPONENTIAL_SIZE_DEFAULT as usize <= BUCKETS_MAX);
const _: () = assert!(EXPONENTIAL_SCALE_MIN < EXPONENTIAL_SCALE_MAX);

/// The engine's bounds. What exceeds them is refused and counted, or kept in less detail, and never lost in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most instruments, over all resources and scopes.
    pub instruments_max: usize,
    /// The most sources (distinct received series and recorded attribute sets) of all instruments together. Beyond it
    /// received points are refused; measurements go to the overflow series of their instrument.
    pub sources_max: usize,
    /// The most observations that one run of a callback may make, all its instruments together.
    pub observations_max: usize,
    /// How long a source's current value counts without news, for gauges and up-down-counters.
    pub current_expiry: Duration,
    /// How long any received or observed source or series is kept without news. What is needed to recognise the return of a source
    /// is kept for 24 times as long where its series lives on without it, or where a reader of deltas was told what it had counted. For a
    /// reader that is not collected for, what has ended is kept as long, and deltas for ever.
    pub idle_expiry: Duration,
    /// The most threads of a collection, the one that collects among them. There is one for each 16384 series, so a second one
    /// from 32768 on; what is begun ends with the collection.
    pub collection_threads_max: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instruments_max: 100_000,
            sources_max: 2_000_000,
            observations_max: 100_000,
            current_expiry: Duration::from_secs(300),
            idle_expiry: Duration::from_secs(3600),
            // As many as can work at the same time.
            collection_threads_max: available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}
