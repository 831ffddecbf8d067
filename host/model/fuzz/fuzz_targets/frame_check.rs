//! Frames that hold together, with some cells overwritten: refused, or what readers of frames rely on is so, and never a panic.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use wasmeter_model::batch::Batch;
use wasmeter_model::frame::{
    ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader,
    PointKind, SetId, SummaryRow,
};
use wasmeter_model::{Number, Temporality, Timestamp, ValueRef};

/// What the fuzzer chose, 0 once that is used up.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or_default()
    }

    fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    /// Mostly small, and sometimes as large as can be.
    fn index(&mut self) -> u32 {
        match self.byte() {
            255 => u32::MAX,
            254 => u32::from(self.byte()) << 24,
            small => u32::from(small % 16),
        }
    }

    fn value(&mut self) -> ValueRef<'static> {
        match self.below(9) {
            0 => ValueRef::Double(0.0),
            1 => ValueRef::Double(-0.0),
            2 => ValueRef::Double(f64::NAN),
            3 => ValueRef::Double(-f64::NAN),
            4 => ValueRef::Int(1),
            5 => ValueRef::Bool(true),
            6 => ValueRef::Bytes(b"b"),
            7 => ValueRef::String(""),
            _ => ValueRef::String("text"),
        }
    }

    fn set(&mut self, frame: &mut FrameBuilder) -> SetId {
        let mut pairs = Vec::new();
        for key in ["a", "b", "ключ"] {
            if self.below(2) == 1 {
                pairs.push((key, self.value()));
            }
        }
        if self.below(4) == 1 {
            pairs.reverse();
        }
        frame.set(pairs)
    }

    fn frame(&mut self) -> Frame {
        let mut frame = FrameBuilder::new();
        for _ in 0..self.below(3) {
            let attributes = self.set(&mut frame);
            frame.resource(attributes, "", 0);
            let attributes = self.set(&mut frame);
            frame.scope("scope", "", "", attributes, 0);
            for _ in 0..self.below(4) {
                self.metric(&mut frame);
            }
        }
        frame.finish()
    }

    fn metric(&mut self, frame: &mut FrameBuilder) {
        let kinds = [
            PointKind::Gauge,
            PointKind::Sum,
            PointKind::Histogram,
            PointKind::ExponentialHistogram,
            PointKind::Summary,
        ];
        let kind = kinds[usize::from(self.below(5))];
        let temporality =
            (kind != PointKind::Gauge && kind != PointKind::Summary).then_some(Temporality::Delta);
        let metadata = self.set(frame);
        let row = MetricRow { name: "m", description: "", unit: "s", kind, temporality, monotonic: false };
        frame.metric(row, metadata);
        for _ in 0..self.below(5) {
            let attributes = self.set(frame);
            if self.below(3) == 1 {
                let attributes = self.set(frame);
                let value = Some(Number::Double(0.5));
                frame.exemplar(ExemplarRow {
                    attributes,
                    time: Timestamp(1),
                    value,
                    trace_id: 1,
                    span_id: 1,
                });
            }
            let flags = u32::from(self.below(4) == 1);
            let header = PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags };
            match kind {
                PointKind::Histogram => {
                    let (bounds, counts): (&[f64], &[u64]) = match self.below(3) {
                        0 => (&[], &[]),
                        1 => (&[1.0], &[1, 2]),
                        _ => (&[1.0, 2.0], &[1, 2, 0]),
                    };
                    let (count, sum) = (counts.iter().sum(), Some(1.5));
                    frame.histogram(HistogramRow {
                        header,
                        count,
                        sum,
                        min: None,
                        max: None,
                        bounds,
                        counts,
                    });
                }
                PointKind::ExponentialHistogram => {
                    let positive = (0, (&[1, 2]).into());
                    let (count, zero_count) = (4, 1);
                    frame.exponential(ExponentialRow {
                        header,
                        count,
                        zero_count,
                        positive,
                        ..<_>::default()
                    });
                }
                PointKind::Summary => {
                    frame.summary(SummaryRow { header, count: 2, sum: 3.0, quantiles: &[(0.5, 1.0)] });
                }
                _ => frame.number(NumberRow { header, value: Some(Number::Int(1)) }),
            }
        }
    }

    /// Overwrites, adds or takes away one cell of a column.
    fn spoil<T>(&mut self, column: &mut Vec<T>, cell: impl FnOnce(&mut Self) -> T) {
        match self.below(4) {
            0 => column.push(cell(self)),
            1 => drop(column.pop()),
            _ => {
                let place = usize::from(self.byte());
                let len = column.len().max(1);
                if let Some(at) = column.get_mut(place % len) {
                    *at = cell(self);
                }
            }
        }
    }

    fn spoil_frame(&mut self, frame: &mut Frame) {
        let index = |choices: &mut Self| choices.index();
        let set = |choices: &mut Self| SetId(choices.index());
        match self.below(24) {
            0 => self.spoil(&mut frame.strings.offsets.ends, index),
            1 => self.spoil(&mut frame.values.tags, |choices| choices.byte() % 10),
            2 => self.spoil(&mut frame.values.bits, |choices| u64::from(choices.index())),
            3 => self.spoil(&mut frame.values.blob, Self::byte),
            4 => self.spoil(&mut frame.values.blobs.ends, index),
            5 => {
                let known = frame.sets.keys.clone();
                self.spoil(&mut frame.sets.keys, |choices| {
                    known.get(usize::from(choices.byte()) % known.len().max(1)).copied().unwrap_or_default()
                });
            }
            6 => {
                let known = frame.sets.values.clone();
                self.spoil(&mut frame.sets.values, |choices| {
                    known.get(usize::from(choices.byte()) % known.len().max(1)).copied().unwrap_or_default()
                });
            }
            7 => self.spoil(&mut frame.sets.offsets.ends, index),
            8 => self.spoil(&mut frame.bounds.bounds, |choices| f64::from(choices.byte())),
            9 => self.spoil(&mut frame.bounds.offsets.ends, index),
            10 => self.spoil(&mut frame.resources.attributes, set),
            11 => self.spoil(&mut frame.scopes.resource, index),
            12 => self.spoil(&mut frame.metrics.scope, index),
            13 => self.spoil(&mut frame.metrics.points_start, index),
            14 => self.spoil(&mut frame.metrics.points_end, index),
            15 => self.spoil(&mut frame.metrics.metadata, set),
            16 => self.spoil(&mut frame.numbers.columns.attributes, set),
            17 => self.spoil(&mut frame.numbers.columns.flags, index),
            18 => self.spoil(&mut frame.numbers.columns.exemplars_end, index),
            19 => self.spoil(&mut frame.numbers.tags, |choices| choices.byte() % 5),
            20 => self.spoil(&mut frame.histograms.counts, |choices| u64::from(choices.index())),
            21 => self.spoil(&mut frame.histograms.counts_offsets.ends, index),
            22 => self.spoil(&mut frame.histograms.columns.attributes, set),
            _ => self.spoil(&mut frame.exemplars.attributes, set),
        }
    }
}

