//! The frame's interned tables and its rows of resources, scopes and metrics.

use super::PointKind;
use super::sizes::column;
use crate::{Attributes, EntityRefs, Temporality, ValueRef};

/// Row of [`Strings`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StringId(pub u32);
/// Row of [`Values`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);
/// Row of [`Sets`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SetId(pub u32);

/// Row of [`Bounds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BoundsId(pub u32);

/// The ends of consecutive ranges: range `i` is from the end of range `i - 1` (0 for the first) to `ends[i]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Ascending.
    pub ends: Vec<u32>,
}

impl Offsets {
    /// Range `index`; empty if there is none.
    #[inline]
    pub fn range(&self, index: usize) -> std::ops::Range<usize> {
        let end = self.ends.get(index).copied().unwrap_or(0) as usize;
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).copied().unwrap_or(0) as usize,
        };
        start.min(end)..end
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there is no range.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where the last range ends.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0) as usize
    }

    /// Adds the ranges of a table that is put behind the one there is, which is so long.
    pub(super) fn join(&mut self, others: &Self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.ends.extend(others.ends.iter().map(|end| end.saturating_add(length)));
    }

    /// Closes a range at `end`, the current length of the table the ranges are of.
    pub(super) fn close(&mut self, end: usize) {
        self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
    }
}

/// Distinct strings, back to back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    /// The text of all strings.
    pub text: String,
    /// Where each ends, in bytes.
    pub offsets: Offsets,
}

impl Strings {
    /// The string of a row; empty if there is no such row.
    #[inline]
    pub fn get(&self, id: StringId) -> &str {
        self.text.get(self.offsets.range(id.0 as usize)).unwrap_or_default()
    }
}

/// Distinct attribute values: a tag and 64 bits each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The case of each value, as `Values::EMPTY` and so on.
    pub tags: Vec<u8>,
    /// Its payload: the bits of a number, 0 or 1 for a boolean, a [`StringId`] for text, a row of `blobs` for bytes.
    pub bits: Vec<u64>,
    /// The bytes of all byte values.
    pub blob: Vec<u8>,
    /// Where each byte value ends.
    pub blobs: Offsets,
}

impl Values {
    /// Nothing set.
    pub const EMPTY: u8 = 0;
    /// A boolean.
    pub const BOOL: u8 = 1;
    /// A signed integer, as its two's complement.
    pub const INT: u8 = 2;
    /// A double, as its IEEE bits.
    pub const DOUBLE: u8 = 3;
    /// Text.
    pub const STRING: u8 = 4;
    /// Bytes.
    pub const BYTES: u8 = 5;
    /// An array or map as OTLP/JSON text.
    pub const NESTED: u8 = 6;

    /// The value of a row; empty if there is no such row.
    #[inline]
    pub fn get<'a>(&'a self, id: ValueId, strings: &'a Strings) -> ValueRef<'a> {
        let row = id.0 as usize;
        let bits = self.bits.get(row).copied().unwrap_or(0);
        let string = || strings.get(StringId(u32::try_from(bits).unwrap_or(u32::MAX)));
        match self.tags.get(row).copied().unwrap_or(Self::EMPTY) {
            Self::BOOL => ValueRef::Bool(bits != 0),
            Self::INT => ValueRef::Int(bits.cast_signed()),
            Self::DOUBLE => ValueRef::Double(f64::from_bits(bits)),
            Self::STRING => ValueRef::String(string()),
            Self::BYTES => {
                let range = self.blobs.range(usize::try_from(bits).unwrap_or(usize::MAX - 1));
                ValueRef::Bytes(self.blob.get(range).unwrap_or_default())
            }
            Self::NESTED => ValueRef::Nested(string()),
            _ => ValueRef::Empty,
        }
    }
}

/// Distinct attribute sets, as ranges of key and value columns. Order and duplicates are as the sender had them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// The key of each attribute.
    pub keys: Vec<StringId>,
    /// The value of each attribute.
    pub values: Vec<ValueId>,
    /// Where each set ends in both columns.
    pub offsets: Offsets,
    /// Sets of the engine: those that rows were made of, and those that stand for a row, which then is empty; see
    /// [`Frame::into_interned`](super::Frame::into_interned).
    pub kept: KeptSets,
}

