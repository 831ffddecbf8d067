//! The interned tables: strings, values, attribute sets, bucket bounds.

use super::{FrameFault, covers, equal, within};
use crate::frame::{Bounds, Frame, Values};

pub(super) fn check(frame: &Frame) -> Result<(), FrameFault> {
    strings(frame)?;
    values(frame)?;
    sets(frame)?;
    bounds(frame)
}

fn strings(frame: &Frame) -> Result<(), FrameFault> {
    let strings = &frame.strings;
    covers("strings", "text", &strings.offsets, strings.text.len())?;
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

fn sets(frame: &Frame) -> Result<(), FrameFault> {
    let (sets, strings) = (&frame.sets, &frame.strings);
    equal("sets", sets.keys.len(), &[sets.values.len()])?;
    within("sets", "keys", sets.keys.iter().map(|key| key.0), strings.offsets.len())?;
    within("sets", "values", sets.values.iter().map(|value| value.0), frame.values.tags.len())?;
    covers("sets", "keys", &sets.offsets, sets.keys.len())?;
    let mut texts = Vec::new();
    for row in 0..sets.offsets.len() {
        let keys = sets.keys.get(sets.offsets.range(row)).unwrap_or_default();
        texts.clear();
        texts.extend(keys.iter().map(|key| strings.get(*key)));
        // Sets are sorted as a rule, and then this is one pass.
        if !texts.is_sorted_by(|before, key| before < key) {
            texts.sort_unstable();
            if let Some(pair) = texts.windows(2).find(|pair| pair.first() == pair.last()) {
                let key = pair.first().copied().unwrap_or_default();
                return Err(FrameFault::new("sets", format!("set {row} has the key `{}` twice", short(key))));
            }
        }
    }
    Ok(())
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
