//! Counts of buckets in as many bytes as they need.
//!
//! An exponential histogram has up to 160 buckets of either sign and more if a plugin asks for it, most of them empty or nearly so. As
//! 64 bits each they are what a frame mostly consists of; as a packed field of protobuf has them, they are an eighth of that and go
//! from a request and into one as they are.

use super::check::covers;
use super::sizes::column;
use super::{FrameFault, Offsets};
use crate::total_count;

/// The longest encoding of a count.
const BYTES_MAX: usize = 10;

/// The counts of the buckets of many points, one row each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketCounts {
    packed: Vec<u8>,
    /// The bytes of each row.
    rows: Offsets,
}

impl BucketCounts {
    /// No row yet, and room for so many, of so many bytes together.
    pub(super) fn with_capacity(rows: usize, bytes: usize) -> Self {
        Self { packed: column(bytes), rows: Offsets { ends: column(rows) } }
    }

    /// Of a column of counts and the end of each row in it; `table` and `column` are for the error.
    ///
    /// # Errors
    ///
    /// The ends are not those of consecutive rows that cover the counts.
    pub fn from_column(
        table: &'static str,
        column: &str,
        counts: &[u64],
        ends: Vec<u32>,
    ) -> Result<Self, FrameFault> {
        let ranges = Offsets { ends };
        covers(table, column, &ranges, counts.len())?;
        let mut rows = Self::with_capacity(ranges.len(), counts.len());
        for row in 0..ranges.len() {
            rows.push(counts.get(ranges.range(row)).unwrap_or_default().into());
        }
        Ok(rows)
    }

    /// As a column of counts and the end of each row in it.
    pub fn to_column(&self) -> (Vec<u64>, Vec<u32>) {
        let mut counts = Vec::with_capacity(self.packed.len());
        let mut end_of = |row| {
            self.get(row).unpack_into(&mut counts);
            u32::try_from(counts.len()).unwrap_or(u32::MAX)
        };
        let ends = (0..self.len()).map(&mut end_of).collect();
        (counts, ends)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.packed.len()
    }

    /// The counts of a row; none if there is no such row.
    #[inline]
    pub fn get(&self, row: usize) -> PackedCounts<'_> {
        PackedCounts(self.packed.get(self.rows.range(row)).unwrap_or_default())
    }

    /// Makes room for so many more rows like the last one.
    pub(super) fn expect(&mut self, rows: usize) {
        let bytes = self.rows.range(self.len().saturating_sub(1)).len();
        self.packed.reserve(rows.saturating_mul(bytes));
        self.rows.ends.reserve(rows);
    }

    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, counts: RowCounts<'_>) {
        match counts {
            RowCounts::Packed(counts) => self.packed.extend_from_slice(counts.0),
            RowCounts::List(counts) => pack(counts, &mut self.packed),
            RowCounts::Narrow(counts) => pack(counts, &mut self.packed),
        }
        self.rows.close(self.packed.len());
    }

    /// Adds all rows of others.
    pub(super) fn join(&mut self, others: &Self) {
        self.rows.join(&others.rows, self.packed.len());
        self.packed.extend_from_slice(&others.packed);
    }

    /// Removes the last count there is.
    #[cfg(test)]
    pub(super) fn cut(&mut self) {
        self.rows.ends.pop();
    }
}