/// Reads all there is, and finds what the check promises.
fn read(frame: &Frame) {
    let distinct = |set| {
        let (attributes, overwritten) = frame.attributes(set);
        assert_eq!(overwritten, 0, "a key twice");
        attributes
    };
    let mut points = 0;
    for metric in frame.metrics() {
        assert!(!metric.name().is_empty());
        distinct(metric.metadata());
        distinct(metric.scope().attributes());
        distinct(metric.scope().resource().attributes());
        let mut series = HashSet::new();
        for point in metric.all_points() {
            let key = (distinct(point.attributes()), point.is_ended());
            assert!(series.insert(key), "a series twice");
            point.exemplars().for_each(|exemplar| drop(distinct(exemplar.set())));
            points += 1;
        }
        for row in metric.histograms() {
            assert!(row.bounds.is_sorted_by(|a, b| a < b));
            assert!(row.counts.is_empty() || row.counts.len() == row.bounds.len() + 1);
            assert!(row.counts.is_empty() || row.counts.iter().sum::<u64>() == row.count);
        }
        let others = metric.numbers().count() + metric.exponentials().count() + metric.summaries().count();
        assert_eq!(others + metric.histograms().len(), metric.points().len());
    }
    assert_eq!(points, frame.point_count());
    assert_eq!(Batch::from(frame).point_count(), points);
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices(bytes);
    let spoilt = choices.below(4);
    let mut frame = choices.frame();
    for _ in 0..spoilt {
        choices.spoil_frame(&mut frame);
    }
    if frame.check().is_ok() {
        read(&frame);
    }
});
