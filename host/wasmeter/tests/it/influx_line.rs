//! `influx-line`, against VictoriaMetrics, which names a series by measurement and field.

use crate::support::{Host, PluginFolder, Receiver, eventually};

/// A counter with an awkward label, and a histogram.
const METRICS: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my, shop"}}]},
"scopeMetrics":[{"metrics":[
{"name":"visits","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"7",
"startTimeUnixNano":"1","timeUnixNano":"2","attributes":[{"key":"page","value":{"stringValue":"/a=b c\\"}}]}]}},
{"name":"duration","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"1",
"timeUnixNano":"2","count":"6","sum":7.5,"explicitBounds":[0.5,1],"bucketCounts":["1","2","3"]}]}}]}]}]}"#;

#[test]
fn a_database_has_what_was_sent() {
    let Some(database) = Receiver::victoria_metrics() else { return };
    let folder = PluginFolder::with(&["influx-line"]);
    let origin = database.origin();
    let settings = format!(
        "interval_ms = 200\n[grants]\nhttp = [\"{origin}\"]\n[config]\nurl = \"{origin}/write?db=m\"\n"
    );
    folder.put("00-influx-line.toml", settings.as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    host.post_json(METRICS);
    for (selector, expected) in [
        (r#"visits_value{page="/a=b c/",service.name="my, shop"}"#, 7.0),
        (r#"duration_count{service.name="my, shop"}"#, 6.0),
        (r#"duration_sum{service.name="my, shop"}"#, 7.5),
        (r#"duration_bucket{le="0.5"}"#, 1.0),
        (r#"duration_bucket{le="1"}"#, 3.0),
        (r#"duration_bucket{le="+Inf"}"#, 6.0),
    ] {
        let selector = selector.replace("service.name", r"service\.name");
        eventually(&selector, || database.value(&selector).filter(|value| *value == expected));
    }
    let (status, _, log) = host.stop();
    assert!(status.success() && !log.contains("export failed"), "{log}");
}
