//! Interning: equal strings, values, attribute sets and lists of bounds have one row each, whoever asks for them.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::builder::id;
use super::tables::{Bounds, BoundsId, SetId, StringId, Strings, ValueId, Values};
use super::{Frame, FrameBuilder, FrameSizes};
use crate::attributes::Encoded;
use crate::{Attributes, ValueRef};

/// Where what has been interned is found again.
#[derive(Debug, Default)]
pub(super) struct Interned {
    strings: HashTable<u32>,
    /// The value that is a string, by the string's row; [`NO_VALUE`] if there is none. So no text is hashed twice.
    texts: Vec<u32>,
    /// All values but strings.
    values: HashTable<u32>,
    sets: HashTable<u32>,
    bounds: HashTable<u32>,
    /// The list of bounds that was asked for last: the next point of a metric mostly has the same.
    last_bounds: BoundsId,
    /// The set that was asked for last. The next one mostly has the same keys, and some of the values.
    last: Vec<(StringId, ValueId)>,
}

const NO_VALUE: u32 = u32::MAX;

const HASHER: FixedState = FixedState::with_seed(0x6672_616d_6500);

fn hash_text(text: &[u8]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// Doubles are told apart by their bits here, unlike in `Value`: a frame repeats what it was given.
fn hash_value(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Double(double) => HASHER.hash_one((Values::DOUBLE, double.to_bits())),
        other => HASHER.hash_one(other),
    }
}

fn hash_bounds(bounds: &[f64]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    bounds.iter().for_each(|bound| hasher.write_u64(bound.to_bits()));
    hasher.finish()
}

fn hash_set(set: impl Iterator<Item = (StringId, ValueId)>) -> u64 {
    let mut hasher = HASHER.build_hasher();
    set.for_each(|(key, value)| hasher.write_u64(u64::from(key.0) << 32 | u64::from(value.0)));
    hasher.finish()
}

impl Strings {
    #[inline]
    fn is_at(&self, bits: u64, text: &[u8]) -> bool {
        self.is(StringId(u32::try_from(bits).unwrap_or(u32::MAX)), text)
    }

    #[inline]
    fn is(&self, id: StringId, text: &[u8]) -> bool {
        self.text.as_bytes().get(self.offsets.range(id.0 as usize)) == Some(text)
    }
}

impl Bounds {
    /// True if a row is this list, to the bit.
    fn is(&self, id: BoundsId, bounds: &[f64]) -> bool {
        let known = self.get(id);
        // Most lists are, so all of it is looked at before anything is said.
        let differ = |differing, (one, other): (&f64, &f64)| differing | (one.to_bits() ^ other.to_bits());
        (id.0 as usize) < self.offsets.len()
            && known.len() == bounds.len()
            && known.iter().zip(bounds).fold(0, differ) == 0
    }
}

impl Interned {
    /// What finds the strings and values of a frame, which are distinct, and none of its sets and bounds.
    pub(super) fn texts_of(frame: &Frame) -> Self {
        let Frame { strings, values, .. } = frame;
        let mut interned = Self::default();
        let text_hash = |&row: &u32| hash_text(strings.get(StringId(row)).as_bytes());
        for row in 0..id(strings.offsets.len()) {
            interned.strings.insert_unique(text_hash(&row), row, text_hash);
        }
        let value_hash = |&row: &u32| hash_value(values.get(ValueId(row), strings));
        interned.texts.resize(strings.offsets.len(), NO_VALUE);
        for (row, (tag, bits)) in (0..).zip(values.tags.iter().zip(&values.bits)) {
            if *tag != Values::STRING {
                interned.values.insert_unique(value_hash(&row), row, value_hash);
                continue;
            }
            if let Some(text) = usize::try_from(*bits).ok().and_then(|text| interned.texts.get_mut(text)) {
                *text = row;
            }
        }
        interned
    }

    pub(super) fn with_room(sizes: &FrameSizes) -> Self {
        Self {
            strings: HashTable::with_capacity(sizes.strings),
            texts: Vec::with_capacity(sizes.strings),
            sets: HashTable::with_capacity(sizes.interned),
            ..Self::default()
        }
    }
}

impl FrameBuilder {
    /// The id of a string.
    pub fn string(&mut self, text: &str) -> StringId {
        self.string_of(text.as_bytes(), || text)
    }

