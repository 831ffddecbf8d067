//! Histograms whose counts are written before they are.

use super::*;
use crate::frame::{ExponentialRow, PointHeader};

fn builder(kind: PointKind) -> BatchBuilder {
    let mut builder = BatchBuilder::default();
    builder.metric(BatchRow {
        resource: Arc::default(),
        scope: Arc::default(),
        name: Arc::default(),
        kind,
        temporality: Some(Temporality::Cumulative),
        monotonic: false,
    });
    builder
}

/// Adds a histogram of so many values, with some of its counts written before it and some in its row.
fn add(builder: &mut BatchBuilder, count: u64, before: &[u64], counts: &[u64]) -> bool {
    let bounds = builder.bounds(&[1.0]);
    assert!(builder.counts(before.iter().copied()).ends_with(before));
    let header = PointHeader { attributes: builder.set(Attributes::empty()), ..PointHeader::default() };
    builder.histogram_of(bounds, HistogramRow { header, count, counts, ..HistogramRow::default() })
}

fn counts(batch: &Batch<'_>) -> Vec<Vec<u64>> {
    let histograms = batch.metrics().flat_map(|metric| metric.histograms().collect::<Vec<_>>());
    histograms.map(|(_, row)| row.counts.to_vec()).collect()
}

#[test]
fn counts_that_were_written_before_are_those_of_the_next_histogram() {
    let mut builder = builder(PointKind::Histogram);
    assert!(add(&mut builder, 3, &[1, 2], &[]));
    assert!(add(&mut builder, 7, &[3], &[4]));
    assert!(add(&mut builder, 11, &[], &[5, 6]));
    assert_eq!(builder.counts([7].into_iter()), [7]);
    assert_eq!(builder.counts([8].into_iter()), [7, 8]);
    assert!(add(&mut builder, 24, &[], &[9]));
    let batch = builder.finish();
    assert_eq!(counts(&batch), [&[1, 2][..], &[3, 4], &[5, 6], &[7, 8, 9]]);
    assert!(batch.metrics().all(|metric| metric.has_checked_counts()));
}

#[test]
fn a_histogram_whose_counts_do_not_add_up_is_not_added_and_leaves_nothing() {
    let mut builder = builder(PointKind::Histogram);
    assert!(!add(&mut builder, 4, &[1, 2], &[]) && !add(&mut builder, 4, &[1], &[2]));
    assert!(!add(&mut builder, u64::MAX, &[u64::MAX], &[1]));
    assert!(add(&mut builder, 3, &[2, 1], &[]) && add(&mut builder, 5, &[], &[]), "none need not add up");
    assert_eq!(counts(&builder.finish()), [&[2, 1][..], &[]]);
}

#[test]
fn an_exponential_histogram_whose_counts_do_not_add_up_is_not_added() {
    let mut builder = builder(PointKind::ExponentialHistogram);
    let row = ExponentialRow { zero_count: 1, ..ExponentialRow::default() };
    let sides =
        |positive, negative| ExponentialRow { positive: (0, positive), negative: (0, negative), ..row };
    assert!(!builder.exponential(ExponentialRow { count: 7, ..sides((&[1, 2]).into(), (&[4]).into()) }));
    assert!(!builder.exponential(ExponentialRow { count: 0, ..sides((&[u64::MAX]).into(), (&[]).into()) }));
    assert!(builder.exponential(ExponentialRow { count: 8, ..sides((&[1, 2]).into(), (&[4]).into()) }));
    let batch = builder.finish();
    let points = batch.metrics().flat_map(|metric| metric.exponentials().collect::<Vec<_>>());
    assert_eq!(points.map(|(_, row)| row.count).collect::<Vec<_>>(), [8]);
}

#[test]
fn counts_of_a_histogram_that_has_no_metric_are_not_those_of_the_next_one() {
    let mut builder = builder(PointKind::Sum);
    assert!(add(&mut builder, 3, &[1, 2], &[]));
    let row = builder.metrics[0].clone();
    builder.metric(BatchRow { kind: PointKind::Histogram, ..row });
    assert!(add(&mut builder, 7, &[7, 0], &[]));
    assert_eq!(counts(&builder.finish()), [[7, 0]]);
}

#[test]
fn what_a_frame_says_of_its_counts_is_not_taken_as_checked() {
    let mut frame = FrameBuilder::new();
    let kind = PointKind::Histogram;
    let row = crate::frame::MetricRow {
        name: "m",
        description: "",
        unit: "",
        kind,
        temporality: None,
        monotonic: false,
    };
    frame.metric(row, SetId(0));
    let batch = Batch::from(frame.finish());
    assert!(batch.metrics().all(|metric| !metric.has_checked_counts()));
}
