//! From a contribution to the slots behind a source's routes.

use std::sync::Arc;

use wasmeter_model::limits::BOUNDARIES_DEFAULT;
use wasmeter_model::{Attributes, InstrumentKind, Number, Temporality, Timestamp};

use super::{Entry, Open, Routing};
use crate::aggregate::{ExplicitDelta, ExplicitHistogram, ExponentialDelta, ExponentialHistogram, NumberSum};
use crate::lock;
use crate::record::Staged;
use crate::source::{Route, Source, Way};
use crate::stream::{Slot, Slots, Storage, Stream};
use crate::views::{ALLOW, Aggregator, are_bounds};

/// Something to be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Contribution<'a> {
    /// One measurement.
    Measurement(Number),
    /// What measurements add up to that were finite, and not negative where that matters.
    Total(NumberSum),
    /// The same, and more than the sum.
    Staged(&'a Staged),
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

/// The bounds of a stream's explicit histograms of measurements: the View's, or those that the first instrument advises whose
/// measurements are to be kept for it. Advice that makes no histogram counts as none (metrics API, "Instrument advisory parameters").
pub(crate) fn bounds_of<'a>(stream: &'a Stream, entry: &Entry) -> &'a Arc<[f64]> {
    stream.bounds.get_or_init(|| {
        let wanted = match &stream.key.aggregator {
            Aggregator::Explicit { boundaries, .. } => boundaries.clone(),
            _ => None,
        };
        let advised = || entry.instrument.advisory.boundaries.clone().filter(|bounds| are_bounds(bounds));
        wanted.or_else(advised).unwrap_or_else(|| BOUNDARIES_DEFAULT.into())
    })
}

/// How a slot took a contribution.
pub(super) enum Taken {
    Yes,
    /// The wish of the View could not be granted; what was done instead keeps every count.
    WithNotice(String),
    /// Not mergeable with what the series holds.
    No,
}

/// Where a contribution came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached {
    /// How many series it leads to.
    routes: usize,
    /// In how many of them it is not counted, since they begin after it.
    too_late: usize,
}

impl Routing {
    /// Counts a contribution in the accumulated series of a source, for all readers or only for one.
    pub(crate) fn contribute(
        &mut self,
        entry: &Entry,
        source: &mut Source,
        contributed: Contributed<'_>,
        reader: Option<usize>,
        open: &mut Open<'_>,
    ) {
        if reader.is_none() && self.contribute_only(entry, source, contributed, false, open) {
            return;
        }
        let of_reader = |at, _: &Route| reader.is_none_or(|only| only == at);
        self.contribute_where(entry, source, contributed, of_reader, false, open);
    }

    /// Counts a received delta. False if every series it leads to begins only after it and has been exported so: there it
    /// cannot be counted without saying something wrong (data model, "Sums: Delta-to-Cumulative").
    pub(crate) fn contribute_interval(
        &mut self,
        entry: &Entry,
        source: &mut Source,
        contributed: Contributed<'_>,
        open: &mut Open<'_>,
    ) -> bool {
        if self.contribute_only(entry, source, contributed, true, open) {
            return true;
        }
        let Reached { routes, too_late } =
            self.contribute_where(entry, source, contributed, |_, _| true, true, open);
        if too_late > 0 {
            let notice = "a received delta ended before its series began, and is not counted there; send deltas in order";
            self.tell(notice.to_owned());
        }
        too_late == 0 || too_late < routes
    }

    /// Counts a contribution by the short way that most have: to the one series that its source leads to; an interval if it does not come
    /// too late there. False if it is not so simple; then nothing has happened.
    #[inline]
    fn contribute_only(
        &mut self,
        entry: &Entry,
        source: &mut Source,
        contributed: Contributed<'_>,
        is_interval: bool,
        open: &mut Open<'_>,
    ) -> bool {
        let Some((route, slots)) = only_way(source, open) else { return false };
        if is_interval && route.begins_after(slots, contributed.time) {
            return false;
        }
        let (stream, way) = route.split();
        match send(stream, way, slots, entry, contributed, Mismatch::Refuse) {
            Taken::Yes => true,
            Taken::WithNotice(notice) => {
                self.tell(notice);
                true
            }
            Taken::No => false,
        }
    }

