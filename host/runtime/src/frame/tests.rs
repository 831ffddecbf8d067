//! Frames that cross unchanged are the same, and columns that were tampered with are refused.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use wasmeter_model::frame::{ExemplarRow, Frame, FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
use wasmeter_model::{Number, Timestamp};

use super::generated::{frame, mutation};
use super::{keep_entities, lift, lower};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(0x6672_616d),
        failure_persistence: None,
        ..<_>::default()
    }
}

fn lowered(frame: &Frame) -> crate::bindings::frames::Frame {
    lower(frame, usize::MAX).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frames_cross_and_come_back_the_same(frame in frame()) {
        prop_assert_eq!(frame.check(), Ok(()));
        let mut back = lift(lowered(&frame), &frame).unwrap();
        prop_assert_eq!(keep_entities(&mut back, &frame), 0);
        // Debug tells doubles apart bit by bit but for NaNs, which differ from themselves.
        prop_assert_eq!(format!("{back:?}"), format!("{frame:?}"));
    }

    #[test]
    fn tampered_columns_are_refused_or_harmless(frame in frame(), mutations in prop::collection::vec(mutation(), 1..4)) {
        let mut columns = lowered(&frame);
        for mutation in &mutations {
            mutation.apply(&mut columns);
        }
        // Never a panic, and what gets through keeps every rule and can be read in full.
        if let Ok(mut back) = lift(columns, &frame) {
            keep_entities(&mut back, &frame);
            prop_assert_eq!(back.check(), Ok(()));
            for resource in back.resources() {
                let attributes = back.attributes(resource.attributes()).0;
                for entity in resource.entities().as_slice() {
                    let mut keys = entity.id_keys.iter().chain(&entity.description_keys);
                    prop_assert!(keys.all(|key| attributes.get(key).is_some()), "{entity:?} of {attributes:?}");
                }
            }
            let mut copy = wasmeter_model::frame::FrameBuilder::new();
            copy.append(&back, |_, _| true);
            prop_assert_eq!(copy.finish().point_count(), back.point_count());
        }
    }
}

#[test]
fn metrics_without_exemplars_leave_those_of_others_where_they_are() {
    // How many exemplars each point of each metric has; where there are none, they are not counted one by one.
    let metrics: [&[i64]; 5] = [&[0, 0], &[2, 0, 1], &[0, 0, 0], &[1], &[0]];
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("", "", "", none, 0);
    for exemplars in metrics {
        let (name, kind) = ("m", PointKind::Gauge);
        let row = MetricRow { name, description: "", unit: "", kind, temporality: None, monotonic: false };
        frame.metric(row, none);
        for (number, count) in (0..).zip(exemplars) {
            for exemplar in 0..*count {
                let (time, value) = (Timestamp::from_secs(1), Some(Number::Int(10 * number + exemplar)));
                frame.exemplar(ExemplarRow { attributes: none, time, value, trace_id: 0, span_id: 0 });
            }
            let attributes = frame.set([("number", wasmeter_model::ValueRef::Int(number))]);
            let header = PointHeader { attributes, ..PointHeader::default() };
            frame.number(NumberRow { header, value: None });
        }
    }
    let frame = frame.finish();
    let back = lift(lowered(&frame), &frame).unwrap();
    assert_eq!(back, frame);
    let values = |metric: wasmeter_model::frame::MetricRef<'_>| {
        let points = metric.numbers().map(|row| row.point.exemplars().filter_map(|it| it.value).collect());
        points.collect::<Vec<Vec<_>>>()
    };
    let int = Number::Int;
    let expected = [
        vec![vec![], vec![]],
        vec![vec![int(0), int(1)], vec![], vec![int(20)]],
        vec![vec![], vec![], vec![]],
        vec![vec![int(0)]],
        vec![vec![]],
    ];
    assert_eq!(back.metrics().map(values).collect::<Vec<_>>(), expected);
}

#[test]
fn a_frame_larger_than_allowed_is_not_given_to_anyone() {
    let refusal = lower(&Frame { strings: text("x".repeat(100)), ..Frame::default() }, 100).unwrap_err();
    assert_eq!(refusal.kind, crate::FailureKind::QuestionTooLarge);
}

#[test]
fn text_must_be_utf_8_and_new_nested_values_json() {
    let mut columns = lowered(&Frame { strings: text("x".to_owned()), ..Frame::default() });
    columns.strings.text[0] = 0xff;
    assert!(lift(columns, &Frame::default()).unwrap_err().contains("not UTF-8"));

    let mut nested = Frame { strings: text("{".to_owned()), ..Frame::default() };
    nested.values.tags.push(wasmeter_model::frame::Values::NESTED);
    nested.values.bits.push(0);
    assert!(lift(lowered(&nested), &Frame::default()).unwrap_err().contains("AnyValue"));
    // What the sender sent goes on as it was.
    assert_eq!(lift(lowered(&nested), &nested), Ok(nested));
}

fn text(text: String) -> wasmeter_model::frame::Strings {
    let ends = vec![text.len() as u32];
    wasmeter_model::frame::Strings { text, offsets: wasmeter_model::frame::Offsets { ends } }
}
