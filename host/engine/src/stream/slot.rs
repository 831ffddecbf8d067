//! One series of a stream.

use wasmeter_model::{Attributes, Combine, Number, NumberKind, Timestamp};

use crate::aggregate::{ExplicitHistogram, ExponentialHistogram, NumberSum};

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
    /// True until the first collection that saw this series.
    pub(crate) fresh: bool,
    /// True if something was contributed since the previous collection.
    pub(crate) touched: bool,
    /// When the last route went away; the series is exported once more and then forgotten.
    pub(crate) ended: Option<Timestamp>,
    pub(crate) state: SlotState,
}

/// What a series has accumulated.
#[derive(Debug, Default)]
pub(crate) enum SlotState {
    /// Nothing was contributed yet.
    #[default]
    Empty,
    Sum(NumberSum),
    Explicit(ExplicitHistogram),
    Exponential(ExponentialHistogram),
    Current(Current),
}

/// The combination of the states of a series' sources, as of one collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    /// The collection it was made in.
    pub(crate) collection: u64,
    value: NumberSum,
    /// When the newest of the sources was measured.
    time: Timestamp,
}

impl Current {
    /// The state of a first source.
    pub(crate) fn new(collection: u64, kind: NumberKind, value: Number, time: Timestamp) -> Self {
        let mut sum = NumberSum::zero(kind);
        sum.add(value);
        Self { collection, value: sum, time }
    }

    /// Combines with the state of a further source.
    pub(crate) fn merge(&mut self, combine: Combine, value: Number, time: Timestamp) {
        let (mine, other) = (self.value.get().as_f64(), value.as_f64());
        let replace = match combine {
            Combine::Sum => {
                self.value.add(value);
                false
            }
            Combine::Min => other < mine,
            Combine::Max => other > mine,
            // Equal times are decided by the value, so that the order of the sources does not matter.
            Combine::Last => time > self.time || (time == self.time && other > mine),
        };
        if replace {
            let mut sum = NumberSum::zero(value.kind());
            sum.add(value);
            self.value = sum;
        }
        self.time = self.time.max(time);
    }

    pub(crate) fn get(&self) -> Number {
        self.value.get()
    }
}

impl Slot {
    /// Takes a value of the instrument into the sum.
    pub(crate) fn sum(&mut self, kind: NumberKind) -> &mut NumberSum {
        if !matches!(self.state, SlotState::Sum(_)) {
            self.state = SlotState::Sum(NumberSum::zero(kind));
        }
        match &mut self.state {
            SlotState::Sum(sum) => sum,
            _ => unreachable!("the state was just made a sum"),
        }
    }
}
