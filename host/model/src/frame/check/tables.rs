//! The interned tables: strings, values, attribute sets, bucket bounds.

use super::{FrameFault, covers, equal, within};
use crate::frame::{Bounds, Frame, Values};

/// Checks them. True if the keys of each set ascend, as they do in what the host writes.
pub(super) fn check(frame: &Frame) -> Result<bool, FrameFault> {
    strings(frame)?;
    values(frame)?;
    let keys_ascend = sets(frame)?;
    bounds(frame)?;
    Ok(keys_ascend)
}

fn strings(frame: &Frame) -> Result<(), FrameFault> {
    let strings = &frame.strings;
    covers("strings", "text", &strings.offsets, strings.text.len())?;
    if strings.text.is_ascii() {
        return Ok(());
    }
    let inside = |end: &&u32| !strings.text.is_char_boundary(**end as usize);
    match strings.offsets.ends.iter().find(inside) {
        None => Ok(()),
        Some(end) => Err(FrameFault::new("strings", format!("a string ends at {end}, within a character"))),
    }
}

fn values(frame: &Frame) -> Result<(), FrameFault> {
    let (values, strings) = (&frame.values, frame.strings.offsets.len() as u64);
    equal("values", values.tags.len(), &[values.bits.len()])?;
    covers("values", "blob", &values.blobs, values.blob.len())?;
    for (row, (tag, bits)) in values.tags.iter().zip(&values.bits).enumerate() {
        let (what, most) = match *tag {
            Values::EMPTY => ("empty", 1),
            Values::BOOL => ("a boolean", 2),
            Values::INT | Values::DOUBLE => continue,
            Values::STRING | Values::NESTED => ("text", strings),
            Values::BYTES => ("bytes", values.blobs.len() as u64),
            tag => return Err(FrameFault::new("values", format!("row {row} has the unknown tag {tag}"))),
        };
        if *bits >= most {
            let wrong = format!("row {row} is {what} and its bits are {bits}, expected less than {most}");
            return Err(FrameFault::new("values", wrong));
        }
    }
    Ok(())
}

fn sets(frame: &Frame) -> Result<bool, FrameFault> {
    let (sets, strings) = (&frame.sets, &frame.strings);
    equal("sets", sets.keys.len(), &[sets.values.len()])?;
    within("sets", "keys", sets.keys.iter().map(|key| key.0), strings.offsets.len())?;
    within("sets", "values", sets.values.iter().map(|value| value.0), frame.values.tags.len())?;
    covers("sets", "keys", &sets.offsets, sets.keys.len())?;
    let ranks = ranks(frame);
    let (mut all_ascend, mut start, mut sorted) = (true, 0, Vec::new());
    for (row, end) in sets.offsets.ends.iter().enumerate() {
        let keys = sets.keys.get(start..*end as usize).unwrap_or_default();
        start = *end as usize;
        let (mut before, mut ascends) = (0, true);
        for key in keys {
            let rank = ranks.get(key.0 as usize).copied().unwrap_or_default();
            ascends &= before < rank;
            before = rank;
        }
        if ascends {
            continue;
        }
        all_ascend = false;
        sorted.clear();
        sorted.extend_from_slice(keys);
        sorted.sort_unstable();
        // Equal texts in two rows are found where strings are.
        if let Some(pair) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
            let key = pair.first().map(|key| strings.get(*key)).unwrap_or_default();
            return Err(FrameFault::new("sets", format!("set {row} has the key `{}` twice", short(key))));
        }
    }
    Ok(all_ascend)
}

/// The place of each key among all keys, in the order of their texts, from 1 on. A frame has few keys beside its strings.
fn ranks(frame: &Frame) -> Vec<u32> {
    let mut ranks = vec![0; frame.strings.offsets.len()];
    let mut keys = Vec::new();
    for key in &frame.sets.keys {
        if let Some(rank @ 0) = ranks.get_mut(key.0 as usize) {
            *rank = 1;
            keys.push(*key);
        }
    }
    keys.sort_unstable_by_key(|key| frame.strings.get(*key));
    for (key, place) in keys.iter().zip(1..) {
        if let Some(rank) = ranks.get_mut(key.0 as usize) {
            *rank = place;
        }
    }
    ranks
}

fn bounds(frame: &Frame) -> Result<(), FrameFault> {
    let Bounds { bounds, offsets } = &frame.bounds;
    covers("bounds", "bounds", offsets, bounds.len())?;
    for row in 0..offsets.len() {
        let list = bounds.get(offsets.range(row)).unwrap_or_default();
        if list.iter().any(|bound| bound.is_nan()) || !list.is_sorted_by(|low, high| low < high) {
            return Err(FrameFault::new("bounds", format!("list {row} does not ascend strictly")));
        }
    }
    Ok(())
}

/// The beginning of a text that may be long.
pub(super) fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(80)).unwrap_or_default()
}
