//! From a contribution to the slots behind a source's routes.

use std::sync::Arc;

use wasmeter_model::limits::BOUNDARIES_DEFAULT;
use wasmeter_model::{Number, Temporality, Timestamp};

use super::{Entry, Routing};
use crate::aggregate::{ExplicitDelta, ExplicitHistogram, ExponentialDelta, ExponentialHistogram};
use crate::lock;
use crate::pipeline::Pipeline;
use crate::source::{Route, Source};
use crate::stream::{Slot, SlotState, Storage, StreamKey};
use crate::views::Aggregator;

/// Something to be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Contribution<'a> {
    /// One measurement.
    Measurement(Number),
    /// A received total, and the one before it.
    Difference { now: Number, before: Option<Number> },
    /// Received explicit buckets.
    Explicit(&'a ExplicitDelta),
    /// Received exponential buckets.
    Exponential(&'a ExponentialDelta),
}

/// The contribution and what is to be known about its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contributed<'a> {
    pub(crate) what: Contribution<'a>,
    /// The start that the source declares for it, if it is the first of its writer or an interval of its own.
    pub(crate) start: Option<Timestamp>,
    /// When the measurement was made, or by when the received point speaks.
    pub(crate) time: Timestamp,
}

/// How a slot took a contribution.
enum Taken {
    Yes,
    /// The wish of the View could not be granted; what was done instead keeps every count.
    WithNotice(String),
    /// Not mergeable with what the series holds.
    No,
}

impl Routing {
    /// Counts a contribution in the accumulated series of a source, for all readers or only for one.
    pub(crate) fn contribute(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        source: &mut Source,
        contributed: Contributed<'_>,
        reader: Option<usize>,
    ) {
        let streams = self.resolved.streams.len();
        for at in 0..source.routes.len() {
            let of_reader = at.checked_div(streams).unwrap_or(0);
            if reader.is_some_and(|only| only != of_reader) {
                continue;
            }
            let Some(route) = source.routes.get_mut(at).and_then(Option::as_mut) else { continue };
            if route.stream.key.storage == Storage::Current {
                continue;
            }
            match send(route, entry, contributed) {
                Taken::Yes => {}
                Taken::WithNotice(notice) => self.tell(notice),
                Taken::No => {
                    self.tell(format!(
                        "bounds of a received {} differ from those of the series it would join; it stays as received",
                        entry.form.name()
                    ));
                    let Some(pipeline) = pipelines.get(of_reader) else { continue };
                    let Some(stream) = self.as_received(pipeline, of_reader, entry, contributed.time) else {
                        continue;
                    };
                    leave(route, stream, &source.attributes, contributed);
                    // Here only senders of the very same attributes meet; if even those differ, the last bounds win.
                    if let Taken::No = send(route, entry, contributed) {
                        restart(route, contributed);
                        let _taken = send(route, entry, contributed);
                    }
                }
            }
        }
    }

    fn tell(&mut self, notice: String) {
        if !self.told.contains(&notice) {
            self.pending.push(notice.clone());
            self.told.push(notice);
        }
    }
}

/// Counts in the series behind one route.
fn send(route: &mut Route, entry: &Entry, contributed: Contributed<'_>) -> Taken {
    let stream = route.stream.clone();
    let key = &stream.key;
    let mut slots = lock(&stream.slots);
    let start = first_start(key, contributed, slots.interval_start);
    // A history that began in an earlier interval is not wholly in this one.
    let whole = route.whole && key.temporality == Temporality::Cumulative;
    let Some(slot) = route.slot(&mut slots, start) else { return Taken::Yes };
    let taken = slot.take(key, entry, contributed.what, whole);
    if matches!(taken, Taken::No) {
        return taken;
    }
    // An output's start is the earliest it holds. Only a first contribution can reach back: in a delta stream, only
    // while the series has not been exported, since intervals must not overlap.
    if let Some(declared) = contributed.start.filter(|declared| !declared.is_unknown())
        && (key.temporality == Temporality::Cumulative || slot.fresh)
    {
        slot.start = slot.start.min(declared);
    }
    slot.touched = true;
    taken
}

/// Where a series starts that is made by this contribution.
fn first_start(key: &StreamKey, contributed: Contributed<'_>, interval_start: Timestamp) -> Timestamp {
    match key.temporality {
        Temporality::Delta => interval_start,
        Temporality::Cumulative => {
            contributed.start.filter(|declared| !declared.is_unknown()).unwrap_or(contributed.time)
        }
    }
}