#[inline]
fn pack<T: Copy + Into<u64>>(counts: &[T], packed: &mut Vec<u8>) {
    let bits = counts.iter().fold(0, |bits, count| bits | (*count).into());
    if bits < 0x80 {
        return packed.extend(counts.iter().map(|count| (*count).into().to_le_bytes()[0]));
    }
    for count in counts {
        let mut left = (*count).into();
        while left >= 0x80 {
            packed.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        packed.push(left.to_le_bytes()[0]);
    }
}

/// The counts of one point's buckets, each in as many bytes as it needs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PackedCounts<'a>(&'a [u8]);

impl<'a> PackedCounts<'a> {
    /// What a packed field of protobuf holds. `None` if it is cut off, if a number exceeds 64 bits or takes more bytes than it needs.
    #[inline]
    pub fn read(packed: &'a [u8]) -> Option<Self> {
        (packed.is_ascii() || is_packed(packed)).then_some(Self(packed))
    }

    /// As in a packed field of protobuf.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// How many counts there are.
    #[inline]
    pub fn len(self) -> usize {
        if self.0.is_ascii() {
            return self.0.len();
        }
        // The last byte of each is below 128.
        self.0.iter().filter(|byte| **byte < 0x80).count()
    }

    /// True if there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The counts.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = u64> + use<'a> {
        Unpacked(self.0)
    }

    /// Adds them to a list.
    #[inline]
    pub fn unpack_into(self, counts: &mut Vec<u64>) {
        // Those of one byte each are the rule, and then as many are written at a time as a register holds.
        if self.0.is_ascii() {
            counts.extend(self.0.iter().map(|byte| u64::from(*byte)));
        } else {
            counts.reserve(self.0.len());
            counts.extend(self.iter());
        }
    }

    /// The counts as a list.
    pub fn to_vec(self) -> Vec<u64> {
        let mut counts = Vec::new();
        self.unpack_into(&mut counts);
        counts
    }

    /// The sum of them, which may exceed 64 bits.
    #[inline]
    pub fn total(self) -> u128 {
        if self.0.is_ascii() {
            return self.0.iter().map(|byte| u64::from(*byte)).sum::<u64>().into();
        }
        self.iter().map(u128::from).sum()
    }
}

impl std::fmt::Debug for PackedCounts<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_list().entries(self.iter()).finish()
    }
}

struct Unpacked<'a>(&'a [u8]);

impl Iterator for Unpacked<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        if *first < 0x80 {
            return Some(u64::from(*first));
        }
        let mut value = u64::from(*first & 0x7f);
        for place in 1..BYTES_MAX {
            let Some((byte, rest)) = self.0.split_first() else { break };
            self.0 = rest;
            value |= u64::from(*byte & 0x7f) << (7 * place);
            if *byte < 0x80 {
                break;
            }
        }
        Some(value)
    }
}

/// True if these are numbers of up to 64 bits, none of them in more bytes than it needs.
fn is_packed(packed: &[u8]) -> bool {
    let numbers = packed.split_inclusive(|byte| *byte < 0x80);
    let is_number = |bytes: &[u8]| match (bytes.len(), bytes.last()) {
        (1, Some(last)) => *last < 0x80,
        (BYTES_MAX, Some(last)) => *last == 1,
        (2..BYTES_MAX, Some(last)) => (1..0x80).contains(last),
        _ => false,
    };
    numbers.into_iter().all(is_number)
}

/// Counts on their way into a frame.
#[derive(Clone, Copy, Debug)]
pub enum RowCounts<'a> {
    /// One by one.
    List(&'a [u64]),
    /// The same in two bytes each.
    Narrow(&'a [u16]),
    /// As another frame or a request has them.
    Packed(PackedCounts<'a>),
}

impl RowCounts<'_> {
    /// The sum of them, which may exceed 64 bits.
    #[inline]
    pub fn total(self) -> u128 {
        match self {
            Self::List(counts) => total_count(counts),
            Self::Narrow(counts) => counts.iter().copied().map(u64::from).sum::<u64>().into(),
            Self::Packed(counts) => counts.total(),
        }
    }
}

impl Default for RowCounts<'_> {
    fn default() -> Self {
        Self::List(&[])
    }
}

impl<'a> From<&'a [u64]> for RowCounts<'a> {
    fn from(counts: &'a [u64]) -> Self {
        Self::List(counts)
    }
}