    /// The course of most points, by a short way: a received total, which is not the first of its writer, has grown or shrunk, and the one
    /// series that its source leads to is a sum. False if it is not so simple; then nothing has happened.
    #[inline]
    pub(crate) fn contribute_step(
        source: &mut Source,
        now: Number,
        before: Number,
        open: &mut Open<'_>,
    ) -> bool {
        let Some((route, slots)) = only_way(source, open) else { return false };
        let key = &route.stream.key;
        if !matches!(key.aggregator, Aggregator::Sum) {
            return false;
        }
        let temporality = key.temporality;
        let Some(slot) = route.split().1.slot(temporality, slots) else { return false };
        slot.add(now, Some(before));
        slot.touched = true;
        true
    }

    /// As [`Routing::contribute`], for the routes that are wanted, by their reader and themselves; an interval only where it does not come
    /// too late.
    pub(super) fn contribute_where(
        &mut self,
        entry: &Entry,
        source: &mut Source,
        contributed: Contributed<'_>,
        wanted: impl Fn(usize, &Route) -> bool,
        is_interval: bool,
        open: &mut Open<'_>,
    ) -> Reached {
        let streams = self.resolved.streams.len();
        let mut reached = Reached::default();
        for at in 0..source.routes.len() {
            let of_reader = at.checked_div(streams).unwrap_or(0);
            let Some(route) = source.routes.get_mut(at).and_then(Option::as_mut) else { continue };
            reached.routes += 1;
            if route.stream.key.storage == Storage::Current || !wanted(of_reader, route) {
                continue;
            }
            let mut count = |route: &mut Route, slots: &mut Slots| {
                if is_interval && route.begins_after(slots, contributed.time) {
                    reached.too_late += 1;
                    return Taken::Yes;
                }
                let (stream, way) = route.split();
                send(stream, way, slots, entry, contributed, Mismatch::Refuse)
            };
            let taken = match open.slots(at, &route.stream) {
                Some(slots) => count(route, slots),
                None => {
                    let stream = route.stream.clone();
                    count(route, &mut lock(&stream.slots))
                }
            };
            match taken {
                Taken::Yes => {}
                Taken::WithNotice(notice) => self.tell(notice),
                Taken::No => {
                    open.close();
                    let form = entry.form.name();
                    self.tell(format!(
                        "bounds of a received {form} differ from those of the series it would join; it stays as received"
                    ));
                    let Some(stream) = self.as_received(of_reader, entry, contributed.time) else { continue };
                    if !Arc::ptr_eq(&stream, &route.stream) || route.attributes != source.attributes {
                        leave(route, stream, &source.attributes, contributed);
                    }
                    // Here only senders of the very same attributes meet, or those beyond the cardinality limit.
                    if let Taken::WithNotice(notice) =
                        lock_and_send(route, entry, contributed, Mismatch::Coarsen)
                    {
                        self.tell(notice);
                    }
                }
            }
        }
        reached
    }
}

/// The route of a source that leads to one series which adds up, and the series of its stream, if that stays locked.
#[inline]
fn only_way<'a>(source: &'a mut Source, open: &'a mut Open<'_>) -> Option<(&'a mut Route, &'a mut Slots)> {
    let [Some(route)] = source.routes.as_mut_slice() else { return None };
    if route.stream.key.storage != Storage::Accumulated {
        return None;
    }
    let slots = open.slots(0, &route.stream)?;
    Some((route, slots))
}

/// What to do about buckets that a series cannot count exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mismatch {
    /// Leave the series as it is.
    Refuse,
    /// Reduce the series to the bounds that both have: every count stays, only the resolution falls.
    Coarsen,
}

/// Locks the stream of a route and counts in the series behind it.
pub(super) fn lock_and_send(
    route: &mut Route,
    entry: &Entry,
    contributed: Contributed<'_>,
    mismatch: Mismatch,
) -> Taken {
    let (stream, way) = route.split();
    send(stream, way, &mut lock(&stream.slots), entry, contributed, mismatch)
}

