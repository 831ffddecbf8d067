//! An attribute in its encoding: a `KeyValue` of OTLP (`common.proto`) as a field, tag and length in front.

use std::hash::Hasher;

use crate::ValueRef;
use crate::value::double_identity;

/// The field of a message with a key.
pub(super) const KEY: u8 = 0x0a;
/// Behind it, that with its value, an `AnyValue`; what that has one of is:
pub(super) const VALUE: u8 = 0x12;
pub(super) const TEXT: u8 = 0x0a;
const BOOL: u8 = 0x10;
const INT: u8 = 0x18;
const DOUBLE: u8 = 0x21;
const BYTES: u8 = 0x3a;
/// Of our own: the text of an array or map. OTLP has no such field, see [`crate::Value::Nested`].
const NESTED: u8 = 0x7a;

/// An attribute of a set, not looked at closer than it needs to be: what is text is text, but for the compiler it is bytes.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    key: &'a [u8],
    value: Encoded<'a>,
}

/// A value as it lies in the encoding; the cases of [`ValueRef`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Encoded<'a> {
    Empty,
    Bool(bool),
    Int(i64),
    Double(f64),
    String(&'a [u8]),
    Bytes(&'a [u8]),
    Nested(&'a [u8]),
}

impl<'a> From<ValueRef<'a>> for Encoded<'a> {
    #[inline]
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Empty => Self::Empty,
            ValueRef::Bool(value) => Self::Bool(value),
            ValueRef::Int(value) => Self::Int(value),
            ValueRef::Double(value) => Self::Double(value),
            ValueRef::String(text) => Self::String(text.as_bytes()),
            ValueRef::Bytes(bytes) => Self::Bytes(bytes),
            ValueRef::Nested(text) => Self::Nested(text.as_bytes()),
        }
    }
}

/// An attribute that was read.
pub(super) struct Read<'a> {
    pub(super) attribute: Attribute<'a>,
    /// How many bytes the field takes.
    pub(super) length: usize,
    /// True if these are the bytes that would be written of it.
    pub(super) is_canonical: bool,
}

/// Text of which it was seen that it is.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

impl<'a> Attribute<'a> {
    #[inline]
    pub(crate) fn new(key: &'a str, value: ValueRef<'a>) -> Self {
        Self { key: key.as_bytes(), value: value.into() }
    }

    /// The key.
    #[inline]
    pub fn key(self) -> &'a str {
        text(self.key)
    }

    /// The key's text as bytes, which costs less.
    #[inline]
    pub fn key_bytes(self) -> &'a [u8] {
        self.key
    }

    /// The value.
    #[inline]
    pub fn value(self) -> ValueRef<'a> {
        match self.value {
            Encoded::Empty => ValueRef::Empty,
            Encoded::Bool(value) => ValueRef::Bool(value),
            Encoded::Int(value) => ValueRef::Int(value),
            Encoded::Double(value) => ValueRef::Double(value),
            Encoded::String(value) => ValueRef::String(text(value)),
            Encoded::Bytes(value) => ValueRef::Bytes(value),
            Encoded::Nested(value) => ValueRef::Nested(text(value)),
        }
    }

    /// The text of the value as bytes, if it is a string; costs less than [`Attribute::value`].
    #[inline]
    pub fn text_bytes(self) -> Option<&'a [u8]> {
        match self.value {
            Encoded::String(text) => Some(text),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn encoded(self) -> Encoded<'a> {
        self.value
    }

    /// True if all that is to be text is.
    pub(super) fn is_text(self) -> bool {
        let value = match self.value {
            Encoded::String(text) | Encoded::Nested(text) => text,
            _ => &[],
        };
        std::str::from_utf8(self.key).is_ok() && std::str::from_utf8(value).is_ok()
    }

    pub(super) fn is_nested(self) -> bool {
        matches!(self.value, Encoded::Nested(_))
    }

    /// Hashes alike what is equal.
    pub(super) fn hash(self, to: &mut impl Hasher) {
        to.write(self.key);
        let (case, payload): (u8, &[u8]) = match self.value {
            Encoded::Empty => (0, &[]),
            Encoded::Bool(value) => (1, &[u8::from(value)]),
            Encoded::Int(value) => (2, &value.to_le_bytes()),
            Encoded::Double(value) => (3, &double_identity(value).to_le_bytes()),
            Encoded::String(value) => (4, value),
            Encoded::Bytes(value) => (5, value),
            Encoded::Nested(value) => (6, value),
        };
        to.write_u8(case);
        to.write(payload);
    }
}

/// As values are compared: see [`crate::Value`].
impl PartialEq for Attribute<'_> {
    fn eq(&self, other: &Self) -> bool {
        let is_same_value = match (self.value, other.value) {
            (Encoded::Empty, Encoded::Empty) => true,
            (Encoded::Bool(a), Encoded::Bool(b)) => a == b,
            (Encoded::Int(a), Encoded::Int(b)) => a == b,
            (Encoded::Double(a), Encoded::Double(b)) => double_identity(a) == double_identity(b),
            (Encoded::String(a), Encoded::String(b)) | (Encoded::Nested(a), Encoded::Nested(b)) => a == b,
            (Encoded::Bytes(a), Encoded::Bytes(b)) => a == b,
            _ => false,
        };
        is_same_value && self.key == other.key
    }
}

