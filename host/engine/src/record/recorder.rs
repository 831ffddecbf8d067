//! Measurements of this process.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmeter_model::{Attributes, Instrument, InstrumentKind, Number, NumberKind, Timestamp};

use super::cell::{Cell, Tap};
use super::registers::Registers;
use super::{BoundRecorder, GivenAttributes, Last, Packed, thread};
use crate::aggregate::NumberSum;
use crate::engine::Inner;
use crate::instrument::{Contributed, Contribution, Entry, Form, Open, State};
use crate::lock;
use crate::report::Rejection;
use crate::source::{NOT_YET, Source, SourceData};

/// Records measurements of one instrument. Clones record into the same instrument.
///
/// Measurements of one thread count in the order they are made in, and those that happened before a collection or a swap began
/// are in it or before it.
#[derive(Clone, Debug)]
pub struct Recorder {
    pub(super) inner: Arc<Inner>,
    pub(super) entry: Arc<Entry>,
    usual: Usual,
}

/// The values that go through cells without a further question.
#[derive(Clone, Copy, Debug)]
struct Usual {
    ints: bool,
    doubles: bool,
    negative: bool,
}

impl Usual {
    fn of(instrument: &Instrument) -> Self {
        let kind = instrument.kind;
        let is_recorded = !kind.is_observable();
        Self {
            ints: is_recorded && instrument.number == NumberKind::Int,
            doubles: is_recorded && instrument.number == NumberKind::Double,
            negative: matches!(kind, InstrumentKind::UpDownCounter | InstrumentKind::Gauge),
        }
    }
}

/// From how many cells of a source on those that no thread writes any more are looked for with each new one, rather than with
/// the next collection: threads may come and go faster than that.
const TAPS_CHECKED: usize = 16;

/// How a measurement is taken in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// Through the thread's cell.
    Staged,
    /// Straight into the series, since it is nothing that cells know: a NaN of a gauge, a negative value of a histogram, a number of
    /// the other kind.
    Direct,
}

impl Recorder {
    pub(crate) fn new(inner: Arc<Inner>, instrument: Instrument, now: Timestamp) -> Result<Self, Rejection> {
        let entry = inner.entry(&instrument, Form::Measurements)?;
        inner.bring_up_to_date(&entry, &mut lock(&entry.state), now);
        let usual = Usual::of(&entry.instrument);
        Ok(Self { inner, entry, usual })
    }

    /// The instrument as it was first given.
    pub fn instrument(&self) -> &Instrument {
        &self.entry.instrument
    }

    /// Records one value. A value that the instrument cannot take (negative for a counter; NaN and infinities for
    /// anything but a gauge; any value of an observable instrument) is counted as refused and otherwise ignored.
    ///
    /// Costs a lookup and an addition, whatever Views and readers there are; no lock for a sum, no allocation for a set that this
    /// thread has measured with before.
    pub fn record(&self, value: Number, attributes: &Attributes, now: Timestamp) {
        self.record_given(value, attributes, || now);
    }

    /// As [`Recorder::record`] with attributes as the caller has them. The time is asked for only where it matters: for the first
    /// measurement with a set, and for last values.
    #[inline(always)]
    pub fn record_given<G>(&self, value: Number, given: &G, now: impl Fn() -> Timestamp)
    where
        G: GivenAttributes + ?Sized,
    {
        match self.way(value) {
            Ok(Way::Staged) => {}
            Ok(Way::Direct) => return self.record_directly(Registers::of(value), &given.to_set().0, now()),
            Err(reason) => return self.inner.refuse(&self.entry, reason),
        }
        let owner = &self.entry.owner;
        // SAFETY: the cells of `thread` are this thread's alone.
        match thread::with(owner, given, |cell| unsafe { cell.record(value, owner, &now) }) {
            Some(true) => {}
            Some(false) => self.record_directly(Registers::of(value), &given.to_set().0, now()),
            None => self.record_first(Registers::of(value), given, now()),
        }
    }

    /// Binds the instrument to a set (metrics API, "Bind"): recording then looks nothing up. The Views are asked now, and the set
    /// counts towards the cardinality limit from now on.
    ///
    /// # Errors
    ///
    /// [`Rejection::WrongKind`] for an observable instrument.
    pub fn bind(&self, attributes: &Attributes, now: Timestamp) -> Result<BoundRecorder, Rejection> {
        if self.entry.instrument.kind.is_observable() {
            return Err(Rejection::WrongKind);
        }
        self.source(attributes, now, |_, _| ());
        Ok(BoundRecorder::new(self.clone(), attributes.clone()))
    }

    /// Whether a value goes through cells without a further question.
    #[inline(always)]
    pub(super) fn is_usual(&self, value: Number) -> bool {
        let Usual { ints, doubles, negative } = self.usual;
        match value {
            Number::Int(value) => ints && (value >= 0 || negative),
            Number::Double(value) => doubles && value.is_finite() && (value >= 0.0 || negative),
        }
    }

