//! Making one point of several that have become the same series.

use std::borrow::Cow;
use std::collections::HashMap;

use super::rows::{Buckets, ExponentialHistogram, Histogram, Number, Point, PointData};
use super::{Frame, FrameBuilder, MetricKind, NO_RECORDED_VALUE};

/// What [`Frame::merge_points`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Points that were added to another one.
    pub merged: u64,
    /// Points that could not be added to the one before them with the same attributes, and were dropped: histograms of other
    /// bounds, and summaries, whose quantiles cannot be combined.
    pub dropped: u64,
}

impl Frame {
    /// Makes one point of all points of a metric that have the same attributes: sums and histograms add up, of gauges the
    /// latest stays, exemplars are kept.
    ///
    /// For delta metrics that is exact. A cumulative sum of several series falls when one of them ends, which a receiver
    /// takes for a restart; where that matters, a View that removes the attribute is the better tool, as the host then
    /// merges over time. Costs little where nothing is to be merged, and about a microsecond a point where something is.
    pub fn merge_points(&mut self) -> Merged {
        let mut merged = Merged::default();
        if !self.has_repeated_series() {
            return merged;
        }
        let mut frame = FrameBuilder::new();
        for metric in self.metrics() {
            frame.open_owner_of(&metric);
            frame.metric(&metric.to_metric());
            let mut series: Vec<Series<'_>> = Vec::new();
            let mut places = HashMap::new();
            for ((set, _), point) in self.series_of(metric.kind(), &metric).zip(metric.points()) {
                let place = *places.entry(set).or_insert(series.len());
                if place == series.len() {
                    series.push(Series::default());
                }
                if let Some(series) = series.get_mut(place) {
                    series.take(point.to_point(), metric.kind(), &mut merged);
                }
            }
            for Series { value, end, open, .. } in &series {
                value.iter().for_each(|point| frame.point(point));
                end.iter().filter(|_| *open == 0).for_each(|point| frame.point(point));
            }
        }
        *self = frame.finish();
        merged
    }

    /// The rows of the points' sets, each with whether its point says that the series has ended; equal sets have equal rows in a frame
    /// whose tables were written or edited by this crate.
    fn series_of<'a>(
        &'a self,
        kind: MetricKind,
        metric: &super::MetricRef<'a>,
    ) -> impl Iterator<Item = (u32, bool)> + use<'a> {
        let columns = match kind {
            MetricKind::Empty | MetricKind::Gauge | MetricKind::Sum => &self.numbers.points,
            MetricKind::Histogram => &self.histograms.points,
            MetricKind::ExponentialHistogram => &self.exponentials.points,
            MetricKind::Summary => &self.summaries.points,
        };
        let sets = columns.attributes.get(metric.rows()).unwrap_or_default();
        let flags = columns.flags.get(metric.rows()).unwrap_or_default();
        sets.iter().copied().zip(flags.iter().map(|flags| flags & NO_RECORDED_VALUE != 0))
    }

    /// Whether a series of a metric has more points than its last value and, behind it, its end.
    fn has_repeated_series(&self) -> bool {
        // For each set the metric it was last seen in, counted from 1, and whether that point was an end.
        let mut seen = vec![(0_usize, false); self.tables.set_ends.len()];
        for (metric, number) in self.metrics().zip(1..) {
            for (set, is_ended) in self.series_of(metric.kind(), &metric) {
                let Some(last) = seen.get_mut(set as usize) else { continue };
                let (before, was_ended) = std::mem::replace(last, (number, is_ended));
                if before == number && (was_ended || !is_ended) {
                    return true;
                }
            }
        }
        false
    }
}

/// What the points with one set become.
#[derive(Default)]
struct Series<'a> {
    value: Option<Point<'a>>,
    /// The point that says that one of them has ended.
    end: Option<Point<'a>>,
    /// How many of them have a value and go on. As long as one does, the whole does.
    open: usize,
    /// True if the last point was a value: an end that follows it is that of the same series, as the host writes them.
    is_behind_value: bool,
}

impl<'a> Series<'a> {
    fn take(&mut self, point: Point<'a>, kind: MetricKind, merged: &mut Merged) {
        let is_ended = point.is_ended();
        if !is_ended {
            self.open += 1;
        } else if self.is_behind_value {
            self.open -= 1;
        }
        self.is_behind_value = !is_ended;
        match if is_ended { &mut self.end } else { &mut self.value } {
            place @ None => *place = Some(point),
            Some(into) => match into.add(point, kind) {
                true => merged.merged += 1,
                false => merged.dropped += 1,
            },
        }
    }
}

impl Point<'_> {
    /// Adds another point of a metric of this kind, whatever its attributes: sums and histograms add up, of gauges the latest
    /// stays, exemplars are kept. The point then covers the time of both. False, and nothing has changed, if the two cannot be
    /// added: histograms of other bounds, and summaries, whose quantiles cannot be combined.
    pub fn add(&mut self, mut point: Self, kind: MetricKind) -> bool {
        // A point without a value only says that a series has ended; as long as another goes on, the whole does.
        if point.is_ended() {
            return true;
        }
        if self.is_ended() {
            let attributes = std::mem::take(&mut self.attributes);
            *self = Self { attributes, ..point };
            return true;
        }
        let later = point.time >= self.time;
        let done = match (&mut self.data, point.data) {
            (PointData::Number(old), PointData::Number(new)) if kind == MetricKind::Sum => {
                *old = sum(*old, new);
                true
            }
            (PointData::Number(old), PointData::Number(new)) => {
                if later {
                    *old = new;
                }
                true
            }
            (PointData::Histogram(old), PointData::Histogram(new)) => histogram(old, &new),
            (PointData::ExponentialHistogram(old), PointData::ExponentialHistogram(new)) => {
                exponential(old, &new);
                true
            }
            _ => false,
        };
        if done {
            self.start = self.start.min(point.start);
            self.time = self.time.max(point.time);
            self.exemplars.append(&mut point.exemplars);
        }
        done
    }
}

