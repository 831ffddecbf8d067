//! The engine itself: what it holds, and its public face.

mod collect;
mod inner;
#[cfg(all(loom, test))]
mod model;
mod swap;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmeter_model::batch::Batch;
use wasmeter_model::frame::Frame;
use wasmeter_model::limits::Limits;
use wasmeter_model::{ExemplarFilter, Instrument, Origin, Timestamp};

use crate::intake::{CallbackRun, Observations, Observer};
use crate::record::Recorder;
use crate::report::{Counts, IngestReport, Notice, Rejection, SwapReport};
use crate::views::{ViewFault, Views};
use crate::{ReaderConfig, lock};
pub(crate) use inner::Inner;
pub use swap::PreparedSwap;

/// What an engine is made from.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// One for each reader; the number of a reader is its place here. More come and go with a swap, see [`PreparedSwap`].
    pub readers: Vec<ReaderConfig>,
    /// The bounds.
    pub limits: Limits,
    /// Which measurements may become exemplars.
    pub exemplar_filter: ExemplarFilter,
}

/// The metrics engine. Cheap to share: all functions take `&self`, from any thread.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// An engine with the Views of its first generation.
    pub fn new(config: EngineConfig, views: Views, now: Timestamp) -> Self {
        Self { inner: Arc::new(Inner::new(config, views, now)) }
    }

    /// Takes a received frame in. Points that are refused do not keep the others from being counted.
    pub fn ingest(&self, frame: &Frame, now: Timestamp) -> IngestReport {
        self.ingest_batch(&Batch::from(frame), now)
    }

    /// As [`Engine::ingest`], for what is named by handles already: a point of a known series then costs no allocation.
    pub fn ingest_batch(&self, batch: &Batch<'_>, now: Timestamp) -> IngestReport {
        crate::intake::ingest(&self.inner, batch, Origin::Received, now)
    }

    /// Takes in what a plugin observed, for all readers: as [`Engine::ingest`], but to a View the instruments are observable
    /// ones.
    pub fn ingest_observed(&self, frame: &Frame, now: Timestamp) -> IngestReport {
        crate::intake::ingest(&self.inner, &Batch::from(frame), Origin::Observed, now)
    }

    /// An instrument to record with. The same instrument asked for twice is one instrument.
    ///
    /// # Errors
    ///
    /// [`Rejection::InstrumentLimit`] or [`Rejection::NoName`].
    pub fn instrument(&self, instrument: Instrument, now: Timestamp) -> Result<Recorder, Rejection> {
        Recorder::new(self.inner.clone(), instrument, now)
    }

    /// Registers a callback that reports the values of observable instruments. It runs once in each collection of each
    /// reader, with nothing of the engine locked: it may make instruments, record, register and remove callbacks and put other
    /// Views into service, but not collect. A run that panics observes nothing. The result removes it again, see
    /// [`Engine::unregister`].
    ///
    /// # Errors
    ///
    /// As [`Engine::instrument`].
    pub fn observe(
        &self,
        instruments: Vec<Instrument>,
        callback: impl Fn(&mut Observer<'_>) + Send + Sync + 'static,
        now: Timestamp,
    ) -> Result<u64, Rejection> {
        self.inner.register(instruments, Box::new(callback), now)
    }

    /// Removes a callback; false if there is none of that number. It does not begin any more, not even in a run that has
    /// been handed out; a run that is under way goes on, but what it observes does not count.
    pub fn unregister(&self, callback: u64) -> bool {
        self.inner.unregister(callback)
    }

    /// What reader `reader` exports now. Callbacks run on this thread, one after the other, and are waited for; whoever wants
    /// to give up those that take too long runs them by [`Engine::callback_runs`]. A reader that does not exist, or does not any
    /// more, gets an empty frame, and so does a collection from inside a callback of this engine, with a notice.
    pub fn collect(&self, reader: usize, now: Timestamp) -> Frame {
        self.inner.collect(reader, now)
    }

    /// The first part of a collection whose callbacks are run by the caller: one run of each callback. The runs may be made on
    /// any thread, and given up: they keep nothing of the engine alive.
    ///
    /// The caller sees to it that a callback's run has ended before its next one begins (metrics SDK, "Observations inside
    /// asynchronous callbacks"), and that the collections of one reader are not made at the same time.
    pub fn callback_runs(&self, now: Timestamp) -> Vec<CallbackRun> {
        self.inner.callback_runs(now)
    }

    /// The second part: what reader `reader` exports now, with what callbacks have observed for it. The series of a callback
    /// whose observations are not among them are missing from the frame.
    pub fn collect_observed(&self, reader: usize, observations: Vec<Observations>, now: Timestamp) -> Frame {
        self.inner.collect_observed(reader, observations, now)
    }

    /// Puts other Views into service. Every instrument is asked again and every known attribute set is mapped again; series
    /// whose identity and aggregation do not change keep accumulator and start, others end or start with `now`.
    ///
    /// # Errors
    ///
    /// A View could not answer. Nothing has changed then.
    pub fn swap(&self, views: Views, now: Timestamp) -> Result<SwapReport, ViewFault> {
        self.prepare_swap(views).map(|prepared| self.commit_swap(prepared, now))
    }

    /// The first half of a swap: asks the Views about every instrument and every known attribute set, which may take a
    /// while. Recording, receiving and collecting go on meanwhile, under the Views in service.
    ///
    /// # Errors
    ///
    /// A View could not answer.
    pub fn prepare_swap(&self, views: Views) -> Result<PreparedSwap, ViewFault> {
        self.inner.prepare_swap(views)
    }

    /// The second half: puts prepared Views into service, at `now`, and the readers that come with them. Instruments and sets that have appeared since they were
    /// prepared are asked about on the spot. Of several prepared swaps the last one committed is in service.
    pub fn commit_swap(&self, prepared: PreparedSwap, now: Timestamp) -> SwapReport {
        self.inner.commit_swap(prepared, now)
    }

    /// Counts since the engine was made, and how much it holds. Walks over all streams.
    pub fn counts(&self) -> Counts {
        let inner = &self.inner;
        for entry in inner.entries() {
            inner.fetch(&entry, &mut lock(&entry.state), Timestamp::UNKNOWN);
        }
        let generation = inner.current_generation();
        let streams = generation.pipelines.iter().flat_map(|pipeline| pipeline.streams());
        Counts {
            accepted: inner.counters.accepted.load(Ordering::Relaxed),
            rejected: inner.counters.rejected(),
            view_faults: inner.counters.view_faults.load(Ordering::Relaxed),
            instruments: inner.entries().len(),
            sources: inner.sources.load(Ordering::Relaxed),
            series: streams.map(|stream| lock(&stream.slots).len()).sum(),
        }
    }

    /// What happened since the last call that an operator should know. Bounded: the oldest go first.
    pub fn notices(&self) -> Vec<Notice> {
        lock(&self.inner.notices).drain(..).collect()
    }
}
