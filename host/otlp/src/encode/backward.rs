//! Writing protobuf from its end to its beginning, so that the length of a message is known when it is to be written.

use bytes::Bytes;

/// What has been written of a message; fields are put in front of what is there.
pub(super) struct Backward {
    /// Filled from the end on.
    bytes: Vec<u8>,
    /// Where what is written begins.
    start: usize,
}

/// Part of what was written; growing does not move it, as it is counted from the end.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// How many bytes are behind it.
    pub(super) end: usize,
    pub(super) length: usize,
}

impl Backward {
    /// With room for so many bytes; grows if that is not enough.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes], start: bytes }
    }

    /// How much has been written.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Room for so many bytes in front.
    #[inline]
    fn room(&mut self, length: usize) -> &mut [u8] {
        if length > self.start {
            self.grow(length);
        }
        let end = self.start;
        self.start -= length;
        self.bytes.get_mut(self.start..end).unwrap_or_default()
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        let written = self.len();
        let room = (self.bytes.len() * 2).max(written + length).max(64);
        let mut bytes = vec![0; room];
        let start = room - written;
        if let (Some(new), Some(old)) = (bytes.get_mut(start..), self.bytes.get(self.start..)) {
            new.copy_from_slice(old);
        }
        (self.bytes, self.start) = (bytes, start);
    }

    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
    }

    /// Gives the fields that were written last other tags of one byte; they take so many bytes each, from the first on.
    pub(super) fn set_tags(&mut self, tag: u8, lengths: impl Iterator<Item = usize>) {
        let mut place = self.start;
        for length in lengths {
            self.bytes.get_mut(place).into_iter().for_each(|byte| *byte = tag);
            place += length;
        }
    }

    /// As [`Backward::put`], of a number of bytes that is known: then it is no call.
    #[inline]
    pub(super) fn put_array<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(room) = self.room(N).first_chunk_mut() {
            *room = bytes;
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.put_array([byte]);
    }

    /// A number of seven bits a byte.
    #[inline]
    pub(super) fn varint(&mut self, value: u64) {
        if let Ok(byte @ 0..0x80) = u8::try_from(value) {
            return self.byte(byte);
        }
        if value < 1 << 14 {
            return self.put_array([(value & 0x7f) as u8 | 0x80, (value >> 7) as u8]);
        }
        let mut bytes = [0; 10];
        let (mut rest, mut length) = (value, 0);
        for byte in &mut bytes {
            length += 1;
            *byte = (rest & 0x7f) as u8;
            rest >>= 7;
            if rest == 0 {
                break;
            }
            *byte |= 0x80;
        }
        self.put(bytes.get(..length).unwrap_or_default());
    }

    /// A field of a number, unless it is 0.
    #[inline]
    pub(super) fn varint_field(&mut self, tag: u8, value: u64) {
        if value != 0 {
            self.varint(value);
            self.byte(tag);
        }
    }

    /// A signed field, as `sint32`, unless it is 0.
    pub(super) fn zigzag_field(&mut self, tag: u8, value: i32) {
        self.varint_field(tag, u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()));
    }

    /// A field of eight bytes, whatever they are.
    #[inline]
    pub(super) fn fixed64(&mut self, tag: u8, bits: u64) {
        let [a, b, c, d, e, f, g, h] = bits.to_le_bytes();
        self.put_array([tag, a, b, c, d, e, f, g, h]);
    }

    /// A field of eight bytes, unless they are 0.
    #[inline]
    pub(super) fn fixed64_field(&mut self, tag: u8, bits: u64) {
        if bits != 0 {
            self.fixed64(tag, bits);
        }
    }

    /// A double, unless it is 0. One that is negative is not the default (protobuf, "Default Field Values"), though prost leaves it out.
    pub(super) fn double_field(&mut self, tag: u8, value: f64) {
        self.fixed64_field(tag, value.to_bits());
    }

    /// A double, if there is one.
    #[inline]
    pub(super) fn optional(&mut self, tag: u8, value: Option<f64>) {
        if let Some(value) = value {
            self.fixed64(tag, value.to_bits());
        }
    }

    /// What stands in front of so many bytes of a field; at once where that is short, as it mostly is.
    #[inline]
    fn head(&mut self, tag: u8, length: usize) {
        match u8::try_from(length) {
            Ok(length @ 0..0x80) => self.put_array([tag, length]),
            _ => self.long_head(tag, length),
        }
    }

    fn long_head(&mut self, tag: u8, length: usize) {
        self.varint(length as u64);
        self.byte(tag);
    }

    /// Two fields of eight bytes, the second behind the first, unless they are 0.
    #[inline]
    pub(super) fn fixed64_fields(&mut self, (tag, bits): (u8, u64), (tag_behind, bits_behind): (u8, u64)) {
        if bits == 0 || bits_behind == 0 {
            self.fixed64_field(tag_behind, bits_behind);
            return self.fixed64_field(tag, bits);
        }
        let mut both = [tag_behind; 18];
        both[0] = tag;
        if let Some(place) = both.get_mut(1..9) {
            place.copy_from_slice(&bits.to_le_bytes());
        }
        if let Some(place) = both.get_mut(10..) {
            place.copy_from_slice(&bits_behind.to_le_bytes());
        }
        self.put_array(both);
    }

    /// A field of bytes, whatever they are.
    #[inline]
    pub(super) fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.put(bytes);
        self.head(tag, bytes.len());
    }

    /// Text, unless it is empty.
    #[inline]
    pub(super) fn text_field(&mut self, tag: u8, text: &str) {
        if !text.is_empty() {
            self.bytes(tag, text.as_bytes());
        }
    }

    /// Packed numbers of eight bytes, unless there are none.
    pub(super) fn packed_fixed64(&mut self, tag: u8, numbers: impl DoubleEndedIterator<Item = u64>) {
        let end = self.len();
        numbers.rev().for_each(|number| self.put_array(number.to_le_bytes()));
        if self.len() > end {
            self.close(tag, end);
        }
    }

    /// Makes a field of all that was written since there were `end` bytes.
    #[inline]
    pub(super) fn close(&mut self, tag: u8, end: usize) {
        self.head(tag, self.len() - end);
    }

    /// All that was written since there were `end` bytes, to be repeated.
    #[inline]
    pub(super) fn piece(&self, end: usize) -> Piece {
        Piece { end, length: self.len() - end }
    }

    /// Writes a piece once more.
    #[inline]
    pub(super) fn repeat(&mut self, Piece { end, length }: Piece) {
        self.room(length);
        let (from, to) = (self.bytes.len() - end, self.start + length);
        // Most are short. A copy of a size that is known is no call; what it writes in front of the piece will be written over.
        let is_copied = (length <= 32 && self.copy_block::<32>(from, to))
            || (length <= 64 && self.copy_block::<64>(from, to));
        if !is_copied {
            self.bytes.copy_within(from - length..from, self.start);
        }
    }

    /// Copies the bytes that end at `from` to those that end at `to`; false if there are not as many.
    #[inline]
    fn copy_block<const N: usize>(&mut self, from: usize, to: usize) -> bool {
        let block = self.bytes.get(..from).and_then(|bytes| bytes.last_chunk::<N>()).copied();
        let room = self.bytes.get_mut(..to).and_then(|bytes| bytes.last_chunk_mut::<N>());
        match (block, room) {
            (Some(block), Some(room)) => {
                *room = block;
                true
            }
            _ => false,
        }
    }

    /// All of it.
    pub(super) fn finish(self) -> Bytes {
        Bytes::from(self.bytes).slice(self.start..)
    }
}
