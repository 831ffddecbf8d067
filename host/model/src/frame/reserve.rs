//! Room for points that are to come.

use super::PointKind;
use super::builder::FrameBuilder;
use super::points::PointColumns;

impl PointColumns {
    fn reserve(&mut self, points: usize) {
        self.attributes.reserve(points);
        self.start.reserve(points);
        self.time.reserve(points);
        self.flags.reserve(points);
        self.exemplars_start.reserve(points);
        self.exemplars_end.reserve(points);
    }
}

impl FrameBuilder {
    /// Makes room for so many more points of the open metric that are like its last one, so that columns are not copied as they grow.
    /// Does so for numbers and explicit histograms, which are what there are many of.
    pub fn expect(&mut self, points: usize) {
        match self.open_kind() {
            PointKind::Gauge | PointKind::Sum => self.expect_numbers(points),
            PointKind::Histogram => self.expect_histograms(points),
            PointKind::None | PointKind::ExponentialHistogram | PointKind::Summary => {}
        }
    }

    fn expect_numbers(&mut self, points: usize) {
        let numbers = &mut self.frame.numbers;
        numbers.columns.reserve(points);
        numbers.tags.reserve(points);
        numbers.bits.reserve(points);
    }

    fn expect_histograms(&mut self, points: usize) {
        let histograms = &mut self.frame.histograms;
        let last = histograms.counts_offsets.len().saturating_sub(1);
        let buckets = histograms.counts_offsets.range(last).len();
        histograms.columns.reserve(points);
        histograms.count.reserve(points);
        histograms.known.reserve(points);
        histograms.sum.reserve(points);
        histograms.min.reserve(points);
        histograms.max.reserve(points);
        histograms.bounds.reserve(points);
        histograms.counts.reserve(points.saturating_mul(buckets));
        histograms.counts_offsets.ends.reserve(points);
    }
}
