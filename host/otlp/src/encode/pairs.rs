//! Attributes, which are not encoded twice: those of sets of the engine are copied from there, and of others those that come again from
//! what was written before.

use prost::Message;
use wasmeter_model::frame::{Frame, SetId, StringId, ValueId};
use wasmeter_model::{Attributes, ValueRef};

use super::backward::{Backward, Piece};
use crate::decode::value_from_nested;

/// The attributes of a frame on their way into a request.
pub(super) struct Pairs<'a> {
    frame: &'a Frame,
    /// Attributes that were written lately, each at the place of the number of its value. None at all until it is needed.
    written: Vec<Written>,
    /// Keys that were written lately, each at the place of its number.
    keys: [Option<(StringId, Piece)>; KEYS],
}

/// How many keys are kept in mind: sets have few, and one that takes the place of another costs no more than its text.
const KEYS: usize = 32;

/// How many attributes are kept in mind: more than those that come again have values, or a request has attributes.
const WRITTEN: usize = 1 << 15;

/// Where an attribute was written. In none has no length.
#[derive(Clone, Copy, Default)]
struct Written {
    key: StringId,
    value: ValueId,
    /// How many bytes are behind it.
    end: u32,
    length: u16,
    tag: u8,
}

impl Written {
    /// What is too long or too far off is written anew each time.
    fn new((key, value): (StringId, ValueId), tag: u8, piece: Piece) -> Self {
        let (end, length) = (u32::try_from(piece.end), u16::try_from(piece.length));
        end.ok().zip(length.ok()).map_or(Self::default(), |(end, length)| Self {
            key,
            value,
            end,
            length,
            tag,
        })
    }

    #[inline]
    fn piece(self, (key, value): (StringId, ValueId), tag: u8) -> Option<Piece> {
        let is_it = (self.key, self.value, self.tag) == (key, value, tag) && self.length > 0;
        is_it.then_some(Piece { end: self.end as usize, length: usize::from(self.length) })
    }
}

impl<'a> Pairs<'a> {
    pub(super) fn new(frame: &'a Frame) -> Self {
        Self { frame, written: Vec::new(), keys: [None; KEYS] }
    }

    /// The attributes of a set, each as a field of that tag.
    #[inline]
    pub(super) fn put(&mut self, to: &mut Backward, tag: u8, set: SetId) {
        let Some(kept) = self.frame.sets.kept.get(set) else { return self.put_rows(to, tag, set) };
        let Some(fields) = kept.canonical_fields() else { return put_each(to, tag, kept) };
        to.put(fields);
        if fields.first().is_some_and(|given| *given != tag) {
            // As attributes of something else, of which the fields have another tag.
            to.set_tags(tag, kept.field_lengths());
        }
    }

    fn put_rows(&mut self, to: &mut Backward, tag: u8, set: SetId) {
        if self.written.is_empty() {
            let values = self.frame.values.tags.len().clamp(1, WRITTEN);
            self.written.resize(values, Written::default());
        }
        let (keys, values) = self.frame.pair_ids(set);
        for (key, value) in keys.iter().zip(values).rev() {
            let place = value.0 as usize % self.written.len().max(1);
            let written = self.written.get_mut(place);
            if let Some(piece) = written.as_ref().and_then(|written| written.piece((*key, *value), tag)) {
                to.repeat(piece);
                continue;
            }
            let end = to.len();
            any_value(to, self.frame.values.get(*value, &self.frame.strings));
            to.close(0x12, end);
            let behind = to.len();
            match self.keys.get_mut(key.0 as usize % KEYS) {
                Some(Some((known, piece))) if known == key => to.repeat(*piece),
                place => {
                    to.text_field(0x0a, self.frame.strings.get(*key));
                    if let Some(place) = place {
                        *place = Some((*key, to.piece(behind)));
                    }
                }
            }
            to.close(tag, end);
            if let Some(written) = written {
                *written = Written::new((*key, *value), tag, to.piece(end));
            }
        }
    }
}

/// The attributes of a set that cannot be copied, one by one.
fn put_each(to: &mut Backward, tag: u8, set: &Attributes) {
    for place in (0..set.len()).rev() {
        let Some(attribute) = set.attribute(place) else { continue };
        let end = to.len();
        any_value(to, attribute.value());
        to.close(0x12, end);
        to.text_field(0x0a, attribute.key());
        to.close(tag, end);
    }
}

#[inline]
fn any_value(to: &mut Backward, value: ValueRef<'_>) {
    match value {
        ValueRef::Empty => {}
        ValueRef::String(text) => to.bytes(0x0a, text.as_bytes()),
        ValueRef::Bool(truth) => to.put_array([0x10, u8::from(truth)]),
        ValueRef::Int(int) => {
            to.varint(int.cast_unsigned());
            to.put_array([0x18]);
        }
        ValueRef::Double(double) => to.fixed64(0x21, double.to_bits()),
        ValueRef::Bytes(bytes) => to.bytes(0x3a, bytes),
        ValueRef::Nested(text) => match value_from_nested(text) {
            Some(nested) => to.put(&nested.encode_to_vec()),
            None => to.bytes(0x0a, text.as_bytes()),
        },
    }
}
