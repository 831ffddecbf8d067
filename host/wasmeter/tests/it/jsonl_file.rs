//! `jsonl-file`: what it writes is OTLP/JSON, one line an export, and says everything.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use wasmeter_model::frame::Frame;
use wasmeter_otlp::decode::decode_json;
use wasmeter_otlp::encode::encode_json;
use wasmeter_runtime::{Accepted, Directory, Runtime, RuntimeConfig};

use crate::support::{Host, PluginFolder, eventually};

/// A plugin folder whose `jsonl-file` writes into a directory.
fn folder(out: &Path, temporality: &str) -> PluginFolder {
    let folder = PluginFolder::with(&["jsonl-file"]);
    let settings = format!(
        "interval_ms = 100\n[grants]\ndirectories = [{{ host = {:?}, guest = \"/out\", access = \"write\" }}]\n\
         [config]\npath = \"/out/metrics.jsonl\"\ntemporality = \"{temporality}\"\n",
        out.to_str().expect("a plain path")
    );
    folder.put("00-jsonl-file.toml", settings.as_bytes());
    folder
}

/// The frame that a text of OTLP/JSON holds, all of it.
fn frame(text: &[u8]) -> Frame {
    let decoded = decode_json(text).expect("it is OTLP/JSON");
    assert_eq!(decoded.refused.total(), 0, "{:?}", decoded.refused);
    decoded.frame
}

/// One metric of each kind with everything OTLP can say of it.
const EVERYTHING: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[
{"key":"service.name","value":{"stringValue":"sh\"op\n\u0001"}},{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}]}}}],
"droppedAttributesCount":3},"schemaUrl":"https://resource","scopeMetrics":[{"scope":{"name":"s","version":"1","attributes":[{"key":"bytes","value":{"bytesValue":"AP8="}}],"droppedAttributesCount":1},"schemaUrl":"https://scope","metrics":[
{"name":"gauge","description":"d","unit":"1","metadata":[{"key":"m","value":{"doubleValue":0.1}}],"gauge":{"dataPoints":[{"timeUnixNano":"18446744073709551615","asDouble":"NaN","attributes":[{"key":"empty","value":{}}]},{"timeUnixNano":"2","asDouble":-0.0},{"timeUnixNano":"2","flags":1,"attributes":[{"key":"ended","value":{"intValue":"-9223372036854775808"}}]}]}},
{"name":"sum","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","asInt":"9223372036854775807","exemplars":[{"timeUnixNano":"2","asInt":"-1","spanId":"eee19b7ec3c1b174","traceId":"5b8efff798038103d269b633813fc60c","filteredAttributes":[{"key":"user","value":{"stringValue":"ada"}}]},{"timeUnixNano":"2","asDouble":1e-300}]}]}},
{"name":"histogram","histogram":{"aggregationTemporality":2,"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","count":"3","sum":0.30000000000000004,"min":0.1,"max":1e300,"explicitBounds":[0.1,5],"bucketCounts":["1","1","1"]},{"startTimeUnixNano":"1","timeUnixNano":"2","count":"3","attributes":[{"key":"a","value":{"boolValue":false}}]}]}},
{"name":"exponential","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","count":"7","sum":-1,"min":-1,"max":1,"scale":-3,"zeroCount":"1","zeroThreshold":0.25,"positive":{"offset":-5,"bucketCounts":["1","2"]},"negative":{"offset":3,"bucketCounts":["3"]}}]}},
{"name":"summary","summary":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","count":"2","sum":1.5,"quantileValues":[{"quantile":0,"value":0.5},{"quantile":1,"value":"Infinity"}]}]}},
{"name":"none"}]}]},{"resource":{},"scopeMetrics":[{"scope":{"name":"other"},"metrics":[{"name":"sum","sum":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"2","asInt":"0"}]}}]}]}]}"#;

#[test]
fn o8_every_line_says_what_its_frame_said() {
    let out = tempfile::tempdir().expect("a temporary directory");
    let folder = folder(out.path(), "delta");
    let runtime = Arc::new(Runtime::new(RuntimeConfig::default()).expect("the runtime starts"));
    let directory = Directory::new(folder.path(), runtime);
    assert_eq!(directory.rescan().failures, []);
    let exporters = directory.current().exporters();
    let example = include_bytes!("../../../otlp/tests/data/metrics.json");
    let frames = [frame(EVERYTHING.as_bytes()), frame(example)];
    for frame in &frames {
        assert_eq!(exporters[0].export(frame), Ok(Accepted::default()));
    }
    assert_eq!(exporters[0].close(), Ok(()));
    let text = fs::read_to_string(out.path().join("metrics.jsonl")).expect("it was written");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), frames.len());
    for (line, given) in lines.into_iter().zip(&frames) {
        let text = |frame: &Frame| String::from_utf8(encode_json(frame)).expect("JSON is UTF-8");
        assert_eq!(text(&frame(line.as_bytes())), text(given));
    }
}

#[test]
fn o8_what_a_program_sends_is_in_the_file_and_another_build_goes_on_with_it() {
    let out = tempfile::tempdir().expect("a temporary directory");
    let mut folder = folder(out.path(), "delta");
    let host = Host::start(Some(folder.path()), &[]);
    let send = |count: u32, time: u32| {
        host.post_json(&format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"visits","sum":{{"aggregationTemporality":1,
            "isMonotonic":true,"dataPoints":[{{"asInt":"{count}","startTimeUnixNano":"{}","timeUnixNano":"{time}"}}]}}}}]}}]}}]}}"#,
            time - 1
        ));
    };
    let file = out.path().join("metrics.jsonl");
    // A line that is being written has no end yet.
    let visits = || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let frames = whole.map(|line| frame(line.as_bytes()));
        let of_frame = |frame: Frame| {
            let metrics = frame.metrics().filter(|metric| metric.name() == "visits");
            let points = metrics.flat_map(|metric| metric.numbers().collect::<Vec<_>>());
            points.filter_map(|row| row.value).map(wasmeter_model::Number::as_f64).sum::<f64>()
        };
        frames.map(of_frame).sum::<f64>()
    };
    send(2, 2);
    eventually("the first visits", || (visits() == 2.0).then_some(()));
    folder.rebuild("00-jsonl-file.wasm", "jsonl-file");
    send(3, 4);
    eventually("the second visits", || (visits() == 5.0).then_some(()));
    eventually("the other build", || {
        (host.page().sum("wasmeter_plugin_generation", &[]) == 2.0).then_some(())
    });
    send(4, 6);
    let (status, _, log) = host.stop();
    assert!(status.success(), "{log}");
    assert_eq!(visits(), 9.0);
}
