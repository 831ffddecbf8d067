//! That the points of a metric differ in their attributes: two of them would be one series with two values. A series that has
//! ended has its last value and a point that says so.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::FrameFault;
use super::hash::mix;
use super::tables::short;
use crate::ValueRef;
use crate::frame::{Frame, MetricRef, NO_RECORDED_VALUE, PointKind, SetId, StringId, ValueId, Values};

/// Checks a frame whose rows are known to be distinct. `keys_ascend` says that those of each set do.
pub(super) fn check(frame: &Frame, keys_ascend: bool) -> Result<(), FrameFault> {
    // Then sets that are equal would be the same row, and each is there once.
    if keys_ascend && !has_equal_doubles(frame) { by_rows(frame) } else { by_content(frame) }
}

/// Whether there may be doubles of unlike bits that are equal: two zeros or several NaNs.
fn has_equal_doubles(frame: &Frame) -> bool {
    let Values { tags, bits, .. } = &frame.values;
    let odd = tags.iter().zip(bits).filter(|(tag, bits)| {
        let double = f64::from_bits(**bits);
        **tag == Values::DOUBLE && (double == 0.0 || double.is_nan())
    });
    odd.count() > 1
}

/// The points of a metric.
fn points_of<'a>(frame: &'a Frame, metric: &MetricRef<'a>) -> impl Iterator<Item = (SetId, bool)> + Clone {
    let columns = match metric.kind() {
        PointKind::None => None,
        PointKind::Gauge | PointKind::Sum => Some(&frame.numbers.columns),
        PointKind::Histogram => Some(&frame.histograms.columns),
        PointKind::ExponentialHistogram => Some(&frame.exponentials.columns),
        PointKind::Summary => Some(&frame.summaries.columns),
    };
    let attributes = columns.and_then(|columns| columns.attributes.get(metric.points())).unwrap_or_default();
    let flags = columns.and_then(|columns| columns.flags.get(metric.points())).unwrap_or_default();
    attributes.iter().zip(flags).map(|(set, flags)| (*set, flags & NO_RECORDED_VALUE != 0))
}

/// Two points with these sets, which are equal though they may be different rows.
fn repeated(metric: &MetricRef<'_>, (one, other): (SetId, SetId)) -> FrameFault {
    let name = short(metric.name());
    let wrong = if one == other {
        format!("two points of `{name}` have the same attributes")
    } else {
        let (one, other) = (one.0, other.0);
        format!(
            "two points of `{name}` have the same attributes, rows {one} and {other} of `sets`: neither the order of attributes nor \
             the sign of a zero makes another series"
        )
    };
    FrameFault::new("metrics", wrong)
}

/// Compares points by the rows of their sets.
pub(super) fn by_rows(frame: &Frame) -> Result<(), FrameFault> {
    // For each set the metric that had it last, counted from 1, in a point that goes on and in one that has ended.
    let mut seen = vec![[0_u32; 2]; frame.sets.offsets.len()];
    for (metric, number) in frame.metrics().zip(1..) {
        for (set, ended) in points_of(frame, &metric) {
            let Some([open, end]) = seen.get_mut(set.0 as usize) else { continue };
            let last = if ended { end } else { open };
            if std::mem::replace(last, number) == number {
                return Err(repeated(&metric, (set, set)));
            }
        }
    }
    Ok(())
}

/// Compares points by what their sets hold.
pub(super) fn by_content(frame: &Frame) -> Result<(), FrameFault> {
    // Seeded at random: whoever wrote the frame cannot know which sets collide.
    let sets = Sets::new(frame, &RandomState::default());
    let mut seen = HashTable::new();
    for metric in frame.metrics() {
        let points = points_of(frame, &metric);
        for wanted in [false, true] {
            let points = points.clone().filter(|(_, ended)| *ended == wanted);
            if let Some(equal) = sets.equal(points.map(|(set, _)| set), &mut seen) {
                return Err(repeated(&metric, equal));
            }
        }
    }
    Ok(())
}

/// Attribute sets with a hash each that does not depend on the order of the attributes, nor on where in the tables
/// their keys and values are: a plugin may have written one twice.
struct Sets<'a> {
    frame: &'a Frame,
    hashes: Vec<u64>,
}

impl<'a> Sets<'a> {
    fn new(frame: &'a Frame, hasher: &RandomState) -> Self {
        let strings = 0..frame.strings.offsets.len() as u32;
        let strings: Vec<u64> =
            strings.map(|row| hasher.hash_one(frame.strings.get(StringId(row)))).collect();
        let values = 0..frame.values.tags.len() as u32;
        let values: Vec<u64> =
            values.map(|row| hasher.hash_one(frame.values.get(ValueId(row), &frame.strings))).collect();
        let at = |hashes: &[u64], row: u32| hashes.get(row as usize).copied().unwrap_or_default();
        let (keys, of_values) = (&frame.sets.keys, &frame.sets.values);
        let hash = |row: usize| {
            let range = frame.sets.offsets.range(row);
            let pairs = keys.get(range.clone()).unwrap_or_default().iter();
            let pairs = pairs.zip(of_values.get(range).unwrap_or_default());
            let pairs = pairs.map(|(key, value)| mix(at(&strings, key.0), at(&values, value.0)));
            pairs.fold(0, u64::wrapping_add)
        };
        let hashes = (0..frame.sets.offsets.len()).map(hash).collect();
        Self { frame, hashes }
    }

    /// Two of these that are the same set, if there are any. `seen` is emptied first; it is an argument to be made only once.
    fn equal(
        &self,
        points: impl Iterator<Item = SetId>,
        seen: &mut HashTable<SetId>,
    ) -> Option<(SetId, SetId)> {
        seen.clear();
        let hash = |set: &SetId| self.hashes.get(set.0 as usize).copied().unwrap_or_default();
        for set in points {
            match seen.entry(hash(&set), |other| self.same(set, *other), hash) {
                hashbrown::hash_table::Entry::Occupied(known) => return Some((*known.get(), set)),
                hashbrown::hash_table::Entry::Vacant(vacant) => drop(vacant.insert(set)),
            }
        }
        None
    }

    /// Whether two sets have the same attributes; their keys are known to be distinct.
    fn same(&self, a: SetId, b: SetId) -> bool {
        if a == b {
            return true;
        }
        let (a, b) = (self.sorted(a), self.sorted(b));
        a == b
    }

    fn sorted(&self, set: SetId) -> Vec<(&'a str, ValueRef<'a>)> {
        let mut pairs: Vec<_> = self.frame.pairs(set).collect();
        pairs.sort_unstable_by_key(|(key, _)| *key);
        pairs
    }
}
