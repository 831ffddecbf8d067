//! Frames that cross unchanged are the same, and columns that were tampered with are refused.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use wasmeter_model::frame::Frame;

use super::generated::{frame, mutation};
use super::{lift, lower};

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
        let back = lift(lowered(&frame), &frame).unwrap();
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
        if let Ok(frame) = lift(columns, &frame) {
            prop_assert_eq!(frame.check(), Ok(()));
            let mut copy = wasmeter_model::frame::FrameBuilder::new();
            copy.append(&frame, |_, _| true);
            prop_assert_eq!(copy.finish().point_count(), frame.point_count());
        }
    }
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
