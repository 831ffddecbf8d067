//! One series of a stream.

use std::sync::Arc;

use wasmeter_model::{Attributes, Combine, Number, Timestamp};

use super::exemplars::Exemplars;
use super::overflow_attributes;
use crate::aggregate::{ExplicitHistogram, ExponentialHistogram, NumberSum, is_less};

/// A series: its attributes, its start and its accumulator.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) attributes: Attributes,
    /// Distinguishes this series from another that had the same place before.
    pub(crate) epoch: u32,
    /// How many routes lead here.
    pub(crate) routes: u32,
    /// The start of the interval that the next export covers.
    pub(crate) start: Timestamp,
    /// True until the series is exported for the first time.
    pub(crate) fresh: bool,
    /// True if something was contributed since the previous collection.
    pub(crate) touched: bool,
    /// True if the series is forgotten and only its place is left.
    pub(crate) is_vacant: bool,
    /// True if it has ended and takes no room under the limit any more, see [`super::Slots::end_at_swap`].
    pub(super) made_room: bool,
    /// When the last route went away, see [`Slot::ended`].
    ended_at: Timestamp,
    pub(crate) state: SlotState,
    pub(crate) exemplars: Exemplars,
}

/// What a series has accumulated. Sums lie in the slot, since most series are sums; what is larger does not, since then all slots were.
#[derive(Debug, Default)]
pub(crate) enum SlotState {
    /// Nothing was contributed yet.
    #[default]
    Empty,
    /// The same, with room for an explicit histogram of the bounds that the one before had.
    Room(Box<ExplicitHistogram>),
    Sum(NumberSum),
    Explicit(Box<ExplicitHistogram>),
    Exponential(Box<ExponentialHistogram>),
    Current(Box<Current>),
}

/// The combination of the states of a series' sources, as of one collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    /// The collection it was made in.
    pub(crate) collection: u64,
    value: NumberSum,
    /// When the newest of the sources was measured.
    when: When,
}

/// When a current value was measured, and among values of one time how many came before it; 0 if that is not known.
pub(crate) type When = (Timestamp, u64);

impl Current {
    /// In place of a collection: what a source said before it ended.
    pub(crate) const LAST_WORD: u64 = u64::MAX;

    /// The state of a first source.
    pub(crate) fn new(collection: u64, value: Number, when: When) -> Self {
        Self { collection, value: NumberSum::of(value), when }
    }

    /// Combines with the state of a further source.
    pub(crate) fn merge(&mut self, combine: Combine, value: Number, when: When) {
        let mine = self.value.get();
        let replace = match combine {
            Combine::Sum => {
                self.value.add(value);
                false
            }
            Combine::Min => is_less(value, mine),
            Combine::Max => is_less(mine, value),
            // What is equal is decided by the value, so that the order of the sources does not matter.
            Combine::Last => when > self.when || (when == self.when && is_less(mine, value)),
        };
        if replace {
            self.value = NumberSum::of(value);
        }
        self.when = self.when.max(when);
    }

    pub(crate) fn get(&self) -> Number {
        self.value.get()
    }
}

impl SlotState {
    /// True if nothing was contributed yet.
    pub(crate) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty | Self::Room(_))
    }
}

/// The end of a series that goes on.
const NEVER: Timestamp = Timestamp(u64::MAX);

impl Slot {
    /// A series that begins, with one route to it.
    pub(super) fn new(attributes: Attributes, epoch: u32, start: Timestamp) -> Self {
        Self {
            attributes,
            epoch,
            routes: 1,
            start,
            fresh: true,
            touched: false,
            is_vacant: false,
            made_room: false,
            ended_at: NEVER,
            state: SlotState::Empty,
            exemplars: Exemplars::default(),
        }
    }

    /// When the last route went away; the series is exported once more and then forgotten.
    #[inline]
    pub(crate) fn ended(&self) -> Option<Timestamp> {
        (self.ended_at != NEVER).then_some(self.ended_at)
    }

    /// The last route has gone away.
    pub(super) fn end(&mut self, at: Timestamp) {
        self.ended_at = Timestamp(at.0.min(NEVER.0 - 1));
    }

    /// A route has come before the end was exported, if the last one had gone away; true if it takes room again that it had made.
    pub(super) fn go_on(&mut self) -> bool {
        self.ended_at = NEVER;
        std::mem::take(&mut self.made_room)
    }

    /// True if it counts for the limit.
    pub(super) fn takes_room(&self) -> bool {
        !self.made_room && self.attributes != *overflow_attributes()
    }

    /// Takes note of what sources say now, in place of what they said before.
    pub(crate) fn set_current(&mut self, new: Current) {
        match &mut self.state {
            SlotState::Current(current) => **current = new,
            state => *state = SlotState::Current(Box::new(new)),
        }
    }

    /// Forgets the series and keeps its place.
    pub(super) fn vacate(&mut self) {
        self.state = match std::mem::take(&mut self.state) {
            SlotState::Explicit(mut histogram) => {
                histogram.clear();
                SlotState::Room(histogram)
            }
            _ => SlotState::Empty,
        };
        self.exemplars = Exemplars::default();
        (self.is_vacant, self.touched) = (true, false);
    }

    /// Begins a series in the place of one that was forgotten.
    pub(super) fn occupy(&mut self, start: Timestamp) {
        (self.is_vacant, self.fresh, self.start) = (false, true, start);
    }

    /// Takes a value of the instrument into the sum, less the total that it replaces.
    #[inline]
    pub(crate) fn add(&mut self, value: Number, before: Option<Number>) {
        if !matches!(self.state, SlotState::Sum(_)) {
            self.state = SlotState::Sum(NumberSum::zero(value.kind()));
        }
        if let SlotState::Sum(sum) = &mut self.state {
            match before {
                Some(before) => sum.step(value, before),
                None => sum.add(value),
            }
        }
    }

    /// Takes what several values add up to into the sum.
    pub(crate) fn add_sum(&mut self, other: NumberSum) {
        match &mut self.state {
            SlotState::Sum(sum) => sum.merge(other),
            state => *state = SlotState::Sum(other),
        }
    }

    /// The histogram that counts here, made by `make` if the series is new.
    pub(crate) fn explicit(
        &mut self,
        make: impl FnOnce() -> ExplicitHistogram,
    ) -> Option<&mut ExplicitHistogram> {
        if !matches!(self.state, SlotState::Explicit(_)) {
            self.state = SlotState::Explicit(Box::new(make()));
        }
        match &mut self.state {
            SlotState::Explicit(histogram) => Some(histogram),
            _ => None,
        }
    }

    /// As [`Slot::explicit`], for a histogram of these bounds if it is new.
    pub(crate) fn explicit_of(&mut self, bounds: &Arc<[f64]>) -> Option<&mut ExplicitHistogram> {
        if matches!(&self.state, SlotState::Room(room) if room.has_bounds(bounds))
            && let SlotState::Room(room) = std::mem::take(&mut self.state)
        {
            self.state = SlotState::Explicit(room);
        }
        self.explicit(|| ExplicitHistogram::new(bounds.clone()))
    }

    /// As [`Slot::explicit`].
    pub(crate) fn exponential(
        &mut self,
        make: impl FnOnce() -> ExponentialHistogram,
    ) -> Option<&mut ExponentialHistogram> {
        if !matches!(self.state, SlotState::Exponential(_)) {
            self.state = SlotState::Exponential(Box::new(make()));
        }
        match &mut self.state {
            SlotState::Exponential(histogram) => Some(histogram),
            _ => None,
        }
    }
}

// There are many of them.
const _: () = assert!(size_of::<Option<Slot>>() <= 72);
