//! Some of a frame's points, as requests of a bounded size have them.

mod copy;

use std::borrow::Cow;
use std::num::NonZeroUsize;

use super::{Frame, MetricRef};
use copy::Copy;

/// Consecutive points of a frame with their metrics, in its order. The frame is only looked at: nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    frame: &'a Frame,
    /// The rows of its metrics are from this one to before `metrics_end`.
    metrics_start: usize,
    metrics_end: usize,
    /// Points of its first metric that are before it.
    before: usize,
    /// Points of its last metric that are behind it.
    behind: usize,
    points: usize,
}

impl Frame {
    /// The frame in parts of `points_max` points each (metrics SDK, "Periodic exporting MetricReader", the maximum size of a
    /// batch), the last one of what is left, in its order. A metric's points may be spread over several parts. A frame without
    /// points has no parts.
    pub fn parts(&self, points_max: NonZeroUsize) -> impl Iterator<Item = Part<'_>> {
        self.parts_that(points_max, |_| true)
    }

    /// As [`Frame::parts`], with fewer points in those that are to have fewer: a part that does not `fit` is halved until it does or has
    /// one point.
    pub fn parts_that(
        &self,
        points_max: NonZeroUsize,
        fit: impl Fn(Part<'_>) -> bool,
    ) -> impl Iterator<Item = Part<'_>> {
        let mut rest = Part::from(self);
        std::iter::from_fn(move || {
            let (mut part, mut behind) = rest.split_at(points_max.get());
            while part.points > 1 && !fit(part) {
                (part, behind) = rest.split_at(part.points / 2);
            }
            rest = behind;
            (part.points > 0).then_some(part)
        })
    }

    /// The frame without its first points; copies what is left, unless that is all of it.
    pub fn without_first(self, points: usize) -> Self {
        if points == 0 { self } else { Part::from(&self).split_at(points).1.copied() }
    }
}

impl<'a> From<&'a Frame> for Part<'a> {
    fn from(frame: &'a Frame) -> Self {
        let (metrics_end, points) = (frame.metrics.name.len(), frame.point_count());
        Self { frame, metrics_start: 0, metrics_end, before: 0, behind: 0, points }
    }
}

impl<'a> Part<'a> {
    /// What it is part of.
    pub fn frame(&self) -> &'a Frame {
        self.frame
    }

    /// How many points it has.
    pub fn point_count(&self) -> usize {
        self.points
    }

    /// Its metrics, each with those of its points that are in the part.
    pub fn metrics(&self) -> impl DoubleEndedIterator<Item = MetricRef<'a>> + ExactSizeIterator + use<'a> {
        let part = *self;
        (part.metrics_start..part.metrics_end).map(move |row| {
            let before = if row == part.metrics_start { part.before } else { 0 };
            let behind = if row + 1 == part.metrics_end { part.behind } else { 0 };
            MetricRef::new(part.frame, row).between(before, behind)
        })
    }

    /// The first points, and the rest, of a part that ends with the frame. A metric without points goes with the one before it.
    fn split_at(self, points: usize) -> (Self, Self) {
        let mut first = Self { metrics_end: self.metrics_start, behind: 0, points: 0, ..self };
        let mut rest = self;
        for metric in self.metrics() {
            let (length, room) = (metric.points().len(), points - first.points);
            if length > room {
                if room > 0 {
                    rest.before += room;
                    first =
                        Self { metrics_end: first.metrics_end + 1, behind: length - room, points, ..first };
                }
                break;
            }
            first.metrics_end += 1;
            first.points += length;
            (rest.metrics_start, rest.before) = (first.metrics_end, 0);
        }
        rest.points = self.points.saturating_sub(first.points);
        (first, rest)
    }

    /// The part as a frame of its own, which names its metrics' scopes and resources again; all of a frame is that frame.
    pub fn to_frame(&self) -> Cow<'a, Frame> {
        let is_whole = self.points == self.frame.point_count();
        if is_whole { Cow::Borrowed(self.frame) } else { Cow::Owned(self.copied()) }
    }

    fn copied(&self) -> Frame {
        let mut copy = Copy::of(self.frame);
        self.metrics().for_each(|metric| copy.metric(metric));
        copy.finish()
    }
}

#[cfg(test)]
mod tests;
