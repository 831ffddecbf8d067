//! Sources: one received series or one recorded attribute set, what is known of it, and the routes to its slots.

mod intervals;
mod received;
mod route;
mod sampled;
mod sources;
mod told;
mod writers;

use smallvec::SmallVec;
use thin_vec::ThinVec;
use wasmeter_model::{Attributes, InstrumentKind, Number, NumberKind, Temporality, Timestamp};

use crate::aggregate::{ExplicitPoint, ExponentialPoint, NumberSum};
use crate::lock;
use crate::record::{Last, Tap};
pub(crate) use received::{Received, Step};
pub(crate) use route::{Route, Way};
pub(crate) use sources::Sources;
pub(crate) use told::{Observed, Told};

/// What values come from.
#[derive(Debug)]
pub(crate) struct Source {
    /// As received or recorded.
    pub(crate) attributes: Attributes,
    /// When it was heard from last, by the receiver's time.
    pub(crate) heard: Timestamp,
    /// One for each reader and stream: `reader * streams + stream`; mostly a single one.
    pub(crate) routes: SmallVec<[Option<Route>; 1]>,
    pub(crate) data: SourceData,
    /// True if it was silent for long and is kept without routes, only for what its next point is compared with.
    pub(crate) is_dormant: bool,
    /// The time of its newest exemplar.
    pub(crate) exemplars_until: Timestamp,
}

/// What is kept of a source beside its routes.
#[derive(Debug)]
pub(crate) enum SourceData {
    /// Measured in this process.
    Recorded(Recorded),
    /// Reported by a callback, to each reader for itself.
    Observed(Box<Told>),
    /// Received numbers; what is kept is the value of the writer's last point.
    Numbers(Box<Received<Number>>),
    /// Received explicit histograms.
    Explicit(Box<Received<ExplicitPoint>>),
    /// Received exponential histograms.
    Exponential(Box<Received<ExponentialPoint>>),
}

/// The start of a series that waits for its first measurement.
pub(crate) const NOT_YET: Timestamp = Timestamp(u64::MAX);

/// A recorded attribute set.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// False as long as the set has only been bound: then there is nothing to export of it.
    pub(crate) is_measured: bool,
    /// What it says now, if its instrument is one that says something beside what it adds.
    pub(crate) state: Option<Box<Standing>>,
    /// Where threads leave their measurements.
    pub(crate) taps: ThinVec<Tap>,
}

/// What a recorded attribute set says now.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The sum of all measurements: the state of an up-down-counter.
    pub(crate) total: NumberSum,
    /// The last measurement: the state of a gauge. Of other kinds it is kept only while a stream asks for it, since otherwise the later
    /// ones are not kept either.
    pub(crate) last: Option<Last>,
}

impl Recorded {
    /// A set of an instrument. Of up-down-counters the state is kept from the first measurement on, since a later generation may ask
    /// for it; of others, once there is a last value.
    pub(crate) fn new(kind: InstrumentKind, number: NumberKind) -> Self {
        let state = (kind == InstrumentKind::UpDownCounter).then(|| Box::new(Standing::new(number)));
        Self { is_measured: false, state, taps: ThinVec::new() }
    }

    /// Takes in what measurements add up to, and the last of them if its instrument's streams ask for that.
    pub(crate) fn say(&mut self, total: NumberSum, last: Option<Last>, number: NumberKind) {
        if self.state.is_none() && last.is_some() {
            self.state = Some(Box::new(Standing::new(number)));
        }
        let Some(state) = &mut self.state else { return };
        state.total.merge(total);
        let before = state.last.map_or(0, |last| last.order);
        if let Some(last) = last.filter(|last| last.order > before) {
            state.last = Some(last);
        }
    }

    /// Keeps the other end of a cell. Most sets are measured with by one thread.
    pub(crate) fn tap(&mut self, tap: Tap) {
        if self.taps.is_empty() {
            self.taps.reserve_exact(1);
        }
        self.taps.push(tap);
    }
}

impl Standing {
    fn new(number: NumberKind) -> Self {
        Self { total: NumberSum::zero(number), last: None }
    }
}

impl SourceData {
    /// Since when the totals count that callbacks report; `None` of what else there is, or if that is not known.
    pub(crate) fn begun(&self) -> Option<Timestamp> {
        match self {
            Self::Observed(told) => Some(told.begun).filter(|begun| !begun.is_unknown()),
            _ => None,
        }
    }
}

impl Source {
    /// Takes note of a measurement. With the first one begin the series that the source leads to, unless others have begun them.
    pub(crate) fn measured(&mut self, now: Timestamp) {
        let SourceData::Recorded(recorded) = &mut self.data else { return };
        if std::mem::replace(&mut recorded.is_measured, true) {
            return;
        }
        for route in self.routes.iter().flatten() {
            let mut slots = lock(&route.stream.slots);
            if route.stream.key.temporality == Temporality::Cumulative
                && let Some(slot) = slots.get(route.slot).filter(|slot| slot.fresh)
            {
                slot.start = slot.start.min(now);
            }
        }
    }

    /// Forgets the last measurement, since no stream asks for it any more.
    pub(crate) fn forget_last(&mut self) {
        if let SourceData::Recorded(Recorded { state: Some(state), .. }) = &mut self.data {
            state.last = None;
        }
    }

    /// True if the set has been bound and nothing was measured with it.
    pub(crate) fn is_only_bound(&self) -> bool {
        matches!(&self.data, SourceData::Recorded(recorded) if !recorded.is_measured)
    }

    /// The cells of measurements.
    pub(crate) fn taps(&self) -> Option<&[Tap]> {
        match &self.data {
            SourceData::Recorded(recorded) => Some(&recorded.taps),
            _ => None,
        }
    }

    /// True if measurements are staged in some cell.
    pub(crate) fn is_dirty(&self) -> bool {
        self.taps().is_some_and(|taps| taps.iter().any(Tap::is_dirty))
    }

    /// Takes the cells out; [`Source::put_back`] puts them back.
    pub(crate) fn take_taps(&mut self) -> ThinVec<Tap> {
        match &mut self.data {
            SourceData::Recorded(recorded) => std::mem::take(&mut recorded.taps),
            _ => ThinVec::new(),
        }
    }

    /// See [`Source::take_taps`].
    pub(crate) fn put_back(&mut self, taps: ThinVec<Tap>) {
        if let SourceData::Recorded(recorded) = &mut self.data {
            recorded.taps = taps;
        }
    }
}

// There are many of them.
const _: () = assert!(size_of::<Source>() <= 104 && size_of::<Option<Route>>() <= 40);
