//! Frames of a hostile or broken sender: any columns at all, and the engine goes on.

use proptest::prelude::*;
use wasmeter_model::frame::{
    ExponentialRow, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, PointKind, RowCounts,
    SummaryRow,
};
use wasmeter_model::{Number, Temporality, Timestamp};

use crate::support::*;

fn wild_double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324]),
    ]
}

type Wild = (u8, Option<bool>, (u64, u64, u32), Vec<u64>, Vec<f64>, (i32, i32, i32), f64, u64);

fn wild() -> impl Strategy<Value = Wild> {
    (
        0u8..6,
        any::<Option<bool>>(),
        (0u64..5, 0u64..5, 0u32..3),
        prop::collection::vec(prop_oneof![0u64..4, any::<u64>()], 0..6),
        prop::collection::vec(wild_double(), 0..6),
        (prop_oneof![-12i32..23, any::<i32>()], any::<i32>(), prop_oneof![-9i32..9, any::<i32>()]),
        wild_double(),
        prop_oneof![0u64..9, any::<u64>()],
    )
}

fn frame(points: &[Wild]) -> wasmeter_model::frame::Frame {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    for (kind, cumulative, (start, time, flags), counts, doubles, (scale, offset, near), double, count) in
        points
    {
        let kind = match kind {
            0 => PointKind::None,
            1 => PointKind::Gauge,
            2 => PointKind::Sum,
            3 => PointKind::Histogram,
            4 => PointKind::ExponentialHistogram,
            _ => PointKind::Summary,
        };
        let temporality =
            cumulative.map(|yes| if yes { Temporality::Cumulative } else { Temporality::Delta });
        builder.metric(
            MetricRow { name: "m", description: "", unit: "", kind, temporality, monotonic: near % 2 == 0 },
            none,
        );
        let header =
            PointHeader { attributes: none, start: Timestamp(*start), time: Timestamp(*time), flags: *flags };
        let value = match near % 3 {
            0 => None,
            1 => Some(Number::Int(i64::from(*offset))),
            _ => Some(Number::Double(*double)),
        };
        let (sum, min, max) = (Some(*double), doubles.first().copied(), doubles.last().copied());
        // Right counts often enough that something gets past the checks.
        let total = counts.iter().fold(0u64, |sum, count| sum.wrapping_add(*count));
        let all = if near % 4 == 0 { *count } else { total };
        let mut bounds = doubles.clone();
        bounds.sort_by(f64::total_cmp);
        bounds.truncate(counts.len().saturating_sub(1));
        match kind {
            PointKind::None => {}
            PointKind::Gauge | PointKind::Sum => builder.number(NumberRow { header, value }),
            PointKind::Histogram => {
                builder.histogram(HistogramRow {
                    header,
                    count: all,
                    sum,
                    min,
                    max,
                    bounds: &bounds,
                    counts,
                });
            }
            PointKind::ExponentialHistogram => builder.exponential(ExponentialRow {
                header,
                count: all,
                sum,
                min,
                max,
                scale: *scale,
                zero_count: 0,
                zero_threshold: double.abs(),
                positive: (*offset, counts.into()),
                negative: (*near, RowCounts::default()),
            }),
            PointKind::Summary => {
                builder.summary(SummaryRow {
                    header,
                    count: *count,
                    sum: *double,
                    quantiles: &[(*double, *double)],
                });
            }
        }
    }
    builder.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::with_cases(600) })]

    #[test]
    fn r2_every_point_of_any_frame_is_accepted_or_refused_and_what_comes_out_is_valid(
        points in prop::collection::vec(wild(), 1..24)
    ) {
        let first = engine(&[CUMULATIVE, DELTA], dropping(&["x"]));
        let second = engine(&[CUMULATIVE], no_views());
        for (turn, part) in points.chunks(6).enumerate() {
            let frame = frame(part);
            let report = first.ingest(&frame, at(2));
            prop_assert_eq!(report.accepted + report.rejected_points(), frame.point_count() as u64);
            for reader in [1, 0] {
                let exported = first.collect(reader, at(10 + turn as u64));
                // What an engine says, an engine believes; a repeated summary is the exception.
                if reader == 0 {
                    let summaries = exported.summaries.columns.len() as u64;
                    let report = second.ingest(&exported, at(10));
                    prop_assert!(report.rejected_points() <= summaries, "{}: {:?}", report.message(), rows(&exported));
                }
            }
        }
    }
}
