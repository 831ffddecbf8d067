//! What is read where it lies is what would be decoded: the same rows from any bytes, or the request is left to the decoder.

use proptest::prelude::*;
use prost::Message;
use wasmeter_model::batch::Batch;
use wasmeter_otlp::decode::{Decoded, Refused, Warnings, decode_protobuf};
use wasmeter_otlp::messages::*;
use wasmeter_otlp::wire::Names;

use crate::mutations::{ROUNDS, Random, example, mutate};
use crate::support::batch_rows::batch_rows;
use crate::support::strategies;

/// Room for all a test reads.
const ROOM: usize = 64 << 20;

/// Reads a request, and checks it against the decoder if it is read at all.
fn read(names: &Names, request: &[u8]) -> Result<bool, TestCaseError> {
    let Some(batch) = names.read(request) else { return Ok(false) };
    let decoded = decode_protobuf(request);
    let Decoded { frame, refused, warnings } =
        decoded.map_err(|error| TestCaseError::fail(format!("read, but not to be decoded: {error}")))?;
    prop_assert_eq!(refused, Refused::default());
    prop_assert_eq!(warnings, Warnings::default());
    prop_assert_eq!(batch_rows(&batch), batch_rows(&Batch::from(frame)));
    Ok(true)
}

fn plain_attributes(attributes: &mut Vec<KeyValue>) {
    let mut seen = std::collections::HashSet::new();
    attributes.retain(|pair| {
        let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
        let is_plain = !matches!(
            value,
            Some(
                any_value::Value::ArrayValue(_)
                    | any_value::Value::KvlistValue(_)
                    | any_value::Value::StringValueStrindex(_)
            )
        );
        is_plain && seen.insert(pair.key.clone())
    });
}

fn plain_resource(resource: &mut Resource) {
    plain_attributes(&mut resource.attributes);
    let has = |key: &String| resource.attributes.iter().any(|pair| pair.key == *key);
    let is_plain = |entity: &EntityRef| entity.id_keys.iter().chain(&entity.description_keys).all(has);
    resource.entity_refs.retain(is_plain);
}

fn plain_exemplars(exemplars: &mut [Exemplar]) {
    exemplars.iter_mut().for_each(|exemplar| plain_attributes(&mut exemplar.filtered_attributes));
}

/// The request without all that is left to the decoder.
fn plain(mut request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    for of_resource in &mut request.resource_metrics {
        of_resource.resource.iter_mut().for_each(plain_resource);
        for of_scope in &mut of_resource.scope_metrics {
            of_scope.scope.iter_mut().for_each(|scope| plain_attributes(&mut scope.attributes));
            of_scope.metrics.retain(|metric| metric.data.is_some());
            for metric in &mut of_scope.metrics {
                plain_attributes(&mut metric.metadata);
                match metric.data.as_mut().unwrap() {
                    metric::Data::Gauge(Gauge { data_points })
                    | metric::Data::Sum(Sum { data_points, .. }) => {
                        for point in data_points {
                            plain_attributes(&mut point.attributes);
                            plain_exemplars(&mut point.exemplars);
                        }
                    }
                    metric::Data::Histogram(data) => {
                        for point in &mut data.data_points {
                            plain_attributes(&mut point.attributes);
                            plain_exemplars(&mut point.exemplars);
                        }
                    }
                    metric::Data::ExponentialHistogram(data) => {
                        for point in &mut data.data_points {
                            plain_attributes(&mut point.attributes);
                            plain_exemplars(&mut point.exemplars);
                        }
                    }
                    metric::Data::Summary(data) => {
                        data.data_points.iter_mut().for_each(|point| plain_attributes(&mut point.attributes));
                    }
                }
            }
        }
    }
    request
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn plain_requests_are_read_and_say_what_is_decoded(requests in proptest::collection::vec(strategies::request(), 1..4)) {
        let names = Names::new(ROOM);
        for request in requests {
            let bytes = plain(request).encode_to_vec();
            // Known the second time.
            prop_assert!(read(&names, &bytes)?);
            prop_assert!(read(&names, &bytes)?);
        }
    }

    #[test]
    fn any_request_says_what_is_decoded_or_is_left_to_the_decoder(request in strategies::request()) {
        read(&Names::new(ROOM), &request.encode_to_vec())?;
    }

    #[test]
    fn without_room_to_remember_the_same_is_read(request in strategies::request()) {
        let names = Names::new(1000);
        let bytes = plain(request).encode_to_vec();
        prop_assert!(read(&names, &bytes)? && read(&names, &bytes)?);
        prop_assert!(names.size().1 <= 1000);
    }
}