fn sum(a: Option<Number>, b: Option<Number>) -> Option<Number> {
    let double = |number: Number| match number {
        Number::Int(int) => int as f64,
        Number::Double(double) => double,
    };
    match (a, b) {
        (Some(Number::Int(a)), Some(Number::Int(b))) => Some(Number::Int(a.saturating_add(b))),
        (Some(a), Some(b)) => Some(Number::Double(double(a) + double(b))),
        (a, b) => a.or(b),
    }
}

fn known(a: Option<f64>, b: Option<f64>, combine: impl Fn(f64, f64) -> f64) -> Option<f64> {
    Some(combine(a?, b?))
}

fn histogram(old: &mut Histogram<'_>, new: &Histogram<'_>) -> bool {
    if old.bounds != new.bounds || old.counts.len() != new.counts.len() {
        return false;
    }
    old.count = old.count.saturating_add(new.count);
    old.sum = known(old.sum, new.sum, |a, b| a + b);
    old.min = known(old.min, new.min, f64::min);
    old.max = known(old.max, new.max, f64::max);
    for (old, new) in old.counts.to_mut().iter_mut().zip(new.counts.iter()) {
        *old = old.saturating_add(*new);
    }
    true
}

fn exponential(old: &mut ExponentialHistogram<'_>, new: &ExponentialHistogram<'_>) {
    let mut new = new.clone();
    let mut scale = old.scale.min(new.scale);
    while !fits(old, &new, scale) {
        scale -= 1;
    }
    coarsen(old, scale);
    coarsen(&mut new, scale);
    // What the wider zero bucket covers is not taken out of the buckets: the values are there all the same.
    old.zero_threshold = old.zero_threshold.max(new.zero_threshold);
    old.zero_count = old.zero_count.saturating_add(new.zero_count);
    old.count = old.count.saturating_add(new.count);
    old.sum = known(old.sum, new.sum, |a, b| a + b);
    old.min = known(old.min, new.min, f64::min);
    old.max = known(old.max, new.max, f64::max);
    buckets(&mut old.positive, &new.positive);
    buckets(&mut old.negative, &new.negative);
}

/// The most buckets of either sign that merging makes, unless a point had more; the specification's default.
const BUCKETS_MAX: i64 = 160;

/// The indices of a point's buckets at a coarser scale, if it has any.
fn indices(buckets: &Buckets<'_>, scale: i32, coarser: i32) -> Option<(i64, i64)> {
    let steps = scale.saturating_sub(coarser).min(31);
    let last = i64::from(buckets.offset) + buckets.counts.len() as i64 - 1;
    (!buckets.counts.is_empty()).then_some((i64::from(buckets.offset) >> steps, last >> steps))
}

/// Whether the buckets of both together are few enough at this scale. At the coarsest there are two at most.
fn fits(a: &ExponentialHistogram<'_>, b: &ExponentialHistogram<'_>, scale: i32) -> bool {
    [(&a.positive, &b.positive), (&a.negative, &b.negative)].into_iter().all(|(of_a, of_b)| {
        match (indices(of_a, a.scale, scale), indices(of_b, b.scale, scale)) {
            (Some((first, last)), Some((other_first, other_last))) => {
                let most = BUCKETS_MAX.max(of_a.counts.len() as i64).max(of_b.counts.len() as i64);
                last.max(other_last) - first.min(other_first) < most
            }
            _ => true,
        }
    })
}

/// Halves the resolution as often as needed: bucket `i` becomes part of bucket `i >> steps`.
fn coarsen(histogram: &mut ExponentialHistogram<'_>, scale: i32) {
    let steps = histogram.scale.saturating_sub(scale).min(31);
    histogram.scale = scale;
    for buckets in [&mut histogram.positive, &mut histogram.negative] {
        let first = buckets.offset >> steps;
        let mut counts: Vec<u64> = Vec::new();
        for (at, count) in buckets.counts.iter().enumerate() {
            let index = (i64::from(buckets.offset) + at as i64) >> steps;
            let place = usize::try_from(index - i64::from(first)).unwrap_or_default();
            if place >= counts.len() {
                counts.resize(place + 1, 0);
            }
            if let Some(into) = counts.get_mut(place) {
                *into = into.saturating_add(*count);
            }
        }
        *buckets = Buckets { offset: first, counts: Cow::Owned(counts) };
    }
}

fn buckets(old: &mut Buckets<'_>, new: &Buckets<'_>) {
    if new.counts.is_empty() {
        return;
    }
    if old.counts.is_empty() {
        *old = Buckets { offset: new.offset, counts: Cow::Owned(new.counts.to_vec()) };
        return;
    }
    let first = old.offset.min(new.offset);
    let end = |buckets: &Buckets<'_>| i64::from(buckets.offset) + buckets.counts.len() as i64;
    let length = usize::try_from(end(old).max(end(new)) - i64::from(first)).unwrap_or_default();
    let mut counts = vec![0_u64; length];
    for buckets in [&*old, new] {
        let at = usize::try_from(i64::from(buckets.offset) - i64::from(first)).unwrap_or_default();
        for (into, count) in counts.iter_mut().skip(at).zip(buckets.counts.iter()) {
            *into = into.saturating_add(*count);
        }
    }
    *old = Buckets { offset: first, counts: Cow::Owned(counts) };
}
