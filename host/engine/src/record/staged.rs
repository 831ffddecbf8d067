//! What measurements become before they reach their series.

use std::sync::Arc;

use thin_vec::ThinVec;
use wasmeter_model::{Number, NumberKind, Timestamp};

use super::registers::Registers;
use crate::aggregate::{DoubleSum, ExponentialHistogram, NumberSum, are_equal};
use crate::views::Aggregator;

/// Up to so many bounds comparing with all of them is faster than searching.
const COMPARED_MAX: usize = 32;
/// How many bounds are compared at a time.
const CHUNK: usize = 8;

/// The bounds of a histogram.
#[derive(Clone, Debug)]
struct Bounds {
    all: Arc<[f64]>,
    /// The same in chunks, of which the last is filled up with infinities: no finite value is above them.
    chunks: Arc<[[f64; CHUNK]]>,
}

/// What has to be kept of an instrument's measurements so that every stream it feeds can be given its part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    /// The total, beside histograms; without any it is kept in any case.
    total: bool,
    /// The last value.
    last: bool,
    histograms: ThinVec<Histogram>,
}

/// Which histogram of measurements is kept.
#[derive(Clone, Debug, PartialEq)]
enum Histogram {
    /// With these bounds.
    Explicit(Bounds),
    /// Of this size and largest scale.
    Exponential(u32, i8),
}

impl Shape {
    /// Makes room for a stream of this aggregation; `bounds` are those of an explicit histogram.
    pub(crate) fn include(&mut self, aggregator: &Aggregator, bounds: &Arc<[f64]>) {
        match aggregator {
            Aggregator::Drop => {}
            Aggregator::Sum => self.total = true,
            Aggregator::LastValue => self.last = true,
            Aggregator::Explicit { .. } => self.include_histogram(Histogram::Explicit(Bounds::new(bounds))),
            Aggregator::Exponential { max_size, max_scale, .. } => {
                self.include_histogram(Histogram::Exponential(*max_size, *max_scale));
            }
        }
    }

    fn include_histogram(&mut self, histogram: Histogram) {
        if !self.histograms.contains(&histogram) {
            self.histograms.push(histogram);
        }
    }

    fn explicit(&self) -> impl Iterator<Item = &Bounds> {
        self.histograms.iter().filter_map(|histogram| match histogram {
            Histogram::Explicit(bounds) => Some(bounds),
            Histogram::Exponential(..) => None,
        })
    }

    fn exponential(&self) -> impl Iterator<Item = (u32, i8)> {
        self.histograms.iter().filter_map(|histogram| match histogram {
            Histogram::Exponential(max_size, max_scale) => Some((*max_size, *max_scale)),
            Histogram::Explicit(_) => None,
        })
    }

    /// Makes room for the total, whatever the streams are.
    pub(crate) fn include_total(&mut self) {
        self.total = true;
    }

    /// The same for the last value.
    pub(crate) fn include_last(&mut self) {
        self.last = true;
    }

    /// True if count and total are all there is to keep.
    pub(crate) fn is_total_only(&self) -> bool {
        !self.last && self.histograms.is_empty()
    }

    /// True if a histogram of some bounds is all there is to keep.
    fn is_explicit_only(&self) -> bool {
        !self.total && !self.last && matches!(self.histograms[..], [Histogram::Explicit(_)])
    }

    /// True if the time of a measurement matters.
    pub(crate) fn has_time(&self) -> bool {
        self.last
    }
}

/// A last value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Last {
    pub(crate) value: Number,
    pub(crate) time: Timestamp,
    /// Grows with each measurement of the instrument, whichever thread makes it.
    pub(crate) order: u64,
}

/// Measurements of one attribute set that have not reached their series yet.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) count: u64,
    /// Zero if nobody asks for it.
    pub(crate) total: NumberSum,
    has_total: bool,
    /// True if `explicit` is all there is beside the count, as it is nearly always.
    is_explicit_only: bool,
    pub(crate) last: Option<Last>,
    /// The first one, without a further step to it: seldom is there another.
    explicit: Option<StagedExplicit>,
    more_explicit: Vec<StagedExplicit>,
    exponential: Vec<(i8, ExponentialHistogram)>,
}

/// Measurements counted in buckets.
#[derive(Debug)]
pub(crate) struct StagedExplicit {
    pub(crate) bounds: Arc<[f64]>,
    chunks: Arc<[[f64; CHUNK]]>,
    /// One more than bounds.
    pub(crate) counts: Box<[u64]>,
    pub(crate) sum: DoubleSum,
    /// Infinite if there was no value.
    pub(crate) min: f64,
    /// As `min`.
    pub(crate) max: f64,
}

