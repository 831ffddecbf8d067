//! Writing tables in which every string, value, set and list of bounds is kept once.

use std::collections::HashMap;

use super::columns::{Bounds, slice};
use super::tables::{BOOL, BYTES, DOUBLE, EMPTY, INT, NESTED, TEXT, Tables, ValueRef};

/// Tables while they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    tables: Tables,
    strings: HashMap<String, u32>,
    blobs: HashMap<Vec<u8>, u32>,
    values: HashMap<(u8, u64), u32>,
    sets: HashMap<Vec<(u32, u32)>, u32>,
    /// True if the tables were written by someone else, and what is in them has not been looked at.
    is_foreign: bool,
}

/// Lists of bounds while they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct BoundsInterner {
    rows: HashMap<Vec<u64>, u32>,
    /// The one asked for last: points of a metric mostly have the same.
    last: u32,
}

impl BoundsInterner {
    /// The row of a list in the table that all lists so far have been added to. Doubles are the same if their bits are.
    pub(super) fn row(&mut self, table: &mut Bounds, bounds: &[f64]) -> u32 {
        let bits = |bound: &f64| bound.to_bits();
        let last = table.list(self.last).iter().map(bits);
        if !table.ends.is_empty() && last.eq(bounds.iter().map(bits)) {
            return self.last;
        }
        self.last = *self.rows.entry(bounds.iter().map(bits).collect()).or_insert_with(|| {
            table.bounds.extend_from_slice(bounds);
            table.ends.push(row(table.bounds.len()));
            row(table.ends.len() - 1)
        });
        self.last
    }
}

/// Rows are counted in 32 bits; a frame of more is refused by the host long before.
fn row(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Interner {
    /// Tables that are there already, to which values may be added.
    pub(super) fn of(tables: Tables) -> Self {
        Self { tables, is_foreign: true, ..Self::default() }
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The row of a value, which is added unless it is there.
    pub(super) fn added(&mut self, value: ValueRef<'_>) -> u32 {
        if std::mem::take(&mut self.is_foreign) {
            self.look();
        }
        self.value(value)
    }

    /// Takes note of what the tables hold.
    fn look(&mut self) {
        let tables = &self.tables;
        for place in 0..row(tables.text_ends.len()) {
            self.strings.entry(tables.string(place).to_owned()).or_insert(place);
        }
        for place in 0..tables.blob_ends.len() {
            let blob = slice(&tables.blob, &tables.blob_ends, place);
            self.blobs.entry(blob.to_owned()).or_insert(row(place));
        }
        for (place, (tag, bits)) in tables.tags.iter().zip(&tables.bits).enumerate() {
            self.values.entry((*tag, *bits)).or_insert(row(place));
        }
    }

    pub(super) fn string(&mut self, text: &str) -> u32 {
        if let Some(known) = self.strings.get(text) {
            return *known;
        }
        let new = row(self.tables.text_ends.len());
        self.tables.text.push_str(text);
        self.tables.text_ends.push(row(self.tables.text.len()));
        self.strings.insert(text.to_owned(), new);
        new
    }

    pub(super) fn value(&mut self, value: ValueRef<'_>) -> u32 {
        let (tag, bits) = match value {
            ValueRef::Empty => (EMPTY, 0),
            ValueRef::Bool(truth) => (BOOL, u64::from(truth)),
            ValueRef::Int(int) => (INT, int.cast_unsigned()),
            ValueRef::Double(double) => (DOUBLE, double.to_bits()),
            ValueRef::Text(text) => (TEXT, u64::from(self.string(text))),
            ValueRef::Bytes(bytes) => (BYTES, u64::from(self.blob(bytes))),
            ValueRef::Nested(text) => (NESTED, u64::from(self.string(text))),
        };
        let tables = &mut self.tables;
        *self.values.entry((tag, bits)).or_insert_with(|| {
            tables.tags.push(tag);
            tables.bits.push(bits);
            row(tables.tags.len() - 1)
        })
    }

    fn blob(&mut self, bytes: &[u8]) -> u32 {
        let tables = &mut self.tables;
        *self.blobs.entry(bytes.to_owned()).or_insert_with(|| {
            tables.blob.extend_from_slice(bytes);
            tables.blob_ends.push(row(tables.blob.len()));
            row(tables.blob_ends.len() - 1)
        })
    }

    /// The row of a set of keys and values that are already here.
    pub(super) fn set(&mut self, pairs: Vec<(u32, u32)>) -> u32 {
        let tables = &mut self.tables;
        if let Some(known) = self.sets.get(&pairs) {
            return *known;
        }
        tables.keys.extend(pairs.iter().map(|(key, _)| key));
        tables.values.extend(pairs.iter().map(|(_, value)| value));
        tables.set_ends.push(row(tables.keys.len()));
        let new = row(tables.set_ends.len() - 1);
        self.sets.insert(pairs, new);
        new
    }

    pub(super) fn finish(self) -> Tables {
        self.tables
    }
}
