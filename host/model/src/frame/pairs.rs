//! The attributes of a set, wherever the frame has them.

use std::ops::Range;

use super::Frame;
use super::tables::{SetId, StringId, ValueId};
use crate::{Attribute, Attributes, EncodedKey, ValueRef};

/// The attributes of a set in order: keys and values.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    /// Those that are still to come.
    places: Range<usize>,
    source: Source<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Rows { frame: &'a Frame, keys: &'a [StringId], values: &'a [ValueId] },
    Kept(&'a Attributes),
}

impl<'a> Pairs<'a> {
    #[inline]
    pub(super) fn of(frame: &'a Frame, set: SetId) -> Self {
        let (keys, values) = frame.pair_ids(set);
        match frame.sets.bare(set) {
            None => {
                Self { places: 0..keys.len().min(values.len()), source: Source::Rows { frame, keys, values } }
            }
            Some(kept) => Self { places: 0..kept.len(), source: Source::Kept(kept) },
        }
    }

    /// The attribute at a place, counted from the first one of the set, whatever has been read already. Costs less than a pair where the
    /// set is kept and its text is only copied or compared.
    #[inline]
    pub fn attribute(&self, place: usize) -> Option<Attribute<'a>> {
        match self.source {
            Source::Rows { .. } => self.at(place).map(|(key, value)| Attribute::new(key, value)),
            Source::Kept(kept) => kept.attribute(place),
        }
    }

    /// The text of the attribute at a place, if it has this key and its value is text. Nearly all attributes that are kept have so much in
    /// common in how they are encoded that this is a comparison; of others `None` says nothing.
    #[inline]
    pub fn text(&self, place: usize, key: &EncodedKey) -> Option<&'a [u8]> {
        match self.source {
            Source::Rows { .. } => match self.at(place)? {
                (found, ValueRef::String(text)) if found == key.as_str() => Some(text.as_bytes()),
                _ => None,
            },
            Source::Kept(kept) => key.text_in(kept.fields_from(place)?),
        }
    }

    /// As [`Pairs::text`], where it is known that the attribute has this key.
    #[inline]
    pub fn text_of(&self, place: usize, key: &EncodedKey) -> Option<&'a [u8]> {
        match self.source {
            Source::Rows { .. } => self.text(place, key),
            Source::Kept(kept) => key.text_behind(kept.fields_from(place)?),
        }
    }

    #[inline]
    fn at(&self, place: usize) -> Option<(&'a str, ValueRef<'a>)> {
        match self.source {
            Source::Rows { frame, keys, values } => {
                let (key, value) = (keys.get(place)?, values.get(place)?);
                Some((frame.strings.get(*key), frame.values.get(*value, &frame.strings)))
            }
            Source::Kept(kept) => kept.attribute(place).map(|attribute| (attribute.key(), attribute.value())),
        }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, ValueRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let place = self.places.next()?;
        self.at(place)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let place = self.places.next_back()?;
        self.at(place)
    }
}

impl ExactSizeIterator for Pairs<'_> {}