fn with_entity(mut request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    let resource = request.resource_metrics[0].resource.as_mut().unwrap();
    resource.entity_refs.push(EntityRef {
        schema_url: "https://schema".to_owned(),
        r#type: "service".to_owned(),
        id_keys: vec![resource.attributes[0].key.clone()],
        description_keys: Vec::new(),
    });
    request
}

#[test]
fn broken_requests_say_what_is_decoded_or_are_left_to_the_decoder() {
    let seed = plain(with_entity(example())).encode_to_vec();
    let names = Names::new(ROOM);
    assert!(read(&names, &seed).unwrap(), "the example is plain");
    let mut count = 0;
    for round in 0..ROUNDS {
        let mut bytes = seed.clone();
        mutate(&mut bytes, &mut Random(round));
        count += u64::from(read(&names, &bytes).unwrap_or_else(|error| panic!("round {round}: {error}")));
    }
    assert!(count > 100 && count < ROUNDS, "the mutations miss: {count} read");
}

#[test]
fn a_request_cut_anywhere_says_what_is_decoded_or_is_left_to_the_decoder() {
    let seed = plain(with_entity(example())).encode_to_vec();
    let names = Names::new(ROOM);
    let whole = (0..seed.len()).filter(|end| read(&names, &seed[..*end]).unwrap()).count();
    assert!(whole < seed.len() / 10, "{whole} of {} cuts were read", seed.len());
}

#[test]
fn sets_in_any_order_are_the_same_set() {
    let names = Names::new(ROOM);
    let read = |keys: [&str; 2]| {
        let attributes = keys.map(|key| crate::support::messages::text(key, "x")).to_vec();
        let value = Some(number_data_point::Value::AsInt(1));
        let point = NumberDataPoint { attributes, value, ..NumberDataPoint::default() };
        let request = crate::support::messages::bytes(crate::support::messages::sum(vec![point]));
        batch_rows(&names.read(&request).unwrap())
    };
    assert_eq!(read(["a", "b"]), read(["b", "a"]));
}

#[test]
fn what_comes_next_is_a_guess_that_is_checked() {
    let names = Names::new(ROOM);
    let request = |sets: &[&[&str]]| {
        let point = |keys: &&[&str]| NumberDataPoint {
            attributes: keys.iter().map(|key| crate::support::messages::text(key, "x")).collect(),
            value: Some(number_data_point::Value::AsInt(1)),
            ..NumberDataPoint::default()
        };
        crate::support::messages::bytes(crate::support::messages::sum(sets.iter().map(point).collect()))
    };
    let orders: [&[&[&str]]; 6] = [
        &[&["a"], &["b"], &["c"]],
        &[&["a"], &["b", "c"], &["c"]],
        &[&["a"], &["b", "c", "d"], &[], &["a"]],
        &[&["c"], &["b"], &["a"], &["b", "c"]],
        &[&["a"], &["b"], &["b"], &["c"]],
        &[&["a"], &["bb"], &["b", "c"], &["b"]],
    ];
    for _ in 0..3 {
        for sets in orders {
            assert!(read(&names, &request(sets)).unwrap(), "{sets:?} was left to the decoder");
        }
    }
}
