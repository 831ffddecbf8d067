//! Hostile protobuf: an error that says why, never a panic.

use wasmeter_model::ValueRef;
use wasmeter_model::frame::PointKind;
use wasmeter_otlp::decode::{DecodeError, ELEMENTS_MAX, NESTING_MAX, Warnings, decode_protobuf};
use wasmeter_otlp::messages::*;

use crate::support::messages::*;

fn error(bytes: &[u8]) -> DecodeError {
    decode_protobuf(bytes).unwrap_err()
}

/// A length-delimited field around `content`.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn no_bytes_are_an_empty_request() {
    assert_eq!(decode_protobuf(&[]).unwrap().frame.point_count(), 0);
}

#[test]
fn a_request_cut_anywhere_is_refused_or_is_a_shorter_request() {
    let whole = bytes(sum(vec![int_point(1)]));
    for length in 1..whole.len() {
        // Every field here lies within the first one, so that no prefix is whole.
        assert!(
            matches!(error(&whole[..length]), DecodeError::Protobuf(_)),
            "{length} of {} bytes",
            whole.len()
        );
    }
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let mut bytes = bytes(sum(vec![int_point(1)]));
    let at = bytes.windows(8).position(|window| window == b"requests").unwrap();
    bytes[at] = 0xff;
    assert!(error(&bytes).to_string().contains("UTF-8"), "{}", error(&bytes));
}

#[test]
fn values_nest_to_the_bound_and_no_further() {
    let with = |levels| {
        let point = NumberDataPoint {
            attributes: vec![KeyValue {
                key: "a".to_owned(),
                value: Some(nested_array(levels)),
                key_strindex: 0,
            }],
            ..int_point(1)
        };
        bytes(sum(vec![point]))
    };
    // Request, resource metrics, scope metrics, metric, sum, point, attribute and value stand around the first array.
    let levels = (NESTING_MAX - 8) / 2;
    let decoded = decode_protobuf(&with(levels)).unwrap();
    let point = decoded.frame.metrics().next().unwrap().numbers().next().unwrap().point;
    let Some((_, ValueRef::Nested(text))) = point.pairs().next() else { panic!("not nested") };
    assert_eq!(text.matches("arrayValue").count(), levels);
    assert_eq!(error(&with(levels + 1)), DecodeError::TooDeep);

    // Far deeper than any stack, and cheap to refuse.
    let mut deep = Vec::new();
    for _ in 0..20_000 {
        deep = field(5, &field(1, &deep));
    }
    let mut request = field(7, &field(2, &deep));
    for number in [1, 7, 2, 2, 1] {
        request = field(number, &request);
    }
    assert_eq!(error(&request), DecodeError::TooDeep);
}

#[test]
fn groups_are_refused_before_they_can_recurse() {
    assert!(error(&[0x0b; 100_000]).to_string().contains("wire type 3"));
}

#[test]
fn more_elements_than_the_bound_are_refused_before_they_are_built() {
    // Empty points: two bytes each on the wire, a hundred in memory.
    let points = [0x0a, 0x00].repeat(ELEMENTS_MAX);
    let request = field(1, &field(2, &field(2, &field(7, &points))));
    assert_eq!(error(&request), DecodeError::TooManyElements);
}

#[test]
fn lengths_beyond_the_bytes_are_refused() {
    assert!(
        error(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
            .to_string()
            .contains("0 are left")
    );
    assert!(error(&[0xff; 11]).to_string().contains("64 bits"));
}

#[test]
fn p9_unknown_fields_are_skipped() {
    let mut bytes = bytes(sum(vec![int_point(1)]));
    bytes.extend(field(15, b"from the future"));
    assert_eq!(decode_protobuf(&bytes).unwrap().frame.point_count(), 1);
}

#[test]
fn a_metric_without_data_is_kept() {
    let metric = Metric { name: "empty".to_owned(), ..Metric::default() };
    let decoded = decode_protobuf(&bytes(metric)).unwrap();
    assert_eq!(decoded.frame.metrics().next().unwrap().kind(), PointKind::None);
    assert_eq!(decoded.refused.total(), 0);
}

#[test]
fn duplicate_keys_stay_and_are_counted() {
    let of = |attributes| NumberDataPoint { attributes, ..int_point(1) };
    let few = vec![text("a", "1"), text("b", "2"), text("a", "3"), text("a", "4")];
    let many = (0..40).map(|index| text(&format!("k{}", index % 30), "")).collect();
    let decoded = decode_protobuf(&bytes(sum(vec![of(few), of(many)]))).unwrap();
    assert_eq!(decoded.warnings, Warnings { duplicate_keys: 2 + 10, ..Warnings::default() });
    let metric = decoded.frame.metrics().next().unwrap();
    let kept: Vec<_> = metric.numbers().map(|row| row.point.pairs().len()).collect();
    assert_eq!(kept, [4, 40]);
}

#[test]
fn ids_of_the_wrong_length_and_references_of_profiles_cost_no_point() {
    let exemplar = Exemplar { trace_id: vec![1; 15], span_id: vec![1; 9], ..Exemplar::default() };
    let reference = attribute("a", any_value::Value::StringValueStrindex(7));
    let named = KeyValue { key_strindex: 3, ..text("", "b") };
    let point =
        NumberDataPoint { exemplars: vec![exemplar], attributes: vec![reference, named], ..int_point(1) };
    let decoded = decode_protobuf(&bytes(sum(vec![point]))).unwrap();
    assert_eq!(decoded.warnings, Warnings { malformed_ids: 2, profile_references: 2, ..Warnings::default() });
    let point = decoded.frame.metrics().next().unwrap().numbers().next().unwrap().point;
    let pairs: Vec<_> = point.pairs().collect();
    assert_eq!(pairs, [("a", ValueRef::Empty), ("", ValueRef::String("b"))]);
    let exemplar = point.exemplars().next().unwrap();
    assert_eq!((exemplar.trace_id, exemplar.span_id), (0, 0));
}