    /// The id of a string that is there as bytes; only a new one has to be made text.
    #[inline]
    fn string_of<'a>(&mut self, bytes: &[u8], text: impl FnOnce() -> &'a str) -> StringId {
        let strings = &mut self.frame.strings;
        let entry = self.interned.strings.entry(
            hash_text(bytes),
            |&row| strings.is(StringId(row), bytes),
            |&row| hash_text(strings.get(StringId(row)).as_bytes()),
        );
        match entry {
            Entry::Occupied(known) => StringId(*known.get()),
            Entry::Vacant(vacant) => {
                let row = id(strings.offsets.len());
                vacant.insert(row);
                strings.text.push_str(text());
                strings.offsets.close(strings.text.len());
                StringId(row)
            }
        }
    }

    /// The id of an attribute value.
    pub fn value(&mut self, value: ValueRef<'_>) -> ValueId {
        match value {
            ValueRef::String(text) => {
                let string = self.string(text);
                self.text(string)
            }
            ValueRef::Empty => self.other(value, Values::EMPTY, |_| 0),
            ValueRef::Bool(truth) => self.other(value, Values::BOOL, |_| u64::from(truth)),
            ValueRef::Int(int) => self.other(value, Values::INT, |_| int.cast_unsigned()),
            ValueRef::Double(double) => self.other(value, Values::DOUBLE, |_| double.to_bits()),
            ValueRef::Nested(text) => {
                self.other(value, Values::NESTED, |builder| u64::from(builder.string(text).0))
            }
            ValueRef::Bytes(bytes) => self.other(value, Values::BYTES, |builder| {
                let values = &mut builder.frame.values;
                values.blob.extend_from_slice(bytes);
                values.blobs.close(values.blob.len());
                values.blobs.len() as u64 - 1
            }),
        }
    }

    /// The id of a value that is no text.
    fn other(&mut self, value: ValueRef<'_>, tag: u8, bits: impl FnOnce(&mut Self) -> u64) -> ValueId {
        let (hash, frame) = (hash_value(value), &self.frame);
        let is_it = |&row: &u32| frame.is_value(ValueId(row), value.into());
        if let Some(&row) = self.interned.values.find(hash, is_it) {
            return ValueId(row);
        }
        let bits = bits(self);
        let added = self.frame.values.push(tag, bits);
        let frame = &self.frame;
        let hash_of = |&row: &u32| hash_value(frame.values.get(ValueId(row), &frame.strings));
        self.interned.values.insert_unique(hash, added.0, hash_of);
        added
    }

    /// The id of a string as a value.
    fn text(&mut self, string: StringId) -> ValueId {
        let (texts, place) = (&mut self.interned.texts, string.0 as usize);
        if texts.len() <= place {
            texts.resize(place + 1, NO_VALUE);
        }
        match texts.get_mut(place) {
            Some(known) if *known != NO_VALUE => ValueId(*known),
            unknown => {
                let added = self.frame.values.push(Values::STRING, u64::from(string.0));
                unknown.into_iter().for_each(|place| *place = added.0);
                added
            }
        }
    }

    /// The id of an attribute set given as keys and values; order and duplicates are kept.
    pub fn set<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, ValueRef<'a>)>) -> SetId {
        let mut set = std::mem::take(&mut self.interned.last);
        let mut length = 0;
        for (key, value) in pairs {
            let (new_key, new_value) =
                (|builder: &mut Self| builder.string(key), |builder: &mut Self| builder.value(value));
            self.pair(&mut set, length, (key.as_bytes(), new_key), (value.into(), new_value));
            length += 1;
        }
        set.truncate(length);
        self.finished(set)
    }

    /// The id of an attribute set of the engine.
    pub fn attributes(&mut self, attributes: &Attributes) -> SetId {
        let mut set = std::mem::take(&mut self.interned.last);
        for place in 0..attributes.len() {
            // All that were counted when the set was made can be read.
            let Some(attribute) = attributes.attribute(place) else { continue };
            let key = attribute.key_bytes();
            let new_key = |builder: &mut Self| builder.string_of(key, || attribute.key());
            let new_value = |builder: &mut Self| match attribute.text_bytes() {
                Some(text) => {
                    let string = builder.string_of(text, || attribute.value().as_str().unwrap_or_default());
                    builder.text(string)
                }
                None => builder.value(attribute.value()),
            };
            self.pair(&mut set, place, (key, new_key), (attribute.encoded(), new_value));
        }
        set.truncate(attributes.len());
        let id = self.finished(set);
        self.frame.sets.kept.keep(id, attributes);
        id
    }

    /// The id of an attribute set of the engine that is kept as it is: a reference count, where interning looks at all of it. It has an
    /// id of its own, unless it was the last one, too. See [`Frame::into_interned`].
    #[inline]
    pub fn kept(&mut self, attributes: &Attributes) -> SetId {
        if attributes.is_empty() {
            // A row says no less.
            return self.attributes(attributes);
        }
        let sets = &self.frame.sets;
        let last = SetId(id(sets.len()).wrapping_sub(1));
        if sets.kept.get(last).is_some_and(|last| last.is_same(attributes)) {
            return last;
        }
        self.kept_as(attributes.clone())
    }

    /// As [`FrameBuilder::kept`], of a set with attributes that is not the last one.
    #[inline]
    pub(super) fn kept_as(&mut self, attributes: Attributes) -> SetId {
        let sets = &mut self.frame.sets;
        let row = SetId(id(sets.len()));
        sets.offsets.close(sets.keys.len());
        sets.kept.keep_bare(row, attributes);
        row
    }

    /// The id of a set of another frame; it is interned if it is so there.
    pub(super) fn set_of(&mut self, frame: &Frame, set: SetId) -> SetId {
        match (frame.sets.bare(set), frame.sets.kept.get(set)) {
            (Some(bare), _) => self.kept(bare),
            (None, Some(kept)) => self.attributes(kept),
            (None, None) => self.set(frame.pairs(set)),
        }
    }

    /// Puts an attribute at its place in a set, where that of another set is or none. Of the key and of the value, what it is, and how it
    /// becomes a row where that set has another one there.
    #[inline]
    fn pair(
        &mut self,
        set: &mut Vec<(StringId, ValueId)>,
        place: usize,
        (key, new_key): (&[u8], impl FnOnce(&mut Self) -> StringId),
        (value, new_value): (Encoded<'_>, impl FnOnce(&mut Self) -> ValueId),
    ) {
        let Some((known_key, known_value)) = set.get_mut(place) else {
            let key = new_key(self);
            return set.push((key, new_value(self)));
        };
        if !self.frame.strings.is(*known_key, key) {
            *known_key = new_key(self);
        }
        if !self.frame.is_value(*known_value, value) {
            *known_value = new_value(self);
        }
    }

    fn finished(&mut self, set: Vec<(StringId, ValueId)>) -> SetId {
        let id = self.set_of_ids(&set);
        self.interned.last = set;
        id
    }

    pub(super) fn set_of_ids(&mut self, set: &[(StringId, ValueId)]) -> SetId {
        let sets = &mut self.frame.sets;
        let known = |row: u32| {
            let range = sets.offsets.range(row as usize);
            let keys = sets.keys.get(range.clone()).unwrap_or_default();
            keys.iter().copied().zip(sets.values.get(range).unwrap_or_default().iter().copied())
        };
        let entry = self.interned.sets.entry(
            hash_set(set.iter().copied()),
            |&row| known(row).eq(set.iter().copied()),
            |&row| hash_set(known(row)),
        );
        match entry {
            Entry::Occupied(known) => SetId(*known.get()),
            Entry::Vacant(vacant) => {
                let row = id(sets.offsets.len());
                vacant.insert(row);
                sets.keys.extend(set.iter().map(|(key, _)| *key));
                sets.values.extend(set.iter().map(|(_, value)| *value));
                sets.offsets.close(sets.keys.len());
                SetId(row)
            }
        }
    }
}