impl Staged {
    /// Room for measurements; allocates as much as all of them will need but what exponential histograms grow by.
    pub(crate) fn new(shape: &Shape, kind: NumberKind) -> Self {
        let exponential =
            |(max_size, max_scale): (u32, i8)| (max_scale, ExponentialHistogram::new(max_size, max_scale));
        Self {
            count: 0,
            total: NumberSum::zero(kind),
            has_total: shape.total,
            is_explicit_only: shape.is_explicit_only(),
            last: None,
            explicit: shape.explicit().next().map(StagedExplicit::new),
            more_explicit: shape.explicit().skip(1).map(StagedExplicit::new).collect(),
            exponential: shape.exponential().map(exponential).collect(),
        }
    }

    /// Takes in a finite measurement without its time.
    #[inline(always)]
    pub(super) fn record_untimed(&mut self, value: Registers) {
        match &mut self.explicit {
            Some(histogram) if self.is_explicit_only => {
                self.count += 1;
                histogram.record(value.as_f64());
            }
            _ => self.record_any(value),
        }
    }

    #[inline(never)]
    fn record_any(&mut self, value: Registers) {
        self.record(value.number(), None);
    }

    /// Takes in a finite measurement.
    pub(super) fn record(&mut self, value: Number, last: Option<Last>) {
        self.count += 1;
        if self.has_total {
            self.total.add(value);
        }
        if last.is_some() {
            self.last = last;
        }
        if let Some(histogram) = &mut self.explicit {
            histogram.record(value.as_f64());
        }
        for histogram in &mut self.more_explicit {
            histogram.record(value.as_f64());
        }
        for (_, histogram) in &mut self.exponential {
            histogram.record(value.as_f64());
        }
    }

    /// Empties it and keeps its memory.
    pub(crate) fn clear(&mut self, kind: NumberKind) {
        self.count = 0;
        self.total = NumberSum::zero(kind);
        self.last = None;
        self.explicit.iter_mut().chain(&mut self.more_explicit).for_each(StagedExplicit::clear);
        for (max_scale, histogram) in &mut self.exponential {
            histogram.clear(*max_scale);
        }
    }

    /// The histogram of these bounds.
    pub(crate) fn explicit(&self, bounds: &[f64]) -> Option<&StagedExplicit> {
        self.explicit.iter().chain(&self.more_explicit).find(|histogram| are_equal(&histogram.bounds, bounds))
    }

    /// The histogram of this size and largest scale.
    pub(crate) fn exponential(&self, max_size: u32, max_scale: i8) -> Option<&ExponentialHistogram> {
        let is_it = |(scale, histogram): &&(i8, ExponentialHistogram)| {
            *scale == max_scale && histogram.max_size() == max_size.max(2)
        };
        self.exponential.iter().find(is_it).map(|(_, histogram)| histogram)
    }
}

impl Bounds {
    fn new(all: &Arc<[f64]>) -> Self {
        let chunk = |bounds: &[f64]| {
            let mut chunk = [f64::INFINITY; CHUNK];
            chunk.iter_mut().zip(bounds).for_each(|(place, bound)| *place = *bound);
            chunk
        };
        Self { all: all.clone(), chunks: all.chunks(CHUNK).map(chunk).collect() }
    }
}

impl PartialEq for Bounds {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl StagedExplicit {
    fn new(bounds: &Bounds) -> Self {
        Self {
            bounds: bounds.all.clone(),
            chunks: bounds.chunks.clone(),
            counts: vec![0; bounds.all.len() + 1].into(),
            sum: DoubleSum::default(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }

    /// Counts a value: buckets are `(lower, upper]`.
    #[inline(always)]
    fn record(&mut self, value: f64) {
        let bucket = if self.chunks.len() <= COMPARED_MAX / CHUNK {
            // No branch depends on the value, and the compiler compares several at once.
            let mut below = [0; CHUNK];
            for chunk in self.chunks.iter() {
                for (below, bound) in below.iter_mut().zip(chunk) {
                    *below += u64::from(*bound < value);
                }
            }
            usize::try_from(below.iter().sum::<u64>()).unwrap_or(usize::MAX)
        } else {
            self.bounds.partition_point(|bound| *bound < value)
        };
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum.add(value);
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
    }

    fn clear(&mut self) {
        self.counts.fill(0);
        self.sum = DoubleSum::default();
        (self.min, self.max) = (f64::INFINITY, f64::NEG_INFINITY);
    }
}
