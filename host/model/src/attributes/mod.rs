//! An attribute set: the identity of a series.

mod encoding;
mod key;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use triomphe::ThinArc;

pub use encoding::Attribute;
pub(crate) use encoding::Encoded;
pub use key::EncodedKey;

use crate::{Value, ValueRef};

/// An immutable attribute set: keys unique, read in their ascending order, cheap to clone and to compare.
///
/// Equality does not depend on the order the attributes were given in (common specification, "Attribute collections").
/// A clone is eight bytes and one reference count; the hash is computed once.
///
/// A set is one block of memory: 24 bytes, and for each attribute two and those of its encoding in OTLP. So a set that was received
/// is kept as it was received, what is received is compared with it as it is, and what is sent is copied.
#[derive(Clone)]
pub struct Attributes(ThinArc<Head, u8>);

/// What stands in front of a set's bytes. Those are for each attribute, ascending by key, where its field begins among the fields, then
/// the fields as they were given.
#[derive(Clone, Copy)]
struct Head {
    hash: u32,
    layout: Layout,
}

/// Where the fields begin, and in the lowest two bits what is special about them.
#[derive(Clone, Copy)]
struct Layout(u32);

impl Layout {
    /// Where a field begins takes four bytes, not two.
    const WIDE: u32 = 1;
    /// The fields are to the byte what an encoder writes.
    const CANONICAL: u32 = 2;

    #[inline]
    const fn is_wide(self) -> bool {
        self.0 & Self::WIDE != 0
    }

    #[inline]
    const fn is_canonical(self) -> bool {
        self.0 & Self::CANONICAL != 0
    }

    #[inline]
    const fn fields_start(self) -> usize {
        (self.0 >> 2) as usize
    }

    /// How many fields there are.
    #[inline]
    const fn len(self) -> usize {
        self.fields_start() >> if self.is_wide() { 2 } else { 1 }
    }
}

/// The tag of the fields of sets that were not received: the attributes of a point of a gauge, sum or summary.
const TAG: u8 = 0x3a;

/// So that a set hashes alike wherever it was made in this process and its hash can be kept, but nobody knows how from outside.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

impl Attributes {
    /// The set without attributes.
    pub fn empty() -> Self {
        static EMPTY: LazyLock<Attributes> = LazyLock::new(|| Attributes::from_fields(&[], &[], true));
        EMPTY.clone()
    }

    /// Builds a set from attributes in any order. Of attributes with the same key the last one wins, as the
    /// specification asks of collections; the second result says how many were overwritten that way.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> (Self, usize)
    where
        K: AsRef<str>,
        V: Into<Value>,
    {
        let mut pairs: Vec<(K, Value)> = pairs.into_iter().map(|(key, value)| (key, value.into())).collect();
        // Stable, so that among equal keys the last one given stands last.
        pairs.sort_by(|(a, _), (b, _)| a.as_ref().cmp(b.as_ref()));
        let given = pairs.len();
        pairs.reverse();
        pairs.dedup_by(|(a, _), (b, _)| a.as_ref() == b.as_ref());
        let overwritten = given - pairs.len();
        let (mut fields, mut starts) =
            (Vec::with_capacity(32 * pairs.len()), Vec::with_capacity(pairs.len()));
        let mut is_canonical = true;
        for (key, value) in pairs.iter().rev() {
            starts.push(fields.len());
            is_canonical &= !matches!(value, Value::Nested(_));
            encoding::write(&mut fields, TAG, key.as_ref(), value.as_ref());
        }
        (Self::from_fields(&fields, &starts, is_canonical), overwritten)
    }

    /// The set that a list of attributes says as it is encoded in OTLP: repeated fields of `tag`, one byte long, that are `KeyValue`s.
    /// [`Attributes::fields`] are these bytes. Takes one pass and two allocations.
    ///
    /// `None` if anything is unusual about it, which may or may not be an error: a key that comes twice, an array or a map as value,
    /// fields that OTLP does not have or that stand in another order, text that is none.
    pub fn from_encoded(list: &[u8], tag: u8) -> Option<Self> {
        let (mut found, mut is_canonical) = (Vec::with_capacity(16), true);
        let mut start = 0;
        while start < list.len() {
            let field = list.get(start..)?;
            let read = encoding::read(field)?;
            let is_sound = read.attribute.is_text() && !read.attribute.is_nested();
            if field.first() != Some(&tag) || !is_sound {
                return None;
            }
            found.push((read.attribute.key_bytes(), start));
            is_canonical &= read.is_canonical;
            start += read.length;
        }
        found.sort_unstable();
        if found.windows(2).any(|two| matches!(two, [(one, _), (other, _)] if one == other)) {
            return None;
        }
        let starts: Vec<usize> = found.into_iter().map(|(_, start)| start).collect();
        Some(Self::from_fields(list, &starts, is_canonical))
    }

