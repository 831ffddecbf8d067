//! What an operator reads when a file is wrong. The texts are snapshots, to be read as a whole when they change.

use wasmeter_config::{PROBLEMS_MAX, load_file};

use crate::{env, lines, problems};

/// A file around one reader with this exporter.
fn with_exporter(exporter: &str) -> String {
    format!(
        "file_format: \"1.1\"\nmeter_provider:\n  readers:\n    - periodic:\n        exporter:\n{exporter}"
    )
}

/// A file around one View.
fn with_view(view: &str) -> String {
    format!(
        "file_format: \"1.1\"\nmeter_provider:\n  readers: [{{periodic: {{exporter: {{console: }}}}}}]\n  views:\n{view}"
    )
}

#[test]
fn misspelt_keys_name_the_nearest_known_one() {
    insta::assert_snapshot!(problems(
        r#"
file_format: "1.1"
meter_providers: {}
resource:
  atributes: []
  colour: red
meter_provider:
  readers:
    - periodic:
        intervall: 5
        exporter:
          otlp_htp:
    - poll:
  views:
    - selector: {instrument-name: a}
      stream:
        agregation: {drop: }
        attribute_keys: {exclude: [a]}
  exemplar_filters: always_on
  meter_configurator: {}
distribution:
  wasmetre: {}
  wasmeter:
    recievers: {}
    plugins: {dir: x, memory_limit: 1}
    limits: {instrument_max: 1}
"#
    ));
}

#[test]
fn values_of_the_wrong_type_or_range_say_what_was_found() {
    insta::assert_snapshot!(problems(
        r#"
file_format: 1.1
disabled: yes
log_level: warning
resource: [a]
meter_provider:
  readers:
    - periodic:
        interval: 0
        timeout: -1
        exporter:
          otlp_http:
            endpoint: collector:4318
            compression: br
            timeout: 1.5
            encoding: JSON
            temporality_preference: lowmemory
            max_response_size: 0
        cardinality_limits: {default: 0, counter: many}
    - pull:
        exporter:
          prometheus/development:
            host: metrics.example.com
            port: 94640
            scope_info_enabled: 1
            translation_strategy: no_translation
    - periodic: {exporter: }
    - {}
    - text
  exemplar_filter: sometimes
distribution:
  wasmeter:
    receivers: {otlp_grpc: {endpoint: "4317"}, otlp_http: 4318}
    plugins: {directory: 7, memory_limit_bytes: 1, call_deadline_ms: 0, watch: often, trusted_keys: [RWS, 7]}
    limits: {instruments_max: 0, sources_max: 99999999999999999999, idle_expiry_ms: soon, request_bytes_max: 1e3}
    view_matching_mode: merged
"#
    ));
}

#[test]
fn a8_n5_values_of_meters_and_batches_say_what_was_found() {
    let found = problems(
        r#"
file_format: "1.1"
meter_provider:
  readers:
    - periodic:
        exporter: {console: }
        max_export_batch_size/development: 0
  meter_configurator/development:
    default_config: {enabled: maybe, disabled: true}
    meters: [{name: x}, {config: {}}]
"#,
    );
    let expected = [
        "wasmeter.yaml:7:44: meter_provider.readers[0].periodic.max_export_batch_size/development: found the number `0`",
        "wasmeter.yaml:9:31: meter_provider.meter_configurator/development.default_config.enabled: found the text `maybe`",
        "default_config.disabled: unknown key",
        "meters[0]: the key `config` is missing",
        "meters[1]: the key `name` is missing",
    ];
    assert!(expected.iter().all(|part| found.contains(part)), "{found}");
    assert_eq!(found.lines().count(), expected.len(), "{found}");
}

#[test]
fn missing_empty_and_surplus_keys_are_reported() {
    insta::assert_snapshot!(problems(
        r#"
log_level:
resource:
meter_provider:
  readers: []
  views:
    - selector: {}
    - stream: {aggregation: {}}
    - selector: {instrument_name: a}
      stream: {aggregation: {sum: , drop: }}
    - selector:
      stream:
"#
    ));
    insta::assert_snapshot!(
        "a_reader_has_one_kind",
        problems(
            "file_format: '1.1'\nmeter_provider: {readers: [{periodic: {exporter: {console: }}, pull: {}}, {periodic: {}}]}\n"
        )
    );
}

#[test]
fn views_are_checked_against_the_specification() {
    insta::assert_snapshot!(problems(&with_view(
        r#"
    - selector: {instrument_name: "http.*"}
      stream: {name: requests}
    - selector: {instrument_type: counter}
      stream: {name: ""}
    - selector: {instrument_name: a, instrument_type: sum, unit: 1}
      stream:
        name: 5
        aggregation: {explicit_bucket_histogram: {boundaries: [1, 2, 2], record_min_max: 1}}
    - selector: {instrument_name: b}
      stream: {aggregation: {explicit_bucket_histogram: {boundaries: [0, .inf]}}}
    - selector: {instrument_name: c}
      stream: {aggregation: {base2_exponential_bucket_histogram: {max_size: 1, max_scale: 21}}}
    - selector: {instrument_name: d}
      stream: {aggregation: {sum: {monotonic: true}}, aggregation_cardinality_limit: 0, attribute_keys: {included: []}}
"#
    )));
}

#[test]
fn attributes_of_the_resource_have_the_type_they_say() {
    insta::assert_snapshot!(problems(
        r#"
file_format: "1.1"
resource:
  attributes_list: "no pairs"
  attributes:
    - {name: a, value: true}
    - {name: b, value: "1", type: int}
    - {name: c, value: 1.5, type: int}
    - {name: d, value: [1, x], type: int_array}
    - {name: e, value: [], type: string_array}
    - {name: f, value: x, type: text}
    - {name: "", value: x}
    - {value: x}
    - {name: g}
"#
    ));
}

