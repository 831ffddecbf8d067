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
        let of = |rows: usize| rows.div_ceil(parts.max(1));
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
            values: Values {
                tags: Vec::with_capacity(self.values),
                bits: Vec::with_capacity(self.values),
                ..Values::default()
            },
            sets: Sets {
                keys: Vec::with_capacity(self.pairs),
                values: Vec::with_capacity(self.pairs),
                offsets: offsets(self.sets),
                kept: KeptSets::with_capacity(self.sets),
            },
            numbers: NumberPoints {
                columns: columns(self.numbers),
                tags: Vec::with_capacity(self.numbers),
                bits: Vec::with_capacity(self.numbers),
            },
            histograms: self.histograms(),
            exponentials: self.exponentials(),
            exemplars: Exemplars {
                attributes: Vec::with_capacity(self.exemplars),
                time: Vec::with_capacity(self.exemplars),
                tags: Vec::with_capacity(self.exemplars),
                bits: Vec::with_capacity(self.exemplars),
                trace_id: Vec::with_capacity(self.exemplars),
                span_id: Vec::with_capacity(self.exemplars),
            },
            ..Frame::default()
        }
    }

    fn histograms(&self) -> HistogramPoints {
        let points = self.histograms;
        HistogramPoints {
            columns: columns(points),
            count: Vec::with_capacity(points),
            known: Vec::with_capacity(points),
            sum: Vec::with_capacity(points),
            min: Vec::with_capacity(points),
            max: Vec::with_capacity(points),
            bounds: Vec::with_capacity(points),
            counts: Vec::with_capacity(self.counts),
            counts_offsets: offsets(points),
        }
    }

    fn exponentials(&self) -> ExponentialPoints {
        let points = self.exponentials;
        ExponentialPoints {
            columns: columns(points),
            count: Vec::with_capacity(points),
            known: Vec::with_capacity(points),
            sum: Vec::with_capacity(points),
            min: Vec::with_capacity(points),
            max: Vec::with_capacity(points),
            scale: Vec::with_capacity(points),
            zero_count: Vec::with_capacity(points),
            zero_threshold: Vec::with_capacity(points),
            positive_offset: Vec::with_capacity(points),
            positive: BucketCounts::with_capacity(points, self.positive),
            negative_offset: Vec::with_capacity(points),
            negative: BucketCounts::with_capacity(points, self.negative),
        }
    }
}

fn offsets(ranges: usize) -> Offsets {
    Offsets { ends: Vec::with_capacity(ranges) }
}

fn columns(points: usize) -> PointColumns {
    PointColumns {
        attributes: Vec::with_capacity(points),
        start: Vec::with_capacity(points),
        time: Vec::with_capacity(points),
        flags: Vec::with_capacity(points),
        exemplars_start: Vec::with_capacity(points),
        exemplars_end: Vec::with_capacity(points),
    }
}
