//! The metrics engine: measurements and received points in, frames out.
//!
//! Synchronous and deterministic: time is an argument, there is no I/O, no clock is read, and no thread outlives a call. Only a collection
//! of many series has some of its own, and waits for them; what it gives does not depend on them.
//!
//! ```text
//! measurement -> cell of its thread -+
//! instrument -> sources (one per attribute set) -> routes (what the Views make of the set) -> slots (series) of streams
//! ```
//!
//! Each reader has streams of its own, so that one's delta does not disturb another's. Invariants:
//!
//! - A View is asked once per instrument and once per attribute set in each generation, never per measurement.
//! - Locks are taken in this order: control, instrument, streams of a reader, stream. No View or filter is called with a
//!   stream locked (only the exemplar reservoirs that Views make are), and no callback with any of them.
//! - A contribution is applied under its instrument's lock, and an instrument is rerouted under it too: so every
//!   contribution goes wholly by the routes of one generation. Measurements wait for it in cells, see `src/record`.

mod aggregate;
mod engine;
mod exemplar;
mod filter;
mod instrument;
mod intake;
mod pipeline;
mod record;
mod report;
mod source;
mod stream;
mod summaries;
mod sync;
mod turns;
mod views;

pub use engine::{Engine, EngineConfig, PreparedSwap};
pub use exemplar::{AlignedHistogramBucket, Measurement, Reservoir, ReservoirSeries, SimpleFixedSize};
pub use filter::{
    AttributesFilterResult, MetricFilter, MetricFilterResult, MetricStream, append_filtered, filtered,
};
pub use intake::{CallbackRun, Observations, Observer};
pub use pipeline::ReaderConfig;
pub use record::{BoundRecorder, GivenAttributes, Order, Packed, Recorder, StreamLabels};
pub use report::{Counts, IngestReport, Notice, Rejection, SwapReport};
pub use views::{IsEnabled, Mode, NativeView, View, ViewFault, Views};

/// Locks a mutex. A poisoned one is taken as it is: the engine's own code does not panic between related changes, and
/// losing all metrics for one panic would be the worse answer.
#[inline]
fn lock<L: Lock>(mutex: &L) -> sync::MutexGuard<'_, L::Value> {
    mutex.acquire()
}

/// What [`lock`] locks.
trait Lock {
    type Value;

    fn acquire(&self) -> sync::MutexGuard<'_, Self::Value>;
}

impl<T> Lock for sync::Mutex<T> {
    type Value = T;

    #[inline]
    fn acquire(&self) -> sync::MutexGuard<'_, T> {
        self.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<T> Lock for turns::InTurn<T> {
    type Value = T;

    #[inline]
    fn acquire(&self) -> sync::MutexGuard<'_, T> {
        self.lock()
    }
}