/// A number of seven bits a byte, what is behind it, and whether it could not be shorter.
#[inline]
fn varint(bytes: &[u8]) -> Option<(u64, &[u8], bool)> {
    match bytes.split_first()? {
        (byte @ 0..0x80, rest) => Some((u64::from(*byte), rest, true)),
        _ => long_varint(bytes),
    }
}

fn long_varint(bytes: &[u8]) -> Option<(u64, &[u8], bool)> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if at == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * at);
        if *byte < 0x80 {
            return Some((value, bytes.get(at + 1..)?, *byte != 0 || at == 0));
        }
    }
    None
}

/// Bytes with their length in front, what is behind them, and whether the length could not be shorter.
#[inline]
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8], bool)> {
    let (length, rest, is_short) = varint(bytes)?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((bytes, rest, is_short))
}

/// The attribute that a field says which is the first of `bytes`, whatever its tag is; `None` if it is not one that can be read where
/// it lies: parts in another order or twice, arrays and maps, what OTLP does not have, what ends too early.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Option<Read<'_>> {
    let (message, rest, mut is_canonical) = sized(bytes.get(1..)?)?;
    let length = bytes.len() - rest.len();
    let (key, message) = match message.split_first() {
        Some((&KEY, message)) => {
            let (key, message, is_short) = sized(message)?;
            is_canonical &= is_short && !key.is_empty();
            (key, message)
        }
        _ => (&[][..], message),
    };
    let value = match message.split_first() {
        None => {
            is_canonical = false;
            Encoded::Empty
        }
        Some((&VALUE, message)) => {
            let (any, behind, is_short) = sized(message)?;
            let (value, is_short_value) = value(any)?;
            is_canonical &= is_short & is_short_value;
            behind.is_empty().then_some(value)?
        }
        Some(_) => return None,
    };
    Some(Read { attribute: Attribute { key, value }, length, is_canonical })
}

/// How many bytes the first field of `bytes` takes.
#[inline]
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let (_, rest, _) = sized(bytes.get(1..)?)?;
    Some(bytes.len() - rest.len())
}

#[inline]
fn value(any: &[u8]) -> Option<(Encoded<'_>, bool)> {
    let Some((tag, rest)) = any.split_first() else { return Some((Encoded::Empty, true)) };
    let (value, behind, is_canonical) = match *tag {
        TEXT => sized(rest).map(|(text, rest, is_short)| (Encoded::String(text), rest, is_short))?,
        BOOL => varint(rest)
            .map(|(value, rest, is_short)| (Encoded::Bool(value != 0), rest, is_short && value < 2))?,
        INT => {
            varint(rest).map(|(value, rest, is_short)| (Encoded::Int(value.cast_signed()), rest, is_short))?
        }
        DOUBLE => {
            let (bits, rest) = rest.split_first_chunk::<8>()?;
            (Encoded::Double(f64::from_le_bytes(*bits)), rest, true)
        }
        BYTES => sized(rest).map(|(bytes, rest, is_short)| (Encoded::Bytes(bytes), rest, is_short))?,
        NESTED => sized(rest).map(|(text, rest, _)| (Encoded::Nested(text), rest, false))?,
        _ => return None,
    };
    behind.is_empty().then_some((value, is_canonical))
}

fn varint_length(value: u64) -> usize {
    match value {
        0 => 1,
        _ => (value.ilog2() / 7 + 1) as usize,
    }
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn put_sized(to: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    to.push(tag);
    put_varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

/// How many bytes a field of so many takes.
fn sized_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

/// Writes an attribute as a field of that tag.
pub(super) fn write(to: &mut Vec<u8>, tag: u8, key: &str, value: ValueRef<'_>) {
    let value_length = match value {
        ValueRef::Empty => 0,
        ValueRef::Bool(_) => 2,
        ValueRef::Int(int) => 1 + varint_length(int.cast_unsigned()),
        ValueRef::Double(_) => 9,
        ValueRef::String(text) | ValueRef::Nested(text) => sized_length(text.len()),
        ValueRef::Bytes(bytes) => sized_length(bytes.len()),
    };
    let key_length = if key.is_empty() { 0 } else { sized_length(key.len()) };
    to.push(tag);
    put_varint(to, (key_length + sized_length(value_length)) as u64);
    if !key.is_empty() {
        put_sized(to, KEY, key.as_bytes());
    }
    to.push(VALUE);
    put_varint(to, value_length as u64);
    match value {
        ValueRef::Empty => {}
        ValueRef::Bool(truth) => to.extend([BOOL, u8::from(truth)]),
        ValueRef::Int(int) => {
            to.push(INT);
            put_varint(to, int.cast_unsigned());
        }
        ValueRef::Double(double) => {
            to.push(DOUBLE);
            to.extend(double.to_le_bytes());
        }
        ValueRef::String(text) => put_sized(to, TEXT, text.as_bytes()),
        ValueRef::Bytes(bytes) => put_sized(to, BYTES, bytes),
        ValueRef::Nested(text) => put_sized(to, NESTED, text.as_bytes()),
    }
}
