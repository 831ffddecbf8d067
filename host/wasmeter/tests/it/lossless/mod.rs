//! What OTLP says about metrics goes through a frame, a component and back into OTLP without a loss: decoded, handed to a plugin
//! that returns the frame as one of its own, checked, encoded. In one process, with the crates of the binary.

#[path = "../../../../otlp/tests/it/support/strategies.rs"]
mod strategies;

use std::collections::HashSet;
use std::path::Path;
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
static ECHO: LazyLock<InService> = LazyLock::new(|| {
    in_service(&required("WASMETER_HOSTILE").join("bench-columns.wasm"), "[config]\ntask = \"echo\"\n")
});

struct InService {
    directory: Directory,
    runtime: Arc<Runtime>,
    _folder: tempfile::TempDir,
}

/// A directory with this component and settings.
fn in_service(component: &Path, settings: &str) -> InService {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::copy(component, folder.path().join("component.wasm")).expect("the component is built");
    std::fs::write(folder.path().join("component.toml"), settings).expect("it is writable");
    let runtime = Arc::new(Runtime::new(RuntimeConfig::default()).expect("a runtime"));
    let directory = Directory::new(folder.path(), runtime.clone());
    assert_eq!(directory.rescan().failures, []);
    InService { directory, runtime, _folder: folder }
}

fn through(component: &InService, frame: Frame) -> Frame {
    let processors = component.directory.current().processors().clone();
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
    encode(&through(&ECHO, frame))
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

/// Components are not told of entities. One that changes what identifies an entity takes the reference away, which is counted, and no
/// other one.
#[test]
fn an_entity_goes_with_what_a_component_changes_of_its_identity() {
    let rules = "[config]\nsecret = \"3f1c0d9a7be24e65\"\n\
        [[config.rules]]\nkeys = [\"host.id\"]\naction = \"hash\"\n\
        [[config.rules]]\nkeys = [\"os.type\"]\naction = \"drop\"\n\
        [[config.rules]]\nkeys = [\"os.version\"]\naction = \"mask\"\n";
    let redact = in_service(&required("WASMETER_COMPONENTS").join("redact.wasm"), rules);
    let mut request: ExportMetricsServiceRequest =
        serde_json::from_str(include_str!("example.json")).expect("it is OTLP/JSON");
    let resource = request.resource_metrics[0].resource.as_mut().expect("it has a resource");
    for key in ["host.id", "os.type", "os.version"] {
        let value = Some(AnyValue { value: Some(any_value::Value::StringValue("a".to_owned())) });
        resource.attributes.push(KeyValue { key: key.to_owned(), value, key_strindex: 0 });
    }
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let reference = |entity_type: &str, id: &[&str], description: &[&str]| EntityRef {
        r#type: entity_type.to_owned(),
        id_keys: keys(id),
        description_keys: keys(description),
        ..EntityRef::default()
    };
    let service = |description| reference("service", &["service.name"], description);
    resource.entity_refs =
        vec![reference("host", &["host.id"], &[]), service(&["os.type", "os.version", "host.id"])];
    let decoded = decode_protobuf(&request.encode_to_vec()).expect("it is sound");
    assert_eq!(decoded.warnings, Warnings::default());
    let again = encode(&through(&redact, decoded.frame));
    let resource = again.resource_metrics[0].resource.as_ref().expect("it has a resource");
    assert_eq!(resource.attributes.len(), 3, "{resource:?}");
    assert_eq!(resource.entity_refs, [service(&["os.version", "host.id"])]);
    let totals = redact.runtime.totals();
    assert_eq!(totals.iter().map(|totals| totals.entity_references_lost).collect::<Vec<_>>(), [1]);
}
