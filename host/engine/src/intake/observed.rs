//! Observations: what callbacks have reported goes into the sources of their instruments (metrics SDK, "Asynchronous
//! instrument").

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmeter_model::{InstrumentKind, Number};

use super::callback::{Observation, Observations};
use crate::engine::Inner;
use crate::exemplar::Measurement;
use crate::instrument::{Contributed, Entry, Open, State};
use crate::lock;
use crate::report::Rejection;
use crate::source::{Observed, SourceData};
use crate::stream::Collection;

impl Inner {
    /// Takes in what callbacks have observed for one reader, then turns it into contributions where differences are wanted.
    /// What a callback observed that has been removed since does not count any more.
    pub(crate) fn take_observations(
        &self,
        reader: usize,
        mut observations: Vec<Observations>,
        collection: Collection,
    ) {
        // Runs may have ended in any order.
        observations.sort_unstable_by_key(|observations| observations.number);
        let (mut touched, mut known) = (Vec::new(), HashSet::new());
        for Observations { number, values, surplus } in observations {
            let Some(entries) = self.observed_by(number) else { continue };
            if let Some(entry) = entries.first().filter(|_| surplus > 0) {
                self.refuse(entry, Rejection::ObservationLimit);
                self.counters.reject(Rejection::ObservationLimit, surplus - 1);
            }
            for values in values.chunk_by(|one, next| one.place == next.place) {
                // A place without an instrument is nothing.
                let Some(entry) = values.first().and_then(|value| entries.get(value.place)) else { continue };
                self.take_values(entry, reader, values, collection);
                if known.insert(entry.id) {
                    touched.push(Arc::clone(entry));
                }
            }
        }
        // Several callbacks may share an instrument.
        for entry in &touched {
            self.contribute_observed(entry, reader, collection);
        }
    }

    fn take_values(&self, entry: &Entry, reader: usize, values: &[Observation], collection: Collection) {
        let mut state = lock(&entry.state);
        self.bring_up_to_date(entry, &mut state, collection.now);
        for value in values {
            if let Err(reason) = self.take_value(entry, &mut state, reader, value, collection) {
                self.refuse(entry, reason);
            }
        }
    }

    fn take_value(
        &self,
        entry: &Entry,
        state: &mut State,
        reader: usize,
        observation: &Observation,
        collection: Collection,
    ) -> Result<(), Rejection> {
        let Observation { value, attributes, .. } = observation;
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
        let State { routing, sources, .. } = state;
        let now = collection.now;
        let source = self.measured_source(entry, routing, sources, attributes, (now, now));
        source.heard = collection.now;
        if source.is_dormant {
            let mut on_fault = |fault| {
                self.fault(&entry.instrument, &fault);
                Ok(())
            };
            source.wake(entry, routing, now, &mut on_fault);
        }
        let SourceData::Observed(told) = &mut source.data else { return Ok(()) };
        let Some(observed) = told.readers.get_mut(reader) else { return Ok(()) };
        // As many as there were before, which is an order over all callbacks.
        let order = self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        observed.observe(kind, collection.number, order, *value);
        Ok(())
    }

    fn contribute_observed(&self, entry: &Entry, reader: usize, collection: Collection) {
        let mut state = lock(&entry.state);
        let State { routing, sources, .. } = &mut *state;
        let mut seen: Vec<_> = sources
            .values_mut()
            .filter_map(|source| {
                let SourceData::Observed(told) = &source.data else { return None };
                let observed = told.readers.get(reader)?;
                let is_seen = observed.now.is_some_and(|(number, _)| number == collection.number);
                // Several callbacks may share an instrument; the value counts once.
                (is_seen && observed.counted != collection.number).then_some((observed.order, source))
            })
            .collect();
        // Under the cardinality limit the sets observed first have room (metrics SDK, "Asynchronous instrument cardinality
        // limits").
        seen.sort_unstable_by_key(|(order, _)| *order);
        for (_, source) in seen {
            let SourceData::Observed(told) = &mut source.data else { continue };
            let Some(observed) = told.readers.get_mut(reader) else { continue };
            let Some((_, value)) = observed.now else { continue };
            observed.counted = collection.number;
            let what = observed.contribution(entry.instrument.kind, value);
            observed.before = Some(value);
            told.last = Some((collection.number, value));
            let contributed = Contributed { what, start: None, time: collection.now };
            routing.contribute(entry, source, contributed, Some(reader), &mut Open::none());
            // It is in nobody's span.
            if self.exemplar_filter.admits(None) {
                let (time, attributes) = (collection.now, source.attributes.clone());
                let measurement = Measurement { value, time, attributes, span: None };
                source.offer(entry, routing, &measurement, Some(reader));
            }
        }
        self.tell(entry, &mut state);
    }
}

impl Observed {
    fn observe(&mut self, kind: InstrumentKind, collection: u64, order: u64, value: Number) {
        let is_total = kind != InstrumentKind::ObservableGauge;
        if self.now.is_none_or(|(seen, _)| seen != collection) {
            self.order = order;
        }
        self.latest = order;
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
