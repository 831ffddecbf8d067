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
    /// Does so for all but summaries, of which there are few.
    pub fn expect(&mut self, points: usize) {
        match self.open_kind() {
            PointKind::Gauge | PointKind::Sum => self.expect_numbers(points),
            PointKind::Histogram => self.expect_histograms(points),
            PointKind::ExponentialHistogram => self.expect_exponentials(points),
            PointKind::None | PointKind::Summary => {}
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

    fn expect_exponentials(&mut self, points: usize) {
        let exponentials = &mut self.frame.exponentials;
        exponentials.columns.reserve(points);
        exponentials.count.reserve(points);
        exponentials.known.reserve(points);
        exponentials.sum.reserve(points);
        exponentials.min.reserve(points);
        exponentials.max.reserve(points);
        exponentials.scale.reserve(points);
        exponentials.zero_count.reserve(points);
        exponentials.zero_threshold.reserve(points);
        exponentials.positive_offset.reserve(points);
        exponentials.positive.expect(points);
        exponentials.negative_offset.reserve(points);
        exponentials.negative.expect(points);
    }
}
