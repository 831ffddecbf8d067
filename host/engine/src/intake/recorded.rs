//! Measurements of this process.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmeter_model::{Attributes, Instrument, InstrumentKind, Number, Timestamp};

use crate::engine::Inner;
use crate::instrument::{Contributed, Contribution, Entry, Form, State};
use crate::lock;
use crate::report::Rejection;
use crate::source::SourceData;

/// Records measurements of one instrument. Clones record into the same instrument.
#[derive(Clone, Debug)]
pub struct Recorder {
    inner: Arc<Inner>,
    pub(super) entry: Arc<Entry>,
}

impl Recorder {
    pub(crate) fn new(inner: Arc<Inner>, instrument: Instrument, now: Timestamp) -> Result<Self, Rejection> {
        let entry = inner.entry(&instrument, Form::Measurements)?;
        inner.bring_up_to_date(&entry, &mut lock(&entry.state), now);
        Ok(Self { inner, entry })
    }

    /// The instrument as it was first given.
    pub fn instrument(&self) -> &Instrument {
        &self.entry.instrument
    }

    /// Records one value. A value that the instrument cannot take (negative for a counter or histogram is the caller's
    /// business for histograms, but not for counters; NaN and infinities for anything but a gauge; any value of an
    /// observable instrument) is counted as refused and otherwise ignored. Costs a lock, a lookup and an addition for each reader and stream.
    pub fn record(&self, value: Number, attributes: &Attributes, now: Timestamp) {
        match self.try_record(value, attributes, now) {
            Ok(()) => self.inner.counters.accepted.fetch_add(1, Ordering::Relaxed),
            Err(reason) => {
                self.inner.counters.reject(reason, 1);
                0
            }
        };
    }

    fn try_record(&self, value: Number, attributes: &Attributes, now: Timestamp) -> Result<(), Rejection> {
        let kind = self.entry.instrument.kind;
        if kind.is_observable() {
            return Err(Rejection::WrongKind);
        }
        if kind != InstrumentKind::Gauge && !value.is_finite() {
            return Err(Rejection::NotFinite);
        }
        if kind == InstrumentKind::Counter && value.as_f64() < 0.0 {
            return Err(Rejection::Negative);
        }
        let mut state = lock(&self.entry.state);
        self.inner.bring_up_to_date(&self.entry, &mut state, now);
        let State { routing, sources, .. } = &mut *state;
        if !sources.contains_key(attributes) {
            let source = self.inner.new_source(&self.entry, routing, attributes, now, now)?;
            sources.insert(attributes.clone(), source);
        }
        let Some(source) = sources.get_mut(attributes) else { return Ok(()) };
        if let SourceData::Recorded(recorded) = &mut source.data {
            recorded.total.add(value);
            recorded.last = Some((value, now));
        }
        let contributed = Contributed { what: Contribution::Measurement(value), start: None, time: now };
        routing.contribute(&self.entry, &self.inner.pipelines, source, contributed, None);
        Ok(())
    }
}
