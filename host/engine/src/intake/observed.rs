//! Observations: callbacks that report values at collection (metrics SDK, "Asynchronous instrument").

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmeter_model::{Attributes, Instrument, InstrumentKind, Number, Timestamp};

use crate::aggregate::is_less;
use crate::engine::Inner;
use crate::instrument::{Contributed, Contribution, Entry, Form, State};
use crate::lock;
use crate::report::Rejection;
use crate::source::{Observed, SourceData};
use crate::stream::Collection;

type Function = Box<dyn Fn(&mut Observer<'_>) + Send + Sync>;

/// A registered callback with the instruments it may report.
pub(crate) struct Callback {
    number: u64,
    entries: Vec<Arc<Entry>>,
    function: Function,
}

/// What a callback reports into. Its instruments are named by their place in the list they were registered with.
#[derive(Debug)]
pub struct Observer<'a> {
    inner: &'a Inner,
    entries: &'a [Arc<Entry>],
    reader: usize,
    collection: Collection,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn register(
        &self,
        instruments: Vec<Instrument>,
        function: Function,
        now: Timestamp,
    ) -> Result<u64, Rejection> {
        let mut entries = Vec::new();
        for instrument in instruments {
            let entry = self.entry(&instrument, Form::Measurements)?;
            self.bring_up_to_date(&entry, &mut lock(&entry.state), now);
            entries.push(entry);
        }
        let number = self.callback_numbers.fetch_add(1, Ordering::Relaxed);
        lock(&self.callbacks).push(Arc::new(Callback { number, entries, function }));
        Ok(number)
    }

    pub(crate) fn unregister(&self, number: u64) -> bool {
        let mut callbacks = lock(&self.callbacks);
        let before = callbacks.len();
        callbacks.retain(|callback| callback.number != number);
        callbacks.len() < before
    }

    /// Runs every callback for one reader, then turns what was observed into contributions where differences are wanted.
    pub(crate) fn run_callbacks(&self, reader: usize, collection: Collection) {
        let callbacks = lock(&self.callbacks).clone();
        for callback in &callbacks {
            let mut observer = Observer { inner: self, entries: &callback.entries, reader, collection };
            // The callback is the application's own code; what is wrong with it must not stop the others.
            let run = std::panic::AssertUnwindSafe(|| (callback.function)(&mut observer));
            if std::panic::catch_unwind(run).is_err()
                && let Some(entry) = callback.entries.first()
            {
                self.notice(
                    &entry.instrument,
                    "its callback panicked; what it had reported counts".to_owned(),
                );
            }
        }
        for entry in callbacks.iter().flat_map(|callback| &callback.entries) {
            self.contribute_observed(entry, reader, collection);
        }
    }

    fn contribute_observed(&self, entry: &Entry, reader: usize, collection: Collection) {
        let mut state = lock(&entry.state);
        let State { routing, sources, .. } = &mut *state;
        let mut seen: Vec<_> = sources
            .values_mut()
            .filter_map(|source| {
                let SourceData::Observed(readers) = &source.data else { return None };
                let observed = readers.get(reader)?;
                let is_seen = observed.now.is_some_and(|(number, _)| number == collection.number);
                // Several callbacks may share an instrument; the value counts once.
                (is_seen && observed.counted != collection.number).then_some((observed.order, source))
            })
            .collect();
        // Under the cardinality limit the sets observed first have room (metrics SDK, "Asynchronous instrument cardinality
        // limits").
        seen.sort_unstable_by_key(|(order, _)| *order);
        for (_, source) in seen {
            let SourceData::Observed(readers) = &mut source.data else { continue };
            let Some(observed) = readers.get_mut(reader) else { continue };
            let Some((_, value)) = observed.now else { continue };
            observed.counted = collection.number;
            // A histogram counts each observation; a sum counts by how much the total has grown.
            let what = match entry.instrument.kind {
                InstrumentKind::ObservableCounter => {
                    let before = observed.before.filter(|before| !is_less(value, *before));
                    Contribution::Difference { now: value, before }
                }
                _ => Contribution::Measurement(value),
            };
            observed.before = Some(value);
            let contributed = Contributed { what, start: None, time: collection.now };
            routing.contribute(entry, &self.pipelines, source, contributed, Some(reader));
        }
        self.tell(entry, &mut state);
    }
}

impl Observer<'_> {
    /// Reports the value of the instrument at `place` for a set. Several values for one set in one collection are added for
    /// sums; of a gauge the last one counts. A refused value is counted.
    pub fn observe(&mut self, place: usize, value: Number, attributes: &Attributes) {
        let Some(entry) = self.entries.get(place) else { return };
        if let Err(reason) = self.try_observe(entry, value, attributes) {
            self.inner.counters.reject(reason, 1);
        }
    }

    /// The time of the collection.
    pub fn now(&self) -> Timestamp {
        self.collection.now
    }

    fn try_observe(&self, entry: &Entry, value: Number, attributes: &Attributes) -> Result<(), Rejection> {
        let kind = entry.instrument.kind;
        if !kind.is_observable() {
            return Err(Rejection::WrongKind);
        }
        if kind != InstrumentKind::ObservableGauge && !value.is_finite() {
            return Err(Rejection::NotFinite);
        }
        if kind == InstrumentKind::ObservableCounter && value.as_f64() < 0.0 {
            return Err(Rejection::Negative);
        }
        let mut state = lock(&entry.state);
        self.inner.bring_up_to_date(entry, &mut state, self.collection.now);
        let State { routing, sources, .. } = &mut *state;
        if !sources.contains_key(attributes) {
            let now = self.collection.now;
            let source = self.inner.new_source(entry, routing, attributes, now, now)?;
            sources.insert(attributes.clone(), source);
        }
        let Some(source) = sources.get_mut(attributes) else { return Ok(()) };
        source.heard = self.collection.now;
        let SourceData::Observed(readers) = &mut source.data else { return Ok(()) };
        let Some(observed) = readers.get_mut(self.reader) else { return Ok(()) };
        // As many as there were before, which is an order over all callbacks.
        let order = self.inner.counters.accepted.fetch_add(1, Ordering::Relaxed);
        observed.observe(kind, self.collection.number, order, value);
        Ok(())
    }
}

impl Observed {
    fn observe(&mut self, kind: InstrumentKind, collection: u64, order: u64, value: Number) {
        let is_total = kind != InstrumentKind::ObservableGauge;
        if self.now.is_none_or(|(seen, _)| seen != collection) {
            self.order = order;
        }
        self.now = match self.now {
            Some((seen, before)) if seen == collection && is_total => {
                let mut sum = crate::aggregate::NumberSum::zero(before.kind());
                sum.add(before);
                sum.add(value);
                Some((collection, sum.get()))
            }
            _ => Some((collection, value)),
        };
    }
}
