//! References of resources to entities go in and out as they are; what is malformed is left out and counted.

use prost::Message;
use wasmeter_model::limits::ENTITIES_MAX;
use wasmeter_otlp::decode::{DecodeError, Decoded, ELEMENTS_MAX, Warnings, decode_json, decode_protobuf};
use wasmeter_otlp::encode::{encode, encode_json, encode_protobuf};
use wasmeter_otlp::messages::*;
use wasmeter_otlp::wire::Names;

use crate::support::messages::{int_point, request, sum, text};

const ROOM: usize = 64 << 20;

fn reference(entity_type: &str, id: &[&str], description: &[&str]) -> EntityRef {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    EntityRef {
        schema_url: "https://schema".to_owned(),
        r#type: entity_type.to_owned(),
        id_keys: keys(id),
        description_keys: keys(description),
    }
}

/// A request of a resource with the attributes `a`, `b` and `c`.
fn of_resource(entity_refs: Vec<EntityRef>) -> ExportMetricsServiceRequest {
    let mut request = request(sum(vec![int_point(1)]));
    let attributes = ["a", "b", "c"].map(|key| text(key, "x")).to_vec();
    request.resource_metrics[0].resource =
        Some(Resource { attributes, dropped_attributes_count: 2, entity_refs });
    request
}

fn references(request: &ExportMetricsServiceRequest) -> &[EntityRef] {
    &request.resource_metrics[0].resource.as_ref().unwrap().entity_refs
}

#[test]
fn they_stay_in_either_encoding() {
    let request =
        of_resource(vec![reference("service", &["b", "a"], &["c"]), reference("host", &["c"], &[])]);
    let Decoded { frame, warnings, .. } = decode_protobuf(&request.encode_to_vec()).unwrap();
    assert_eq!(warnings, Warnings::default());
    assert_eq!(encode(&frame), request);
    assert_eq!(encode_protobuf(&frame), request.encode_to_vec());
    let json = encode_json(&frame);
    let written: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        written["resourceMetrics"][0]["resource"]["entityRefs"],
        serde_json::json!([
            { "schemaUrl": "https://schema", "type": "service", "idKeys": ["b", "a"], "descriptionKeys": ["c"] },
            { "schemaUrl": "https://schema", "type": "host", "idKeys": ["c"] },
        ])
    );
    assert_eq!(encode(&decode_json(&json).unwrap().frame), request);
}

#[test]
fn what_is_known_by_its_bytes_has_them_too() {
    let names = Names::new(ROOM);
    let (one, other) = (vec![reference("service", &["a"], &[])], vec![reference("host", &["a"], &[])]);
    for entity_refs in [one.clone(), other, one, Vec::new()] {
        let bytes = of_resource(entity_refs).encode_to_vec();
        for _ in 0..2 {
            let batch = names.read(&bytes).expect("it is plain");
            let metric = batch.metrics().next().unwrap();
            let decoded = decode_protobuf(&bytes).unwrap().frame;
            assert_eq!(metric.row().resource.entities, decoded.resources.entities[0]);
        }
    }
}

/// The rules of `resource.proto` and `common.proto`: an entity has a type and an identifying attribute, and all attributes exist.
#[test]
fn malformed_ones_are_left_out_and_counted() {
    let sound = reference("service", &["a"], &["b"]);
    let repeating = reference("service", &["a", "b"], &["a", "b"]);
    for (malformed, left) in [
        (reference("", &["a"], &[]), None),
        (reference("service", &[], &["a"]), None),
        (reference("service", &["a", "missing"], &[]), None),
        (repeating, None),
        (reference("service", &["a"], &["missing", "c"]), Some(reference("service", &["a"], &["c"]))),
    ] {
        let request = of_resource(vec![sound.clone(), malformed.clone()]);
        let expected: Vec<_> = [sound.clone()].into_iter().chain(left).collect();
        let bytes = request.encode_to_vec();
        assert!(Names::new(ROOM).read(&bytes).is_none(), "{malformed:?} is not left to the decoder");
        for decoded in
            [decode_protobuf(&bytes), decode_json(&serde_json::to_vec(&request).unwrap())].map(Result::unwrap)
        {
            let warnings = Warnings { malformed_entity_references: 1, ..Warnings::default() };
            assert_eq!(decoded.warnings, warnings, "{malformed:?}");
            assert_eq!(references(&encode(&decoded.frame)), expected, "{malformed:?}");
            assert_eq!(decoded.frame.point_count(), 1);
        }
    }
}

#[test]
fn there_are_only_so_many() {
    let many: Vec<_> =
        (0..ENTITIES_MAX + 3).map(|at| reference(&format!("type {at}"), &["a"], &[])).collect();
    let decoded = decode_protobuf(&of_resource(many.clone()).encode_to_vec()).unwrap();
    assert_eq!(decoded.warnings, Warnings { malformed_entity_references: 3, ..Warnings::default() });
    assert_eq!(references(&encode(&decoded.frame)), &many[..ENTITIES_MAX]);
}

/// Names are bounded by what they take, and references count.
#[test]
fn what_they_take_is_counted() {
    let size = |entity_refs| {
        let names = Names::new(ROOM);
        names.read(&of_resource(entity_refs).encode_to_vec()).expect("it is plain");
        names.size().1
    };
    let many = vec![reference("service", &["a"], &["b"]); ENTITIES_MAX];
    assert!(size(many) > size(Vec::new()) + ENTITIES_MAX * 200);
}

/// Elements are counted alike by both readers of a request: a resource, an attribute, a reference and its key are four.
#[test]
fn they_are_elements_of_the_request() {
    let entity_refs = vec![EntityRef { schema_url: String::new(), ..reference("s", &["a"], &[]) }];
    let attributes = vec![KeyValue { key: "a".to_owned(), ..KeyValue::default() }];
    let resource = Some(Resource { attributes, entity_refs, ..Resource::default() });
    let resource_metrics = vec![ResourceMetrics { resource, ..ResourceMetrics::default() }];
    let one = ExportMetricsServiceRequest { resource_metrics }.encode_to_vec();
    let many = |count| one.repeat(count);
    assert!(Names::new(ROOM).read(&many(ELEMENTS_MAX / 4)).is_some());
    let more = many(ELEMENTS_MAX / 4 + 1);
    assert!(Names::new(ROOM).read(&more).is_none());
    assert!(matches!(decode_protobuf(&more), Err(DecodeError::TooManyElements)));
}
