//! Reading protobuf fields one by one; `None` is whatever the decoder is to look at.

use crate::decode::ELEMENTS_MAX;

/// What is left of a message.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// What has not been read.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Passes so many bytes over.
    #[inline]
    pub(super) fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next field, of which all that OTLP has but deprecated ones take one byte.
    #[inline]
    pub(super) fn tag(&mut self) -> Option<u8> {
        let (tag, rest) = self.0.split_first()?;
        self.0 = rest;
        (*tag < 0x80).then_some(*tag)
    }

    /// A number of up to 63 bits.
    #[inline]
    pub(super) fn varint(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        if *first < 0x80 {
            self.0 = rest;
            return Some(u64::from(*first));
        }
        self.long_varint()
    }

    /// Of more than one byte. Apart, so that the others are read where they are wanted.
    #[inline(never)]
    fn long_varint(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        let mut value = u64::from(*first & 0x7f);
        for (at, byte) in rest.iter().enumerate().take(8) {
            value |= u64::from(*byte & 0x7f) << (7 * (at + 1));
            if *byte < 0x80 {
                self.0 = rest.get(at + 1..)?;
                return Some(value);
            }
        }
        None
    }

    /// A number of 32 bits.
    #[inline]
    pub(super) fn varint32(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    /// A signed number, as `sint32`.
    #[inline]
    pub(super) fn zigzag32(&mut self) -> Option<i32> {
        let bits = self.varint32()?;
        Some((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }

    /// Eight bytes.
    #[inline]
    pub(super) fn fixed64(&mut self) -> Option<u64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*bytes))
    }

    #[inline]
    pub(super) fn double(&mut self) -> Option<f64> {
        self.fixed64().map(f64::from_bits)
    }

    /// A message, string, or packed numbers.
    #[inline]
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// As [`Cursor::bytes`], if the tag is that of such a field.
    #[inline]
    pub(super) fn bytes_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        if tag & 7 == 2 { self.bytes() } else { None }
    }

    /// A list of messages that stand together, tags included, of which the first one is next; counts them.
    #[inline]
    pub(super) fn list(&mut self, tag: u8, elements: &mut Elements) -> Option<&'a [u8]> {
        let all = self.0;
        while self.0.first() == Some(&tag) {
            elements.add(1)?;
            self.skip(1)?;
            self.bytes()?;
        }
        all.get(..all.len() - self.0.len())
    }
}

/// How many repeated elements of a request have been read, as the decoder counts them, which refuses what has more than
/// [`ELEMENTS_MAX`]. Something short may make something long: so they are counted while they are read and not when all are.
#[derive(Debug, Default)]
pub(super) struct Elements(usize);

impl Elements {
    #[inline]
    pub(super) fn add(&mut self, elements: usize) -> Option<()> {
        self.0 += elements;
        (self.0 <= ELEMENTS_MAX).then_some(())
    }
}

/// Packed numbers of eight bytes each.
#[inline]
pub(super) fn fixed64s(packed: &[u8]) -> Option<impl ExactSizeIterator<Item = u64>> {
    let (chunks, rest) = packed.as_chunks::<8>();
    rest.is_empty().then(|| chunks.iter().map(|bytes| u64::from_le_bytes(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), (1 << 56) - 1, (1 << 63) - 1] {
            let mut bytes = Vec::new();
            prost::encoding::encode_varint(value, &mut bytes);
            bytes.push(7);
            let mut cursor = Cursor::new(&bytes);
            assert_eq!(cursor.varint(), Some(value));
            assert_eq!(cursor.rest(), [7]);
        }
        for value in [0, -1, 1, i32::MIN, i32::MAX] {
            let mut bytes = Vec::new();
            prost::encoding::sint32::encode(1, &value, &mut bytes);
            let mut cursor = Cursor::new(&bytes);
            assert_eq!((cursor.tag(), cursor.zigzag32(), cursor.is_empty()), (Some(8), Some(value), true));
        }
    }

    #[test]
    fn what_ends_too_early_or_is_too_long_is_not_read() {
        for bytes in [&[][..], &[0x80], &[0xff; 9], &[0xff; 12]] {
            assert_eq!(Cursor::new(bytes).varint(), None, "{bytes:?}");
        }
        assert_eq!(Cursor::new(&[5, 1, 2, 3, 4]).bytes(), None);
        assert_eq!(Cursor::new(&[1; 7]).fixed64(), None);
        assert!(fixed64s(&[0; 15]).is_none());
    }

    #[test]
    fn a_list_ends_where_another_field_begins() {
        let bytes = [0x3a, 1, 9, 0x3a, 0, 0x40, 1];
        let (mut cursor, mut elements) = (Cursor::new(&bytes), Elements::default());
        assert_eq!(cursor.list(0x3a, &mut elements), Some(&bytes[..5]));
        assert_eq!((elements.0, cursor.rest()), (2, &[0x40, 1][..]));
    }
}