#[test]
fn what_is_not_supported_yet_is_named() {
    insta::assert_snapshot!(problems(&with_exporter(
        "          otlp_grpc:\n            endpoint: http://elsewhere:4317\n            tls:\n              ca_file: /ca.pem\n              cert_file: /c.pem\n    - periodic: {exporter: {otlp_file/development: }}\n"
    )));
}

#[test]
fn secrets_are_not_quoted() {
    let text = with_exporter(
        r#"          otlp_http:
            endpoint: http://user:hunter2@
            headers_list: hunter2
            headers:
              - {name: "a b", value: hunter2}
              - {name: key, value: "hunter2\n"}
              - {name: key, value: 42137}
    - periodic:
        exporter:
          otlp_http: {endpoint: "htp://u:hunter2@host/?token=hunter2", headers_list: "a=hunter2%"}
    - periodic:
        exporter:
          otlp_http: {endpoint: "http://u:hunter2@localhost:4318/"}
"#,
    );
    let found = problems(&text);
    assert!(!found.contains("hunter2") && !found.contains("42137"), "{found}");
    insta::assert_snapshot!(found);
}

#[test]
fn text_that_is_not_yaml_says_where_and_why() {
    let cases = [
        "",
        "# nothing\n",
        "- a\n- b\n",
        "just text\n",
        "file_format: \"1.1\"\n\tdisabled: true\n",
        "file_format: \"1.1\nmore",
        "a: [1, 2\nb: 3\n",
        "a: b: c\n",
        "file_format: \"1.1\"\nresource: {attributes_list: ${LIST}}\n",
        "file_format: \"1.1\"\n---\nfile_format: \"1.1\"\n",
        "file_format: \"1.1\"\nfile_format: \"1.1\"\ndisabled: true\ndisabled: false\n",
        "? [a, b]\n: 1\n: 2\n",
        "file_format: !version \"1.1\"\nresource: !!seq {}\ndisabled: !!int true\n",
        "file_format: \"1.1\"\nresource: *nowhere\n",
        "file_format: \"1.1\"\nresource: &self {attributes: *self}\n",
        "file_format: \"1.1\"\n<<: {disabled: true}\n",
        "file_format: \"1.1\"\ndisabled: \"\u{1b}[31mred\"\n",
    ];
    let shown = cases.map(|text| format!("{text:?}\n{}", problems_or_nothing(text)));
    insta::assert_snapshot!(shown.join("\n"));
}

fn problems_or_nothing(text: &str) -> String {
    match load_file("wasmeter.yaml", text, &env([])) {
        Ok(config) => format!("accepted, with the warnings:\n{}", lines(&config.warnings)),
        Err(problems) => lines(&problems),
    }
}

#[test]
fn addresses_are_used_once_and_exports_do_not_come_back() {
    let readers = r#"
file_format: "1.1"
meter_provider:
  readers:
    - pull: {exporter: {prometheus/development: {port: 9000}}}
    - pull: {exporter: {prometheus/development: {host: "::", port: 9000}}}
    - pull: {exporter: {prometheus/development: {port: 4318}}}
    - periodic: {exporter: {otlp_http: }}
    - periodic: {exporter: {otlp_grpc: {endpoint: "localhost:4317", tls: {insecure: true}}}}
    - periodic: {exporter: {otlp_http: {endpoint: "http://127.0.0.1:4318/v1/metrics"}}}
    - periodic: {exporter: {otlp_http: {endpoint: "http://10.0.0.1:4318/v1/metrics"}}}
"#;
    insta::assert_snapshot!(problems(readers));
    let everywhere = "distribution: {wasmeter: {receivers: {otlp_grpc: {endpoint: \"0.0.0.0:4318\"}}}}\n";
    insta::assert_snapshot!("on_every_address", problems(&format!("{readers}{everywhere}")));
}

#[test]
fn newer_formats_are_accepted_with_a_warning_and_others_refused() {
    for format in ["1.0", "1.1"] {
        assert_eq!(
            problems_or_nothing(&format!("file_format: \"{format}\"")),
            "accepted, with the warnings:\n"
        );
    }
    let shown = ["1.2", "1.99", "2.0", "0.4", "1.0-rc.2", "1", ""]
        .map(|format| problems_or_nothing(&format!("file_format: \"{format}\"\n")));
    insta::assert_snapshot!(shown.join(""));
}

#[test]
fn known_parts_of_the_schema_without_effect_are_warned_about() {
    let config = crate::load(
        r#"
file_format: "1.1"
attribute_limits: {attribute_count_limit: 1}
tracer_provider: {processors: []}
logger_provider:
propagator: {composite: []}
instrumentation/development: {}
resource: {detection/development: {detectors: []}}
x-mine: &mine {any: thing}
meter_provider:
  readers:
    - periodic:
        exporter: {console: }
        producers: [{opencensus: }]
distribution:
  acme: {shiny: true}
"#,
    );
    insta::assert_snapshot!(lines(&config.warnings));
}

#[test]
fn the_number_of_problems_is_bounded() {
    let text = (0..1000).fold(String::from("file_format: '1.1'\nresource:\n"), |text, index| {
        text + &format!("  k{index}: 1\n")
    });
    let found = load_file("wasmeter.yaml", &text, &env([])).unwrap_err();
    assert_eq!(found.len(), PROBLEMS_MAX + 1);
    assert!(found.last().unwrap().found.starts_with("900 more"), "{:?}", found.last());
}
