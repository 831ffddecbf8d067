//! What OTLP says about metrics goes through a frame, a component and back into OTLP without a loss: decoded, handed to a plugin
//! that returns the frame as one of its own, checked, encoded. In one process, with the crates of the binary.

#[path = "../../../../otlp/tests/it/support/strategies.rs"]
mod strategies;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use prost::Message;
use wasmeter_model::frame::Frame;
use wasmeter_otlp::decode::{Decoded, Refused, Warnings, decode_protobuf};
use wasmeter_otlp::encode::encode;
use wasmeter_otlp::messages::*;
use wasmeter_runtime::{Directory, Processed, Runtime, RuntimeConfig};

use crate::support::required;

/// A component, written with the SDK, that returns each frame as one of its own.
static ECHO: LazyLock<(Directory, tempfile::TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let component = required("WASMETER_HOSTILE").join("bench-columns.wasm");
    std::fs::copy(component, folder.path().join("echo.wasm")).expect("the component is built");
    std::fs::write(folder.path().join("echo.toml"), "[config]\ntask = \"echo\"\n").expect("it is writable");
    let runtime = Arc::new(Runtime::new(RuntimeConfig::default()).expect("a runtime"));
    let directory = Directory::new(folder.path(), runtime);
    assert_eq!(directory.rescan().failures, []);
    (directory, folder)
});

fn through_the_component(frame: Frame) -> Frame {
    let processors = ECHO.0.current().processors().clone();
    match processors.process(frame, |fault| panic!("{fault}")) {
        Processed::Frame(frame) => frame,
        other => panic!("expected a frame, found {other:?}"),
    }
}

/// The request after its way through frame and component.
fn returned(request: &ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    let Decoded { frame, refused, warnings } =
        decode_protobuf(&request.encode_to_vec()).expect("it is sound");
    assert_eq!((refused, warnings), (Refused::default(), Warnings::default()));
    encode(&through_the_component(frame))
}

/// Every list of attributes of a request.
fn attributes(request: &mut ExportMetricsServiceRequest, mut each: impl FnMut(&mut Vec<KeyValue>)) {
    for resource in &mut request.resource_metrics {
        resource.resource.iter_mut().for_each(|resource| each(&mut resource.attributes));
        for scope in &mut resource.scope_metrics {
            scope.scope.iter_mut().for_each(|scope| each(&mut scope.attributes));
            scope.metrics.iter_mut().for_each(|metric| of_metric(metric, &mut each));
        }
    }
}

fn of_metric(metric: &mut Metric, each: &mut impl FnMut(&mut Vec<KeyValue>)) {
    each(&mut metric.metadata);
    macro_rules! points {
        ($data:expr, exemplars) => {
            for point in &mut $data.data_points {
                each(&mut point.attributes);
                point.exemplars.iter_mut().for_each(|exemplar| each(&mut exemplar.filtered_attributes));
            }
        };
        ($data:expr) => {
            $data.data_points.iter_mut().for_each(|point| each(&mut point.attributes))
        };
    }
    match &mut metric.data {
        None => {}
        Some(metric::Data::Gauge(data)) => points!(data, exemplars),
        Some(metric::Data::Sum(data)) => points!(data, exemplars),
        Some(metric::Data::Histogram(data)) => points!(data, exemplars),
        Some(metric::Data::ExponentialHistogram(data)) => points!(data, exemplars),
        Some(metric::Data::Summary(data)) => points!(data),
    }
}

/// What OTLP forbids and the generator writes all the same: one key twice in a set, two points of one series.
fn sound(mut request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    let mut number = 0;
    attributes(&mut request, |set| {
        let mut seen = HashSet::new();
        set.retain(|pair| seen.insert(pair.key.clone()));
        number += 1;
        let value = Some(AnyValue { value: Some(any_value::Value::IntValue(number)) });
        set.push(KeyValue { key: "number".to_owned(), value, key_strindex: 0 });
    });
    request
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn whatever_is_sound_comes_back_to_the_byte(request in strategies::request()) {
        let request = sound(request);
        let again = returned(&request);
        // By bytes, in which a NaN equals itself.
        prop_assert!(again.encode_to_vec() == request.encode_to_vec(), "{request:#?}\n\nbecame\n\n{again:#?}");
    }
}

/// Two files: an example as the protocol's repository has one, and one with everything OTLP has a word for.
#[test]
fn the_examples_come_back_to_the_byte() {
    for (name, text) in
        [("example", include_str!("example.json")), ("everything", include_str!("everything.json"))]
    {
        let request: ExportMetricsServiceRequest = serde_json::from_str(text).expect("it is OTLP/JSON");
        let again = returned(&request);
        assert!(again.encode_to_vec() == request.encode_to_vec(), "{name}: {again:#?}");
        assert!(again.encoded_len() > 500, "{name} says something");
    }
}

#[test]
fn only_what_has_no_place_is_left_out_and_it_is_counted() {
    let mut request: ExportMetricsServiceRequest =
        serde_json::from_str(include_str!("example.json")).expect("it is OTLP/JSON");
    let expected = request.encode_to_vec();
    let resource = request.resource_metrics[0].resource.as_mut().expect("it has a resource");
    resource.entity_refs.push(EntityRef { r#type: "service".to_owned(), ..EntityRef::default() });
    let decoded = decode_protobuf(&request.encode_to_vec()).expect("it is sound");
    assert_eq!(decoded.warnings, Warnings { entity_references: 1, ..Warnings::default() });
    assert!(encode(&through_the_component(decoded.frame)).encode_to_vec() == expected);
}