/// Counts in the series at the end of a way; `slots` are those of its stream.
#[inline]
pub(super) fn send(
    stream: &Stream,
    mut way: Way<'_>,
    slots: &mut Slots,
    entry: &Entry,
    contributed: Contributed<'_>,
    mismatch: Mismatch,
) -> Taken {
    let temporality = stream.key.temporality;
    // A history that began in an earlier interval is not wholly in this one.
    let whole = way.whole && temporality == Temporality::Cumulative;
    let id = way.arrive(temporality, slots);
    let floor = match temporality {
        Temporality::Cumulative => Timestamp::UNKNOWN,
        Temporality::Delta => slots.interval_at(id).forgotten_until,
    };
    let Some(slot) = slots.get(id) else { return Taken::Yes };
    let taken = slot.take(stream, entry, contributed.what, whole, mismatch);
    if matches!(taken, Taken::No) {
        return taken;
    }
    // An output's start is the earliest it holds, as long as nobody has seen another one: a start that moves later on
    // means a reset to whoever receives it, and delta intervals must not overlap.
    if let Some(declared) = contributed.start.filter(|declared| !declared.is_unknown())
        && slot.fresh
    {
        slot.start = slot.start.min(declared.max(floor));
    }
    slot.touched = true;
    taken
}

/// Takes the source out of its series and to that of its own attributes.
fn leave(route: &mut Route, stream: Arc<Stream>, attributes: &Attributes, contributed: Contributed<'_>) {
    let mut old = lock(&route.stream.slots);
    if old.release(route.slot) {
        old.end_if_unrouted(route.slot, contributed.time, None);
    }
    drop(old);
    let mut slots = lock(&stream.slots);
    let declared = contributed.start.filter(|declared| !declared.is_unknown());
    let start = declared.unwrap_or(contributed.time);
    let mut new = Route::new(stream.clone(), &mut slots, attributes.clone(), start);
    drop(slots);
    // What the source has said before went elsewhere.
    new.whole = contributed.start.is_some();
    new.stand_in_for(route);
    *route = new;
}

