//! What callbacks have reported of one attribute set, to each reader for itself.

use wasmeter_model::{InstrumentKind, Number, Timestamp};

use crate::aggregate::is_less;
use crate::instrument::Contribution;

/// An attribute set that callbacks report.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The collection before the first that saw the set: since when its totals count.
    pub(crate) begun: Timestamp,
    /// What was said last, to whichever reader, and in which collection. A reader that comes goes on from there.
    pub(crate) last: Option<(u64, Number)>,
    /// By the place of the reader.
    pub(crate) readers: Vec<Observed>,
}

/// What a callback last reported to one reader.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observed {
    /// In which collection, and what. Observations of the same set in one collection are added for sums.
    pub(crate) now: Option<(u64, Number)>,
    /// Grows with each observation: the sets of a collection are contributed in the order they were observed in.
    pub(crate) order: u64,
    /// As `order`, of the last observation of the set in that collection.
    pub(crate) latest: u64,
    /// The value of the last collection that saw this set, to take differences. Survives collections that did not.
    pub(crate) before: Option<Number>,
    /// The collection whose value was contributed last.
    pub(crate) counted: u64,
}

impl Told {
    /// Of a set that no callback has reported yet, for so many readers.
    pub(crate) fn new(readers: usize) -> Self {
        Self { readers: vec![Observed::default(); readers], ..Self::default() }
    }

    /// True if what is reported next to an instrument of this kind is compared with what was reported before.
    pub(crate) fn has_baseline(&self, kind: InstrumentKind) -> bool {
        let is_total =
            matches!(kind, InstrumentKind::ObservableCounter | InstrumentKind::ObservableUpDownCounter);
        is_total && self.last.is_some()
    }
}

impl Observed {
    /// What counts of a value after the one before: a histogram counts each observation, a sum by how much the total has grown.
    pub(crate) fn contribution(&self, kind: InstrumentKind, now: Number) -> Contribution<'static> {
        match kind {
            InstrumentKind::ObservableCounter => {
                // One that is less has begun anew.
                Contribution::Difference { now, before: self.before.filter(|before| !is_less(now, *before)) }
            }
            InstrumentKind::ObservableUpDownCounter => Contribution::Difference { now, before: self.before },
            _ => Contribution::Measurement(now),
        }
    }
}