    /// A set of sound fields, which begin at `starts`, ascending by key.
    fn from_fields(fields: &[u8], starts: &[usize], is_canonical: bool) -> Self {
        let is_wide = fields.len() > usize::from(u16::MAX);
        let mut bytes = Vec::with_capacity(starts.len() * 4 + fields.len());
        for start in starts {
            // No set is that long: what is received is bounded, far below.
            let start = u32::try_from(*start).unwrap_or(u32::MAX);
            match (is_wide, u16::try_from(start)) {
                (false, Ok(start)) => bytes.extend(start.to_le_bytes()),
                _ => bytes.extend(start.to_le_bytes()),
            }
        }
        let wide = if is_wide { Layout::WIDE } else { 0 };
        let canonical = if is_canonical { Layout::CANONICAL } else { 0 };
        let layout = Layout((bytes.len() as u32) << 2 | wide | canonical);
        bytes.extend_from_slice(fields);
        let mut hasher = HASHER.build_hasher();
        for attribute in starts.iter().filter_map(|start| encoding::read(fields.get(*start..)?)) {
            attribute.attribute.hash(&mut hasher);
        }
        let hash = hasher.finish();
        let head = Head { hash: (hash >> 32) as u32 ^ hash as u32, layout };
        Self(ThinArc::from_header_and_slice(head, &bytes))
    }

    #[inline]
    fn head(&self) -> Head {
        self.0.header.header
    }

    /// The attributes as OTLP has them, each a field with the tag and in the place it was given with. Sets with equal fields are equal;
    /// equal ones need not have equal fields.
    #[inline]
    pub fn fields(&self) -> &[u8] {
        self.0.slice.get(self.head().layout.fields_start()..).unwrap_or_default()
    }

    /// The fields from that of the attribute at `place` in ascending order on.
    #[inline]
    pub(crate) fn fields_from(&self, place: usize) -> Option<&[u8]> {
        let (starts, fields) = self.0.slice.split_at_checked(self.head().layout.fields_start())?;
        let start = if self.head().layout.is_wide() {
            u32::from_le_bytes(*starts.get(4 * place..)?.first_chunk()?) as usize
        } else {
            usize::from(u16::from_le_bytes(*starts.get(2 * place..)?.first_chunk()?))
        };
        fields.get(start..)
    }

    /// As [`Attributes::fields`], if these are to the byte what an encoder writes; `None` if they are to be encoded by whoever wants them
    /// so, since one is an array or a map, or was written in an unusual way.
    #[inline]
    pub fn canonical_fields(&self) -> Option<&[u8]> {
        self.head().layout.is_canonical().then(|| self.fields())
    }

    /// How many bytes each of the fields takes, in their order.
    pub fn field_lengths(&self) -> impl Iterator<Item = usize> {
        let mut rest = self.fields();
        std::iter::from_fn(move || {
            let length = encoding::length(rest)?;
            rest = rest.get(length..)?;
            Some(length)
        })
    }

    /// The field of the attribute at a place.
    #[inline]
    fn field(&self, place: usize) -> Option<&[u8]> {
        let fields = self.fields_from(place)?;
        fields.get(..encoding::length(fields)?)
    }

    /// The attribute at `place` in ascending order.
    #[inline]
    pub fn attribute(&self, place: usize) -> Option<Attribute<'_>> {
        encoding::read(self.fields_from(place)?).map(|read| read.attribute)
    }

    /// The set without the attributes for which `keep` is false. Returns a clone when nothing is removed.
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.len())
            .filter(|place| self.attribute(*place).is_some_and(|attribute| keep(attribute.key())))
            .collect();
        if kept.len() == self.len() {
            return self.clone();
        }
        let (mut fields, mut starts) = (Vec::with_capacity(self.fields().len()), Vec::new());
        for field in kept.into_iter().filter_map(|place| self.field(place)) {
            starts.push(fields.len());
            fields.extend_from_slice(field);
        }
        // What is canonical of all is so of some; the rest is not worth finding out.
        Self::from_fields(&fields, &starts, self.head().layout.is_canonical())
    }

    /// The value of `key`. Costs a binary search.
    pub fn get(&self, key: &str) -> Option<ValueRef<'_>> {
        self.attribute(self.place(key)?).map(Attribute::value)
    }

    /// The place of `key` among the attributes in ascending order. Costs a binary search.
    pub fn place(&self, key: &str) -> Option<usize> {
        let key_at = |place: usize| self.attribute(place).map(Attribute::key_bytes).unwrap_or_default();
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match key_at(middle).cmp(key.as_bytes()) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The hash that was computed when the set was made: equal sets have equal ones, within a process. Of 32 bits, each of them twice.
    #[inline]
    pub fn hash_value(&self) -> u64 {
        let hash = u64::from(self.head().hash);
        hash << 32 | hash
    }

    /// True if both are the same block of memory, which costs no look at it. Equal sets need not be.
    #[inline]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ptr() == other.0.ptr()
    }

    /// The attributes in ascending order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, ValueRef<'_>)> {
        (0..self.len()).map(|place| {
            // All that were counted when the set was made can be read.
            self.attribute(place)
                .map_or(("", ValueRef::Empty), |attribute| (attribute.key(), attribute.value()))
        })
    }

    /// How many attributes the set has.
    #[inline]
    pub fn len(&self) -> usize {
        self.head().layout.len()
    }

    /// True for the set without attributes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the set takes, without what the allocator wants for itself.
    pub fn size(&self) -> usize {
        size_of::<Head>() + 2 * size_of::<usize>() + self.0.slice.len()
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self::empty()
    }
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        if self.is_same(other) {
            return true;
        }
        let is_alike = || {
            self.fields() == other.fields()
                || (0..self.len()).all(|place| self.attribute(place) == other.attribute(place))
        };
        self.head().hash == other.head().hash && self.len() == other.len() && is_alike()
    }
}

impl Eq for Attributes {}

impl Hash for Attributes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash_value());
    }
}

impl<K: AsRef<str>, V: Into<Value>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::from_pairs(pairs).0
    }
}
