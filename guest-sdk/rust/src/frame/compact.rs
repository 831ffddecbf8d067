//! Tables without what nothing refers to any more: what was removed must not leave with the frame.

use super::Frame;
use super::columns::{at, range};
use super::tables::{BYTES, NESTED, TEXT, Tables};

/// Which strings, values and blobs of a frame are referred to.
pub(super) struct Keeper {
    strings: Vec<bool>,
    values: Vec<bool>,
    blobs: Vec<bool>,
}

fn mark(used: &mut [bool], rows: impl IntoIterator<Item = usize>) {
    for row in rows {
        if let Some(used) = used.get_mut(row) {
            *used = true;
        }
    }
}

/// The new row of each row that is used.
fn rows(used: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let row = |used: &bool| {
        let row = next;
        next += u32::from(*used);
        row
    };
    used.iter().map(row).collect()
}

/// The ranges that are used, back to back, and their ends.
fn kept<T: Copy>(items: &[T], ends: &[u32], used: &[bool]) -> (Vec<T>, Vec<u32>) {
    let (mut new, mut new_ends) = (Vec::with_capacity(items.len()), Vec::with_capacity(ends.len()));
    let mut row = 0;
    while row < used.len() {
        // Neighbours are copied together.
        let length = used.get(row..).unwrap_or_default().iter().take_while(|used| **used).count();
        if length > 0 {
            let start = range(ends, row).start;
            let end = at(ends, row + length - 1) as usize;
            let shift = start - new.len();
            new.extend_from_slice(items.get(start..end).unwrap_or_default());
            let moved = ends.get(row..row + length).unwrap_or_default().iter();
            new_ends.extend(moved.map(|end| end.saturating_sub(shift as u32)));
        }
        row += length + 1;
    }
    (new, new_ends)
}

impl Keeper {
    /// What the frame refers to.
    pub(super) fn of(frame: &mut Frame) -> Self {
        let tables = &frame.tables;
        let mut values = vec![false; tables.tags.len()];
        mark(&mut values, tables.values.iter().map(|row| *row as usize));
        let mut strings = vec![false; tables.text_ends.len()];
        mark(&mut strings, tables.keys.iter().map(|row| *row as usize));
        let mut blobs = vec![false; tables.blob_ends.len()];
        for (_, (tag, bits)) in
            values.iter().zip(tables.tags.iter().zip(&tables.bits)).filter(|(used, _)| **used)
        {
            match *tag {
                TEXT | NESTED => mark(&mut strings, [*bits as usize]),
                BYTES => mark(&mut blobs, [*bits as usize]),
                _ => {}
            }
        }
        for column in string_columns(frame) {
            mark(&mut strings, column.iter().map(|row| *row as usize));
        }
        Self { strings, values, blobs }
    }

    /// Removes all else.
    pub(super) fn compact(self, frame: &mut Frame) {
        let (strings, values, blobs) = (rows(&self.strings), rows(&self.values), rows(&self.blobs));
        let new = |map: &[u32], row: u32| at(map, row as usize);
        let old = std::mem::take(&mut frame.tables);
        let (text, text_ends) = kept(old.text.as_bytes(), &old.text_ends, &self.strings);
        let (blob, blob_ends) = kept(&old.blob, &old.blob_ends, &self.blobs);
        let (mut tags, mut bits) = (Vec::with_capacity(old.tags.len()), Vec::with_capacity(old.bits.len()));
        for ((tag, old_bits), _) in
            old.tags.iter().zip(&old.bits).zip(&self.values).filter(|(_, used)| **used)
        {
            tags.push(*tag);
            bits.push(match *tag {
                TEXT | NESTED => u64::from(at(&strings, *old_bits as usize)),
                BYTES => u64::from(at(&blobs, *old_bits as usize)),
                _ => *old_bits,
            });
        }
        frame.tables = Tables {
            // Whole strings of what was a string.
            text: String::from_utf8(text).unwrap_or_default(),
            text_ends,
            tags,
            bits,
            blob,
            blob_ends,
            keys: old.keys.iter().map(|key| new(&strings, *key)).collect(),
            values: old.values.iter().map(|value| new(&values, *value)).collect(),
            set_ends: old.set_ends,
        };
        for column in string_columns(frame) {
            column.iter_mut().for_each(|row| *row = new(&strings, *row));
        }
    }
}

/// Every column that refers to strings.
fn string_columns(frame: &mut Frame) -> [&mut Vec<u32>; 7] {
    [
        &mut frame.resources.schema_url,
        &mut frame.scopes.name,
        &mut frame.scopes.version,
        &mut frame.scopes.schema_url,
        &mut frame.metrics.name,
        &mut frame.metrics.description,
        &mut frame.metrics.unit,
    ]
}