    /// Whether and how the instrument takes a value.
    #[inline(always)]
    pub(super) fn way(&self, value: Number) -> Result<Way, Rejection> {
        if self.is_usual(value) { Ok(Way::Staged) } else { self.unusual_way(Registers::of(value)) }
    }

    #[cold]
    fn unusual_way(&self, value: Registers) -> Result<Way, Rejection> {
        let value = value.number();
        let kind = self.entry.instrument.kind;
        if kind.is_observable() {
            return Err(Rejection::WrongKind);
        }
        let is_negative = match value {
            Number::Int(value) => value < 0,
            Number::Double(value) if !value.is_finite() => {
                return if kind == InstrumentKind::Gauge {
                    Ok(Way::Direct)
                } else {
                    Err(Rejection::NotFinite)
                };
            }
            Number::Double(value) => value < 0.0,
        };
        match kind {
            InstrumentKind::Counter if is_negative => Err(Rejection::Negative),
            InstrumentKind::Histogram if is_negative => Ok(Way::Direct),
            _ if value.kind() != self.entry.owner.kind => Ok(Way::Direct),
            _ => Ok(Way::Staged),
        }
    }

    /// Calls `then` with the source of a set, made if need be, under the instrument's lock. If it is for a measurement, `then` takes
    /// note of that. Beyond the limit of sources it is that of the overflow, whose attributes are others.
    pub(super) fn source<R>(
        &self,
        attributes: &Attributes,
        now: Timestamp,
        then: impl FnOnce(&mut crate::instrument::Routing, &mut Source) -> R,
    ) -> R {
        let mut state = lock(&self.entry.state);
        self.inner.bring_up_to_date(&self.entry, &mut state, now);
        let State { routing, sources, .. } = &mut *state;
        let source = self.inner.measured_source(&self.entry, routing, sources, attributes, (NOT_YET, now));
        let result = then(routing, source);
        self.inner.tell(&self.entry, &mut state);
        result
    }

    /// The first measurement of this thread with a set: makes the cell.
    #[cold]
    fn record_first<G>(&self, value: Registers, given: &G, now: Timestamp)
    where
        G: GivenAttributes + ?Sized,
    {
        let value = value.number();
        let (attributes, order) = given.to_set();
        let Some(order) = order else { return self.record_directly(Registers::of(value), &attributes, now) };
        let hash = Packed::hash_of(given, &self.entry.owner);
        let made = self.source(&attributes, now, |routing, source| {
            // In the overflow sets come and go without bound: no cells are kept for them.
            if source.attributes != attributes {
                return None;
            }
            source.measured(now);
            let (cell, tap) = Cell::pair(&self.entry.owner, hash, &source.attributes, order, &routing.shape);
            self.tap(routing, source, tap, now);
            Some(cell)
        });
        let Some(cell) = made else {
            return self.record_directly(Registers::of(value), &attributes, now);
        };
        // SAFETY: nobody else has the cell yet.
        if !unsafe { cell.record(value, &self.entry.owner, || now) } {
            self.record_directly(Registers::of(value), &attributes, now);
        }
        // If the thread is ending, the cell was for this one measurement.
        thread::keep(cell);
    }

    /// Takes hold of a new cell of a source, and lets go of those that no thread writes any more.
    pub(super) fn tap(
        &self,
        routing: &mut crate::instrument::Routing,
        source: &mut Source,
        tap: Tap,
        now: Timestamp,
    ) {
        if source.taps().is_some_and(|taps| taps.len() >= TAPS_CHECKED) {
            let accepted = routing.fetch(&self.entry, source, now);
            self.inner.counters.accepted.fetch_add(accepted, Ordering::Relaxed);
        }
        if let SourceData::Recorded(recorded) = &mut source.data {
            recorded.tap(tap);
        }
    }

    /// Counts a measurement under the instrument's lock.
    #[cold]
    pub(super) fn record_directly(&self, value: Registers, attributes: &Attributes, now: Timestamp) {
        let value = value.number();
        self.source(attributes, now, |routing, source| {
            source.measured(now);
            if let SourceData::Recorded(recorded) = &mut source.data {
                let mut total = NumberSum::zero(value.kind());
                total.add(value);
                let last = Last { value, time: now, order: self.entry.owner.next_order() };
                let is_asked_for = routing.shape.has_time();
                recorded.say(total, is_asked_for.then_some(last), self.entry.owner.kind);
            }
            let what = Contribution::Measurement(value);
            let contributed = Contributed { what, start: None, time: now };
            routing.contribute(&self.entry, source, contributed, None, &mut Open::none());
        });
        self.inner.counters.accepted.fetch_add(1, Ordering::Relaxed);
    }
}