impl Slot {
    #[inline]
    fn take(
        &mut self,
        stream: &Stream,
        entry: &Entry,
        what: Contribution<'_>,
        whole: bool,
        mismatch: Mismatch,
    ) -> Taken {
        let key = &stream.key;
        if let Contribution::Measurement(value) = what
            && !value.is_finite()
        {
            return Taken::WithNotice(
                "a value that is not finite adds nothing to a sum or histogram".to_owned(),
            );
        }
        let what = match (&key.aggregator, what) {
            // The total that a callback reports is one more observation to a histogram.
            (
                Aggregator::Explicit { .. } | Aggregator::Exponential { .. },
                Contribution::Difference { now, .. },
            ) => Contribution::Measurement(now),
            (_, what) => what,
        };
        match (&key.aggregator, what) {
            (Aggregator::Sum, Contribution::Measurement(value)) => {
                if entry.instrument.kind == InstrumentKind::Histogram && value.as_f64() < 0.0 {
                    return Taken::WithNotice("a negative value adds nothing to a monotonic sum".to_owned());
                }
                self.add(value, None);
            }
            (Aggregator::Sum, Contribution::Difference { now, before }) => self.add(now, before),
            (Aggregator::Sum, Contribution::Explicit(ExplicitDelta { sum, .. }))
            | (Aggregator::Sum, Contribution::Exponential(ExponentialDelta { sum, .. })) => match *sum {
                Some((now, before)) if now >= before => {
                    self.add(Number::Double(now), Some(Number::Double(before)));
                }
                Some(_) => {
                    return Taken::WithNotice(
                        "a histogram whose sum shrinks adds nothing to a monotonic sum".to_owned(),
                    );
                }
                None => {
                    return Taken::WithNotice("a histogram without a sum adds nothing to a sum".to_owned());
                }
            },
            (Aggregator::Sum, Contribution::Total(total)) => self.add_sum(total),
            (Aggregator::Sum, Contribution::Staged(staged)) => self.add_sum(staged.total),
            (Aggregator::Explicit { .. }, Contribution::Staged(staged)) => {
                return self.take_measured(bounds_of(stream, entry), staged);
            }
            (Aggregator::Exponential { max_size, max_scale, .. }, Contribution::Staged(staged)) => {
                let make = || ExponentialHistogram::new(*max_size, *max_scale);
                if let Some(measured) = staged.exponential(*max_size, *max_scale)
                    && let Some(histogram) = self.exponential(make)
                {
                    histogram.absorb(measured);
                }
            }
            (Aggregator::Explicit { .. }, Contribution::Measurement(value)) => {
                if let Some(histogram) = self.explicit_of(bounds_of(stream, entry)) {
                    histogram.record(value.as_f64());
                }
            }
            (Aggregator::Exponential { max_size, max_scale, .. }, Contribution::Measurement(value)) => {
                let make = || ExponentialHistogram::new(*max_size, *max_scale);
                if let Some(histogram) = self.exponential(make) {
                    histogram.record(value.as_f64());
                }
            }
            (Aggregator::Exponential { max_size, max_scale, .. }, Contribution::Exponential(delta)) => {
                let make = || ExponentialHistogram::new(*max_size, *max_scale);
                if let Some(histogram) = self.exponential(make) {
                    histogram.merge(delta, whole);
                }
            }
            (Aggregator::Explicit { boundaries, approximate: false, .. }, Contribution::Explicit(delta)) => {
                return self.take_explicit(boundaries.as_ref(), delta, whole, mismatch);
            }
            (Aggregator::Explicit { .. }, Contribution::Explicit(delta)) => {
                if let Some(histogram) = self.explicit_of(bounds_of(stream, entry)) {
                    match histogram.accepts(&delta.bounds) {
                        true => histogram.merge(delta, whole),
                        false => histogram.approximate(delta, whole),
                    }
                }
            }
            (Aggregator::Explicit { .. }, Contribution::Exponential(delta)) => {
                if let Some(histogram) = self.explicit_of(bounds_of(stream, entry)) {
                    histogram.approximate_exponential(delta, whole);
                }
            }
            (Aggregator::Exponential { max_size, max_scale, .. }, Contribution::Explicit(delta)) => {
                let make = || ExponentialHistogram::new(*max_size, *max_scale);
                if let Some(histogram) = self.exponential(make) {
                    histogram.approximate(delta, whole);
                }
            }
            // The plan of the stream excludes the rest: `Pipeline::plan` gives received data its own form.
            _ => {}
        }
        Taken::Yes
    }

    /// Counts measurements in an explicit histogram.
    fn take_measured(&mut self, bounds: &Arc<[f64]>, staged: &Staged) -> Taken {
        let Some(histogram) = self.explicit_of(bounds) else {
            return Taken::Yes;
        };
        match staged.explicit(bounds) {
            Some(measured) if histogram.absorb(measured) => Taken::Yes,
            // The series has received points of other bounds before.
            Some(measured) => self.take_explicit(Some(bounds), &measured.to_delta(), true, Mismatch::Coarsen),
            // The shape of the cells is made for the streams; if it were not, nobody else would say that something is missing.
            None => Taken::WithNotice(
                "measurements were not kept in the buckets of their series, and are not counted there; please report this".to_owned(),
            ),
        }
    }

    fn take_explicit(
        &mut self,
        wanted: Option<&Arc<[f64]>>,
        delta: &ExplicitDelta,
        whole: bool,
        mismatch: Mismatch,
    ) -> Taken {
        let mut notice = None;
        let histogram = self.explicit(|| {
            let (bounds, granted) = ExplicitHistogram::bounds_for(wanted, &delta.bounds);
            if !granted {
                notice = Some(format!(
                    "the boundaries the View asks for are not a subset of the received ones, so the received ones stay: {ALLOW}"
                ));
            }
            ExplicitHistogram::new(bounds)
        });
        let Some(histogram) = histogram else { return Taken::No };
        if !histogram.accepts(&delta.bounds) {
            if mismatch == Mismatch::Refuse {
                return Taken::No;
            }
            histogram.coarsen_to_common(&delta.bounds);
            let told = "senders of one series disagree about its bounds; those they have in common are kept";
            notice = Some(told.to_owned());
        }
        histogram.merge(delta, whole);
        notice.map_or(Taken::Yes, Taken::WithNotice)
    }
}