/// The sets of the engine that rows were made of or that stand for rows, by row, as far as there are any. What a row and its set both
/// say they say alike, so of frames whose sets are all interned equal ones may have kept different ones.
#[derive(Clone, Debug, Default)]
pub struct KeptSets {
    sets: Vec<Option<Attributes>>,
    /// How many of them stand for a row.
    bare: usize,
}

impl KeptSets {
    pub(super) fn with_capacity(sets: usize) -> Self {
        Self { sets: column(sets), bare: 0 }
    }

    /// The set that is kept for a row, if there is one.
    #[inline]
    pub fn get(&self, set: SetId) -> Option<&Attributes> {
        self.sets.get(set.0 as usize)?.as_ref()
    }

    /// How many sets stand for a row.
    pub(super) const fn bare(&self) -> usize {
        self.bare
    }

    /// Keeps the set that a new row was made of.
    #[inline]
    pub(super) fn keep(&mut self, row: SetId, set: &Attributes) {
        if row.0 as usize >= self.sets.len() {
            self.put(row, set.clone());
        }
    }

    /// Keeps a set that stands for a new row.
    #[inline]
    pub(super) fn keep_bare(&mut self, row: SetId, set: Attributes) {
        self.put(row, set);
        self.bare += 1;
    }

    /// Takes all sets of a table whose first row is this one here.
    pub(super) fn join(&mut self, others: &mut Self, first: usize) {
        self.sets.resize(first, None);
        self.sets.append(&mut others.sets);
        self.bare += std::mem::take(&mut others.bare);
    }

    #[inline]
    fn put(&mut self, row: SetId, set: Attributes) {
        let row = row.0 as usize;
        if row > self.sets.len() {
            self.sets.resize(row, None);
        }
        self.sets.push(Some(set));
    }
}

impl Sets {
    /// How many sets there are.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// The set that stands for a row without attributes; `None` if a row says all there is to say.
    #[inline]
    pub(super) fn bare(&self, set: SetId) -> Option<&Attributes> {
        self.kept.get(set).filter(|kept| self.offsets.range(set.0 as usize).is_empty() && !kept.is_empty())
    }
}

impl PartialEq for KeptSets {
    fn eq(&self, other: &Self) -> bool {
        self.bare == other.bare && (self.bare == 0 || self.sets == other.sets)
    }
}

impl Eq for KeptSets {}

/// Distinct lists of bucket bounds, back to back: the points of a metric mostly share theirs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The upper bounds, inclusive, of all buckets but the last; ascending within a list.
    pub bounds: Vec<f64>,
    /// Where each list ends.
    pub offsets: Offsets,
}

impl Bounds {
    /// The list of a row; empty if there is no such row.
    #[inline]
    pub fn get(&self, id: BoundsId) -> &[f64] {
        self.bounds.get(self.offsets.range(id.0 as usize)).unwrap_or_default()
    }
}

/// One row a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Its attributes.
    pub attributes: Vec<SetId>,
    /// Its schema; the empty string if unknown.
    pub schema_url: Vec<StringId>,
    /// How many attributes the sender had dropped.
    pub dropped_attributes: Vec<u32>,
    /// The entities it stands for. They are not in the tables, since plugins do not get them.
    pub entities: Vec<EntityRefs>,
}

/// One row a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// The row of its resource.
    pub resource: Vec<u32>,
    /// Its name.
    pub name: Vec<StringId>,
    /// Its version.
    pub version: Vec<StringId>,
    /// Its schema.
    pub schema_url: Vec<StringId>,
    /// Its attributes.
    pub attributes: Vec<SetId>,
    /// How many attributes the sender had dropped.
    pub dropped_attributes: Vec<u32>,
}

/// One row a metric. Its points are a range of the point table of its kind, in the order of the metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// The row of its scope.
    pub scope: Vec<u32>,
    /// Its name.
    pub name: Vec<StringId>,
    /// Its description.
    pub description: Vec<StringId>,
    /// Its unit.
    pub unit: Vec<StringId>,
    /// Which table its points are in.
    pub kind: Vec<PointKind>,
    /// For sums and histograms; `Cumulative` for the rest. `None` if the sender left it unspecified.
    pub temporality: Vec<Option<Temporality>>,
    /// For sums: whether the value only grows.
    pub monotonic: Vec<bool>,
    /// Further facts about the metric (OTLP `metadata`).
    pub metadata: Vec<SetId>,
    /// The first of its points.
    pub points_start: Vec<u32>,
    /// Behind the last of its points.
    pub points_end: Vec<u32>,
}
