//! Attributes, each encoded once: where one comes again, the bytes that were written before are copied.

use prost::Message;
use wasmeter_model::ValueRef;
use wasmeter_model::frame::{Frame, SetId, StringId};

use super::backward::{Backward, Piece};
use crate::decode::value_from_nested;

/// The attributes of a frame on their way into a request.
pub(super) struct Pairs<'a> {
    frame: &'a Frame,
    /// By value: the attribute it was written in last.
    written: Vec<Written>,
    /// Keys that were written lately, each at the place of its number.
    keys: [Option<(StringId, Piece)>; KEYS],
}

/// How many keys are kept in mind: sets have few, and one that takes the place of another costs no more than its text.
const KEYS: usize = 32;

/// Where an attribute was written; small, since there are as many as values. In none has no length.
#[derive(Clone, Copy, Default)]
struct Written {
    key: StringId,
    /// How many bytes are behind it.
    end: u32,
    length: u16,
    tag: u8,
}

impl Written {
    /// What is too long or too far off is written anew each time.
    fn new(key: StringId, tag: u8, piece: Piece) -> Self {
        let (end, length) = (u32::try_from(piece.end), u16::try_from(piece.length));
        end.ok().zip(length.ok()).map_or(Self::default(), |(end, length)| Self { key, end, length, tag })
    }

    #[inline]
    fn piece(self, key: StringId, tag: u8) -> Option<Piece> {
        let is_it = self.key == key && self.tag == tag && self.length > 0;
        is_it.then_some(Piece { end: self.end as usize, length: usize::from(self.length) })
    }
}

impl<'a> Pairs<'a> {
    pub(super) fn new(frame: &'a Frame) -> Self {
        Self { frame, written: vec![Written::default(); frame.values.tags.len()], keys: [None; KEYS] }
    }

    /// The attributes of a set, each as a field of that tag.
    #[inline]
    pub(super) fn put(&mut self, to: &mut Backward, tag: u8, set: SetId) {
        let (keys, values) = self.frame.pair_ids(set);
        for (key, value) in keys.iter().zip(values).rev() {
            let written = self.written.get_mut(value.0 as usize);
            if let Some(piece) = written.as_ref().and_then(|written| written.piece(*key, tag)) {
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
                *written = Written::new(*key, tag, to.piece(end));
            }
        }
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
