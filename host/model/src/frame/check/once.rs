//! That strings, values, sets and bounds are stored once: readers compare rows where they mean content.

use std::hash::Hash;

use foldhash::quality::RandomState;
use hashbrown::HashSet;

use super::FrameFault;
use super::hash::{RowHasher, all_differ};
use crate::frame::{Frame, Offsets, StringId, ValueId};

pub(super) fn check(frame: &Frame) -> Result<(), FrameFault> {
    let Frame { strings, values, sets, bounds, .. } = frame;
    let hasher = RowHasher::new();
    let texts = || ranges(&strings.offsets, strings.text.as_bytes());
    if !all_differ(texts().map(|text| hasher.bytes(text))) {
        distinct("strings", texts())?;
    }
    distinct("blobs", ranges(&values.blobs, &values.blob))?;
    // A text is its string's row here, and bytes are their blob's; doubles are told apart by their bits.
    let rows = || values.tags.iter().zip(&values.bits);
    if !all_differ(rows().map(|(tag, bits)| hasher.numbers([u64::from(*tag), *bits].into_iter()))) {
        distinct("values", rows())?;
    }
    // The order of the attributes counts: what names a series is compared by content.
    let sets = || ranges(&sets.offsets, &sets.keys).zip(ranges(&sets.offsets, &sets.values));
    if !all_differ(sets().map(|(keys, values)| hasher.numbers(keys.iter().zip(values).map(pair)))) {
        distinct("sets", sets())?;
    }
    let bits = |list: &[f64]| list.iter().map(|bound| bound.to_bits()).collect::<Vec<_>>();
    distinct("bounds", ranges(&bounds.offsets, &bounds.bounds).map(bits))
}

fn pair((key, value): (&StringId, &ValueId)) -> u64 {
    u64::from(key.0) << 32 | u64::from(value.0)
}

fn ranges<'a, T>(offsets: &'a Offsets, items: &'a [T]) -> impl ExactSizeIterator<Item = &'a [T]> {
    let mut start = 0;
    offsets.ends.iter().map(move |end| {
        let range = start..*end as usize;
        start = range.end;
        items.get(range).unwrap_or_default()
    })
}

/// Compares the rows themselves.
pub(super) fn distinct<T: Hash + Eq>(
    table: &'static str,
    rows: impl ExactSizeIterator<Item = T>,
) -> Result<(), FrameFault> {
    // Seeded at random: whoever wrote the frame cannot know what collides.
    let mut seen = HashSet::with_capacity_and_hasher(rows.len(), RandomState::default());
    for (row, item) in rows.enumerate() {
        if !seen.insert(item) {
            return Err(FrameFault::new(
                table,
                format!("row {row} repeats another one; each is stored once"),
            ));
        }
    }
    Ok(())
}