impl FrameBuilder {
    /// The id of a list of bucket bounds.
    pub fn bounds(&mut self, bounds: &[f64]) -> BoundsId {
        let known = &self.frame.bounds;
        if known.is(self.interned.last_bounds, bounds) {
            return self.interned.last_bounds;
        }
        let entry = self.interned.bounds.entry(
            hash_bounds(bounds),
            |&row| known.is(BoundsId(row), bounds),
            |&row| hash_bounds(known.get(BoundsId(row))),
        );
        let row = match entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => {
                let table = &mut self.frame.bounds;
                let row = id(table.offsets.len());
                vacant.insert(row);
                table.bounds.extend_from_slice(bounds);
                table.offsets.close(table.bounds.len());
                row
            }
        };
        self.interned.last_bounds = BoundsId(row);
        BoundsId(row)
    }
}

impl Values {
    fn push(&mut self, tag: u8, bits: u64) -> ValueId {
        self.tags.push(tag);
        self.bits.push(bits);
        ValueId(id(self.tags.len() - 1))
    }
}

impl Frame {
    /// True if a row is this value, to the bit.
    #[inline]
    fn is_value(&self, row: ValueId, value: Encoded<'_>) -> bool {
        let (values, row) = (&self.values, row.0 as usize);
        let (Some(&tag), Some(&bits)) = (values.tags.get(row), values.bits.get(row)) else { return false };
        match value {
            Encoded::Empty => tag == Values::EMPTY,
            Encoded::Bool(truth) => tag == Values::BOOL && bits == u64::from(truth),
            Encoded::Int(int) => tag == Values::INT && bits == int.cast_unsigned(),
            Encoded::Double(double) => tag == Values::DOUBLE && bits == double.to_bits(),
            Encoded::String(text) => tag == Values::STRING && self.strings.is_at(bits, text),
            Encoded::Nested(text) => tag == Values::NESTED && self.strings.is_at(bits, text),
            Encoded::Bytes(bytes) => {
                let place = usize::try_from(bits).unwrap_or(usize::MAX);
                tag == Values::BYTES && values.blob.get(values.blobs.range(place)) == Some(bytes)
            }
        }
    }
}
