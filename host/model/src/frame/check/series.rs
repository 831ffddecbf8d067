//! That the points of a metric differ in their attributes: two of them would be one series with two values. A series that has
//! ended has its last value and a point that says so.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::FrameFault;
use super::tables::short;
use crate::ValueRef;
use crate::frame::{Frame, NO_RECORDED_VALUE, PointColumns, PointKind, SetId, StringId, ValueId};

pub(super) fn check(frame: &Frame) -> Result<(), FrameFault> {
    // Seeded at random: whoever wrote the frame cannot know which sets collide.
    let sets = Sets::new(frame, &RandomState::default());
    let mut seen = HashTable::new();
    for metric in frame.metrics() {
        let columns = match metric.kind() {
            PointKind::None => continue,
            PointKind::Gauge | PointKind::Sum => &frame.numbers.columns,
            PointKind::Histogram => &frame.histograms.columns,
            PointKind::ExponentialHistogram => &frame.exponentials.columns,
            PointKind::Summary => &frame.summaries.columns,
        };
        let flags = columns.flags.get(metric.points()).unwrap_or_default();
        for ended in [false, true] {
            let points = points(columns, metric.points()).iter().zip(flags);
            let points = points.filter(|(_, flags)| (**flags & NO_RECORDED_VALUE != 0) == ended);
            if !sets.are_distinct(points.map(|(set, _)| *set), &mut seen) {
                let wrong = format!("two points of `{}` have the same attributes", short(metric.name()));
                return Err(FrameFault::new("metrics", wrong));
            }
        }
    }
    Ok(())
}

fn points(columns: &PointColumns, rows: std::ops::Range<usize>) -> &[SetId] {
    columns.attributes.get(rows).unwrap_or_default()
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

    /// True if no two of these are the same set. `seen` is emptied first; it is an argument to be made only once.
    fn are_distinct(&self, points: impl Iterator<Item = SetId>, seen: &mut HashTable<SetId>) -> bool {
        seen.clear();
        let hash = |set: &SetId| self.hashes.get(set.0 as usize).copied().unwrap_or_default();
        for set in points {
            match seen.entry(hash(&set), |other| self.same(set, *other), hash) {
                hashbrown::hash_table::Entry::Occupied(_) => return false,
                hashbrown::hash_table::Entry::Vacant(vacant) => drop(vacant.insert(set)),
            }
        }
        true
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

/// One hash of two, in which their places differ.
fn mix(key: u64, value: u64) -> u64 {
    let wide = u128::from(key ^ 0x9e37_79b9_7f4a_7c15) * u128::from(value.rotate_left(32) | 1);
    (wide as u64) ^ ((wide >> 64) as u64)
}