impl<'a, const COUNT: usize> From<&'a [u64; COUNT]> for RowCounts<'a> {
    fn from(counts: &'a [u64; COUNT]) -> Self {
        Self::List(counts)
    }
}

impl<'a> From<&'a Vec<u64>> for RowCounts<'a> {
    fn from(counts: &'a Vec<u64>) -> Self {
        Self::List(counts)
    }
}

impl<'a> From<PackedCounts<'a>> for RowCounts<'a> {
    fn from(counts: PackedCounts<'a>) -> Self {
        Self::Packed(counts)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn counts() -> impl Strategy<Value = Vec<u64>> {
        vec(prop_oneof![0..3_u64, 0..300_u64, any::<u64>(), (0..64_u32).prop_map(|bits| 1 << bits)], 0..40)
    }

    /// As protobuf says it, one number at a time.
    fn written(counts: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for count in counts {
            let groups = (64 - (count | 1).leading_zeros()).div_ceil(7);
            bytes.extend((0..groups).map(|group| {
                let seven = u8::try_from((count >> (7 * group)) & 0x7f).unwrap();
                if group + 1 < groups { seven | 0x80 } else { seven }
            }));
        }
        bytes
    }

    proptest! {
        #[test]
        fn rows_are_what_was_written(rows in vec(counts(), 0..8)) {
            let mut all = BucketCounts::default();
            for row in &rows {
                all.push(row.into());
                all.push(PackedCounts::read(&written(row)).unwrap().into());
            }
            for (place, row) in rows.iter().enumerate() {
                for found in [all.get(2 * place), all.get(2 * place + 1)] {
                    prop_assert_eq!(found.bytes(), written(row));
                    prop_assert_eq!((&found.to_vec(), found.len(), found.is_empty()), (row, row.len(), row.is_empty()));
                    prop_assert!(found.iter().eq(row.iter().copied()));
                    let total = row.iter().map(|count| u128::from(*count)).sum::<u128>();
                    prop_assert_eq!((found.total(), RowCounts::from(row).total()), (total, total));
                }
            }
            let (list, ends) = all.to_column();
            prop_assert_eq!(list, rows.iter().flat_map(|row| [row, row]).flatten().copied().collect::<Vec<_>>());
            prop_assert_eq!(BucketCounts::from_column("t", "c", &all.to_column().0, ends).unwrap(), all);
        }

        /// Whatever is read is what would be written for it.
        #[test]
        fn no_bytes_are_read_that_would_not_be_written(bytes in vec(prop_oneof![0..3_u8, 0x7e..0x83_u8, any::<u8>()], 0..24)) {
            let again = PackedCounts::read(&bytes).map(|counts| written(&counts.to_vec()));
            prop_assert!(again.is_none_or(|again| again == bytes));
        }
    }

    #[test]
    fn numbers_that_are_cut_off_too_large_or_too_long_are_not_read() {
        let largest = written(&[u64::MAX]);
        assert_eq!(PackedCounts::read(&largest).map(PackedCounts::to_vec), Some(vec![u64::MAX]));
        for wrong in [&[0x80][..], &[5, 0xff], &[0x80, 0], &[0x81, 0x80, 0], &[0xff; 11]] {
            assert_eq!(PackedCounts::read(wrong), None, "{wrong:?}");
        }
        let mut larger = largest.clone();
        *larger.last_mut().unwrap() = 2;
        assert_eq!(PackedCounts::read(&larger), None);
        assert_eq!(PackedCounts::read(&[&[0xff; 10][..], &[1]].concat()), None);
    }

    #[test]
    fn rows_that_do_not_cover_their_counts_are_refused() {
        for ends in [vec![1, 3], vec![2, 1], vec![1, 5], vec![]] {
            let fault = BucketCounts::from_column("exponentials", "positive", &[1, 2], ends).unwrap_err();
            assert!(
                fault.to_string().contains("`positive`") || fault.to_string().contains("positive"),
                "{fault}"
            );
        }
    }
}
