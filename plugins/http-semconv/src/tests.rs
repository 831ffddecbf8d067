//! What becomes of HTTP instruments and of others.

use wasmeter_guest::testing::{Harness, instrument};
use wasmeter_guest::{Aggregation, Instrument, Stream, Streams};

use super::HttpSemconv;

fn stream(config: &str, instrument: &Instrument) -> Stream {
    let mut streams = Harness::<HttpSemconv>::new(config).streams(instrument).into_vec().unwrap();
    assert_eq!(streams.len(), 1);
    streams.remove(0)
}

fn boundaries(config: &str, instrument: &Instrument) -> Option<Vec<f64>> {
    match stream(config, instrument).aggregation {
        Aggregation::Default => None,
        Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: true } => boundaries,
        other => panic!("{other:?}"),
    }
}

fn kept(config: &str, name: &str, keys: &[&str]) -> Vec<String> {
    let series = Harness::<HttpSemconv>::new(config)
        .series(&instrument::histogram(name).build(), keys.iter().map(|key| (*key, "x")));
    series[0].attributes.iter().map(|(key, _)| key.to_owned()).collect()
}

#[test]
fn other_instruments_are_left_alone() {
    let view = Harness::<HttpSemconv>::new("{}");
    for name in ["rpc.server.duration", "http.server", "http.server.request.duration.seconds", ""] {
        assert_eq!(view.streams(&instrument::histogram(name).build()), Streams::none(), "{name}");
    }
}

#[test]
fn names_are_compared_as_instruments_are() {
    assert_ne!(
        Harness::<HttpSemconv>::new("{}").streams(&instrument::histogram("HTTP.Server.Duration").build()),
        Streams::none()
    );
}

#[test]
fn recorded_durations_get_the_buckets_of_their_unit() {
    let secs =
        boundaries("{}", &instrument::histogram("http.server.request.duration").unit("s").build()).unwrap();
    assert_eq!((secs.len(), secs.first(), secs.last()), (14, Some(&0.005), Some(&10.0)));
    let millis = boundaries("{}", &instrument::histogram("http.client.duration").unit("ms").build()).unwrap();
    assert_eq!((millis.len(), millis.first(), millis.last()), (14, Some(&5.0), Some(&10_000.0)));
    assert_eq!(boundaries("{}", &instrument::histogram("http.client.duration").unit("min").build()), None);
}

#[test]
fn received_durations_keep_their_buckets_unless_told_otherwise() {
    let received = instrument::histogram("http.server.duration").unit("ms").received().build();
    assert_eq!(boundaries("{}", &received), None);
    assert_eq!(boundaries(r#"{"rebucket": true}"#, &received).unwrap().len(), 14);
}

#[test]
fn the_buckets_of_the_old_names_are_a_subset_of_the_default_ones() {
    let default = [0., 5., 10., 25., 50., 75., 100., 250., 500., 750., 1000., 2500., 5000., 7500., 10000.];
    let received = instrument::histogram("http.server.duration").unit("ms").received().build();
    let wanted = boundaries(r#"{"rebucket": true}"#, &received).unwrap();
    assert!(wanted.iter().all(|bound| default.contains(bound)));
}

#[test]
fn the_advice_of_an_instrument_stands() {
    let advised =
        instrument::histogram("http.server.request.duration").unit("s").advisory_boundaries([1.0]).build();
    assert_eq!(boundaries("{}", &advised), None);
}

#[test]
fn only_request_durations_that_are_histograms_get_buckets() {
    let size = instrument::histogram("http.server.request.body.size").unit("By").build();
    let connection = instrument::histogram("http.client.connection.duration").unit("s").build();
    let sum = instrument::counter("http.server.request.duration").unit("s").build();
    for instrument in [size, connection, sum] {
        assert_eq!(boundaries("{}", &instrument), None, "{}", instrument.name);
    }
}

#[test]
fn each_instrument_keeps_the_attributes_of_its_convention() {
    let sent = [
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "url.scheme",
        "error.type",
        "url.path",
        "server.address",
        "user_agent.original",
        "client.address",
        "http.method",
        "http.status_code",
        "http.target",
        "net.host.name",
        "net.peer.name",
        "http.connection.state",
        "otel.metric.overflow",
    ];
    let server = [
        "error.type",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.status_code",
        "otel.metric.overflow",
        "url.scheme",
    ];
    for name in [
        "http.server.request.duration",
        "http.server.duration",
        "http.server.request.body.size",
        "http.server.response.body.size",
        "http.server.request.size",
        "http.server.response.size",
    ] {
        assert_eq!(kept("{}", name, &sent), server, "{name}");
    }
    assert_eq!(
        kept("{}", "http.server.active_requests", &sent),
        ["http.method", "http.request.method", "otel.metric.overflow", "url.scheme"]
    );
    let client = [
        "error.type",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.status_code",
        "net.peer.name",
        "otel.metric.overflow",
        "server.address",
        "url.scheme",
    ];
    for name in ["http.client.request.duration", "http.client.duration", "http.client.request.body.size"] {
        assert_eq!(kept("{}", name, &sent), client, "{name}");
    }
    assert!(kept("{}", "http.client.open_connections", &sent).contains(&"http.connection.state".to_owned()));
}

#[test]
fn more_is_kept_when_asked() {
    let kept = kept(
        r#"{"keep": ["tenant", "server.*"]}"#,
        "http.server.duration",
        &["tenant", "server.port", "user"],
    );
    assert_eq!(kept, ["server.port", "tenant"]);
}

#[test]
fn a_wrong_type_is_refused_with_its_place() {
    let problems = Harness::<HttpSemconv>::configure(r#"{"rebucket": "yes", "keep": [1]}"#).unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(places, ["/keep/0", "/rebucket"]);
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::HttpSemconv), file);
}
