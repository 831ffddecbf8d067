//! The View of `examples/views` in five languages, in one host: the same input makes the same series, whatever the language.

use std::fs;
use std::path::PathBuf;

use crate::support::{Host, Page, PluginFolder, required};

const LANGUAGES: [&str; 5] = ["rust", "c", "javascript", "python", "go"];
/// An instrument that none of them rewrites.
const UNTOUCHED: &str = "plain";

/// Where the View in a language is built.
fn built(language: &str) -> PathBuf {
    let folder = required(if language == "rust" { "WASMETER_EXAMPLES" } else { "WASMETER_VIEWS" });
    folder.join(format!("routes-{language}.wasm"))
}

/// A folder with the View in every language, each for the instruments that begin with the language's name.
fn folder(component: impl Fn(&str) -> PathBuf) -> PluginFolder {
    let folder = PluginFolder::with(&[]);
    for language in LANGUAGES {
        let component = fs::read(component(language)).expect("it is built");
        let settings = format!("[config]\nprefix = \"{language}.\"\n");
        folder.put(&format!("{language}.toml"), settings.as_bytes());
        folder.put(&format!("{language}.wasm"), &component);
    }
    folder
}

/// Attribute sets in OTLP/JSON, each with a value to count.
const POINTS: [(u32, &[(&str, &str)]); 7] = [
    (1, &[("url.path", r#"{"stringValue":"/orders/84321"}"#), (STATUS, r#"{"intValue":"200"}"#)]),
    (2, &[("url.path", r#"{"stringValue":"/orders/7"}"#), (STATUS, r#"{"intValue":"204"}"#)]),
    (
        4,
        &[
            ("url.path", r#"{"stringValue":"/users/550E8400-e29b-41d4-a716-446655440000/cart"}"#),
            (STATUS, r#"{"intValue":"404"}"#),
        ],
    ),
    (
        8,
        &[
            ("http.route", r#"{"stringValue":"/users/:name"}"#),
            ("url.path", r#"{"stringValue":"/users/ada"}"#),
            (STATUS, r#"{"intValue":"599"}"#),
        ],
    ),
    // Neither a path nor a status, and what is neither stays as it is.
    (16, &[("url.path", r#"{"intValue":"5"}"#), (STATUS, r#"{"intValue":"600"}"#)]),
    (32, &[("url.path", r#"{"stringValue":"//søk/10-7/٣/007/"}"#), (STATUS, r#"{"stringValue":"200"}"#)]),
    (
        64,
        &[
            ("boolean", r#"{"boolValue":true}"#),
            ("int", r#"{"intValue":"-9007199254740991"}"#),
            ("double", r#"{"doubleValue":-0.1}"#),
            ("text", r#"{"stringValue":"\"\\\n\u0000😀"}"#),
            ("bytes", r#"{"bytesValue":"AP+A"}"#),
            ("array", r#"{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"é"}]}}"#),
            ("empty", "{}"),
        ],
    ),
];

const STATUS: &str = "http.response.status_code";

/// Sends every point for an instrument of each language, as a counter and as a histogram.
fn send(host: &Host) {
    let attributes = |set: &[(&str, &str)]| {
        let pairs = set.iter().map(|(key, value)| format!(r#"{{"key":"{key}","value":{value}}}"#));
        pairs.collect::<Vec<_>>().join(",")
    };
    let points = |point: &dyn Fn(u32) -> String| {
        let points = POINTS.iter().map(|(value, set)| {
            format!(
                r#"{{"startTimeUnixNano":"1","timeUnixNano":"2",{},"attributes":[{}]}}"#,
                point(*value),
                attributes(set)
            )
        });
        points.collect::<Vec<_>>().join(",")
    };
    let counts = points(&|value| format!(r#""asInt":"{value}""#));
    let buckets = points(&|value| {
        format!(r#""count":"{value}","sum":{value}.5,"explicitBounds":[1],"bucketCounts":["0","{value}"]"#)
    });
    let metrics = LANGUAGES.iter().chain(&[UNTOUCHED]).map(|language| {
        format!(
            r#"{{"name":"{language}.requests","sum":{{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{counts}]}}}},
            {{"name":"{language}.duration","histogram":{{"aggregationTemporality":2,"dataPoints":[{buckets}]}}}}"#
        )
    });
    let metrics = metrics.collect::<Vec<_>>().join(",");
    host.post_json(&format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#));
}

/// Route, status and value of the requests of a language.
fn requests(page: &Page, language: &str) -> Vec<(String, String, f64)> {
    let mut requests: Vec<_> = page
        .of(&format!("{language}_requests_total"))
        .map(|series| {
            let label = |label| series.label(label).unwrap_or("-").to_owned();
            (label("http_route"), label("http_response_status_code"), series.value)
        })
        .collect();
    requests.sort_by(|one, other| one.2.total_cmp(&other.2));
    requests
}

#[test]
fn five_languages_in_one_host_give_equal_series() {
    gives_equal_series(&folder(built));
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that did nothing must not be silent")]
fn what_the_readmes_of_the_languages_make_gives_the_same() {
    let as_written = |language: &str| {
        let file = required("WASMETER_VIEWS").join(format!("as-written/routes-{language}.wasm"));
        file.is_file().then_some(file)
    };
    for language in LANGUAGES.into_iter().filter(|language| as_written(language).is_none()) {
        eprintln!("SKIPPED: the View in {language}; `cargo xtask build-views` follows its README");
    }
    gives_equal_series(&folder(|language| as_written(language).unwrap_or_else(|| built(language))));
}

fn gives_equal_series(folder: &PluginFolder) {
    let host = Host::start(Some(folder.path()), &[]);
    send(&host);
    let page = host.page();
    let active = page.of("wasmeter_plugin_info").filter(|plugin| plugin.label("state") == Some("active"));
    assert_eq!(active.count(), LANGUAGES.len());

    let expected = [
        ("/orders/{id}", "2xx", 3.0),
        ("/users/{uuid}/cart", "4xx", 4.0),
        ("/users/:name", "5xx", 8.0),
        ("-", "600", 16.0),
        ("//søk/10-7/٣/{id}/", "200", 32.0),
        ("-", "-", 64.0),
    ]
    .map(|(route, status, value)| (route.to_owned(), status.to_owned(), value));
    assert_eq!(requests(&page, "rust"), expected);
    let series = page.below("rust_");
    // A histogram's series is its buckets, its count and its sum.
    assert_eq!(series.len(), expected.len() * 5, "{series:?}");
    for language in LANGUAGES {
        assert_eq!(page.below(&format!("{language}_")), series, "{language}");
    }

    // What none of them rewrites has a series for each set, and among them the one no View has anything to do with.
    let odd = |series: &[String]| series.iter().find(|line| line.contains("-9007199254740991")).cloned();
    let untouched = page.below(&format!("{UNTOUCHED}_"));
    assert_eq!(untouched.len(), POINTS.len() * 5);
    assert!(odd(&series).is_some());
    assert_eq!(odd(&series), odd(&untouched));
}
