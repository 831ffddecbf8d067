//! How large a frame is, so that the next one need not grow to that.

use super::points::PointColumns;
use super::tables::{KeptSets, Offsets};
use super::{
    BucketCounts, Exemplars, ExponentialPoints, Frame, HistogramPoints, NumberPoints, Sets, Strings, Values,
};

/// How many rows the tables of a frame have that grow with its points. Resources, scopes, metrics, bounds and summaries are not
/// among them: there are few of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameSizes {
    /// Bytes of text.
    text: usize,
    pub(super) strings: usize,
    values: usize,
    sets: usize,
    /// How many of them are in rows.
    pub(super) interned: usize,
    /// The attributes of all sets.
    pairs: usize,
    numbers: usize,
    histograms: usize,
    counts: usize,
    exponentials: usize,
    /// Bytes of counts.
    positive: usize,
    negative: usize,
    exemplars: usize,
}

impl Frame {
    /// How large the frame is.
    pub fn sizes(&self) -> FrameSizes {
        FrameSizes {
            text: self.strings.text.len(),
            strings: self.strings.offsets.len(),
            values: self.values.tags.len(),
            sets: self.sets.len(),
            interned: self.sets.len().saturating_sub(self.sets.kept.bare()),
            pairs: self.sets.keys.len(),
            numbers: self.numbers.columns.len(),
            histograms: self.histograms.columns.len(),
            counts: self.histograms.counts.len(),
            exponentials: self.exponentials.columns.len(),
            positive: self.exponentials.positive.bytes(),
            negative: self.exponentials.negative.bytes(),
            exemplars: self.exemplars.time.len(),
        }
    }
}

impl FrameSizes {
    /// Those of one of so many parts that are about alike.
    #[must_use]
    pub fn share(&self, parts: usize) -> Self {
        self.each(|rows| rows.div_ceil(parts.max(1)))
    }

    /// Those of the next of frames that get larger little by little, which a single row too many would make take room for twice as many.
    #[must_use]
    pub fn and_some(&self) -> Self {
        self.each(|rows| rows + rows / 16)
    }

    fn each(&self, of: impl Fn(usize) -> usize) -> Self {
        Self {
            text: of(self.text),
            strings: of(self.strings),
            values: of(self.values),
            sets: of(self.sets),
            interned: of(self.interned),
            pairs: of(self.pairs),
            numbers: of(self.numbers),
            histograms: of(self.histograms),
            counts: of(self.counts),
            exponentials: of(self.exponentials),
            positive: of(self.positive),
            negative: of(self.negative),
            exemplars: of(self.exemplars),
        }
    }

    /// A frame with no rows and room for so many.
    pub(super) fn room(&self) -> Frame {
        Frame {
            strings: Strings { text: String::with_capacity(self.text), offsets: offsets(self.strings) },
            values: Values { tags: column(self.values), bits: column(self.values), ..Values::default() },
            sets: Sets {
                keys: column(self.pairs),
                values: column(self.pairs),
                offsets: offsets(self.sets),
                kept: KeptSets::with_capacity(self.sets),
            },
            numbers: NumberPoints {
                columns: columns(self.numbers),
                tags: column(self.numbers),
                bits: column(self.numbers),
            },
            histograms: self.histograms(),
            exponentials: self.exponentials(),
            exemplars: Exemplars {
                attributes: column(self.exemplars),
                time: column(self.exemplars),
                tags: column(self.exemplars),
                bits: column(self.exemplars),
                trace_id: column(self.exemplars),
                span_id: column(self.exemplars),
            },
            ..Frame::default()
        }
    }

    fn histograms(&self) -> HistogramPoints {
        let points = self.histograms;
        HistogramPoints {
            columns: columns(points),
            count: column(points),
            known: column(points),
            sum: column(points),
            min: column(points),
            max: column(points),
            bounds: column(points),
            counts: column(self.counts),
            counts_offsets: offsets(points),
        }
    }

    fn exponentials(&self) -> ExponentialPoints {
        let points = self.exponentials;
        ExponentialPoints {
            columns: columns(points),
            count: column(points),
            known: column(points),
            sum: column(points),
            min: column(points),
            max: column(points),
            scale: column(points),
            zero_count: column(points),
            zero_threshold: column(points),
            positive_offset: column(points),
            positive: BucketCounts::with_capacity(points, self.positive),
            negative_offset: column(points),
            negative: BucketCounts::with_capacity(points, self.negative),
        }
    }
}

/// A column with room for so many rows.
///
/// Allocators have pages of their own for what is large, and give them back when it is freed; what is not, they keep for the next of the
/// kind. A frame is there for a moment of each interval, and its columns together may be most of what a host takes beside its series. So
/// large ones are made so large that no allocator keeps them. What is not written to takes no memory.
pub(super) fn column<T>(rows: usize) -> Vec<T> {
    /// The largest size from which on an allocator that decides by size has pages of their own for blocks; that of `wasmeter`.
    const PAGES_OF_THEIR_OWN_BYTES: usize = 4 << 20;
    let bytes = rows.saturating_mul(size_of::<T>());
    let room = match (PAGES_OF_THEIR_OWN_BYTES / 8..PAGES_OF_THEIR_OWN_BYTES).contains(&bytes) {
        true => PAGES_OF_THEIR_OWN_BYTES.div_ceil(size_of::<T>()),
        false => rows,
    };
    Vec::with_capacity(room)
}

fn offsets(ranges: usize) -> Offsets {
    Offsets { ends: column(ranges) }
}

fn columns(points: usize) -> PointColumns {
    PointColumns {
        attributes: column(points),
        start: column(points),
        time: column(points),
        flags: column(points),
        exemplars_start: column(points),
        exemplars_end: column(points),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_small_or_so_large_that_they_are_given_back() {
        let bytes = |rows| column::<u64>(rows).capacity() * size_of::<u64>();
        assert_eq!(bytes(1000), 8000);
        assert_eq!(bytes(1 << 16), 4 << 20);
        assert_eq!(bytes((1 << 19) - 1), 4 << 20);
        assert_eq!(bytes(1 << 20), 8 << 20);
        assert_eq!(column::<[u8; 3]>(1 << 20).capacity(), (4_usize << 20).div_ceil(3));
    }
}
