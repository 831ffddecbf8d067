//! That strings, values, sets and bounds are stored once: readers compare rows where they mean content.

use std::hash::Hash;

use foldhash::quality::RandomState;
use hashbrown::HashSet;

use super::FrameFault;
use crate::frame::{Frame, Offsets};

pub(super) fn check(frame: &Frame) -> Result<(), FrameFault> {
    let Frame { strings, values, sets, bounds, .. } = frame;
    distinct("strings", ranges(&strings.offsets, strings.text.as_bytes()))?;
    distinct("blobs", ranges(&values.blobs, &values.blob))?;
    // A text is its string's row here, and bytes are their blob's; doubles are told apart by their bits.
    distinct("values", values.tags.iter().zip(&values.bits))?;
    // The order of the attributes counts: what names a series is compared by content.
    let keys = ranges(&sets.offsets, &sets.keys);
    distinct("sets", keys.zip(ranges(&sets.offsets, &sets.values)))?;
    let bits = |list: &[f64]| list.iter().map(|bound| bound.to_bits()).collect::<Vec<_>>();
    distinct("bounds", ranges(&bounds.offsets, &bounds.bounds).map(bits))
}

fn ranges<'a, T>(offsets: &'a Offsets, items: &'a [T]) -> impl ExactSizeIterator<Item = &'a [T]> {
    (0..offsets.len()).map(|row| items.get(offsets.range(row)).unwrap_or_default())
}

fn distinct<T: Hash + Eq>(
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