fn leave(
    route: &mut Route,
    stream: Arc<crate::stream::Stream>,
    attributes: &wasmeter_model::Attributes,
    contributed: Contributed<'_>,
) {
    let mut old = lock(&route.stream.slots);
    if old.release(route.slot) {
        old.end_if_unrouted(route.slot, contributed.time);
    }
    drop(old);
    let mut slots = lock(&stream.slots);
    let start = first_start(&stream.key, contributed, slots.interval_start);
    let new = Route::new(stream.clone(), &mut slots, attributes.clone(), start);
    drop(slots);
    *route = new;
}

fn restart(route: &mut Route, contributed: Contributed<'_>) {
    let stream = route.stream.clone();
    let mut slots = lock(&stream.slots);
    if let Some(slot) = route.slot(&mut slots, contributed.time) {
        slot.state = SlotState::Empty;
        slot.start = contributed.time;
    }
}

impl Slot {
    fn take(&mut self, key: &StreamKey, entry: &Entry, what: Contribution<'_>, whole: bool) -> Taken {
        match (&key.aggregator, what) {
            (Aggregator::Sum, Contribution::Measurement(value)) => self.sum(value.kind()).add(value),
            (Aggregator::Sum, Contribution::Difference { now, before }) => {
                let sum = self.sum(now.kind());
                sum.add(now);
                if let Some(before) = before {
                    sum.subtract(before);
                }
            }
            (Aggregator::Sum, Contribution::Explicit(ExplicitDelta { sum, .. }))
            | (Aggregator::Sum, Contribution::Exponential(ExponentialDelta { sum, .. })) => {
                let Some((now, before)) = sum else {
                    return Taken::WithNotice("a histogram without a sum adds nothing to a sum".to_owned());
                };
                let total = self.sum(wasmeter_model::NumberKind::Double);
                total.add(Number::Double(*now));
                total.subtract(Number::Double(*before));
            }
            (Aggregator::Explicit { boundaries, .. }, Contribution::Measurement(value)) => {
                if !matches!(self.state, SlotState::Explicit(_)) {
                    let advised = &entry.instrument.advisory.boundaries;
                    let bounds = boundaries.clone().or_else(|| advised.clone());
                    let bounds = bounds.unwrap_or_else(|| BOUNDARIES_DEFAULT.into());
                    self.state = SlotState::Explicit(ExplicitHistogram::new(bounds));
                }
                if let SlotState::Explicit(histogram) = &mut self.state {
                    histogram.record(value.as_f64());
                }
            }
            (Aggregator::Exponential { max_size, max_scale, .. }, Contribution::Measurement(value)) => {
                self.exponential(*max_size, *max_scale).record(value.as_f64());
            }
            (Aggregator::Exponential { max_size, max_scale, .. }, Contribution::Exponential(delta)) => {
                self.exponential(*max_size, *max_scale).merge(delta, whole);
            }
            (Aggregator::Explicit { boundaries, .. }, Contribution::Explicit(delta)) => {
                return self.take_explicit(boundaries.as_ref(), delta, whole);
            }
            // The plan of the stream excludes the rest: `Pipeline::plan` gives received data its own form.
            _ => {}
        }
        Taken::Yes
    }

    fn exponential(&mut self, max_size: u32, max_scale: i8) -> &mut ExponentialHistogram {
        if !matches!(self.state, SlotState::Exponential(_)) {
            self.state = SlotState::Exponential(ExponentialHistogram::new(max_size, max_scale));
        }
        match &mut self.state {
            SlotState::Exponential(histogram) => histogram,
            _ => unreachable!("the state was just made exponential"),
        }
    }

    fn take_explicit(&mut self, wanted: Option<&Arc<[f64]>>, delta: &ExplicitDelta, whole: bool) -> Taken {
        let mut granted = true;
        if !matches!(self.state, SlotState::Explicit(_)) {
            let bounds;
            (bounds, granted) = ExplicitHistogram::bounds_for(wanted, &delta.bounds);
            self.state = SlotState::Explicit(ExplicitHistogram::new(bounds));
        }
        let SlotState::Explicit(histogram) = &mut self.state else { return Taken::No };
        if !histogram.accepts(&delta.bounds) {
            return Taken::No;
        }
        histogram.merge(delta, whole);
        if granted {
            Taken::Yes
        } else {
            Taken::WithNotice(
                "the boundaries the View asks for are not a subset of the received ones, so the received ones stay"
                    .to_owned(),
            )
        }
    }
}
