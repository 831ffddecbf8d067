//! Every key of the schema that has an effect is set to something other than its default, and is seen to have it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmeter_config::{
    ClientLimits, Compression, Config, ExemplarFilter, Exporter, LogLevel, OtlpExporter, OtlpTransport,
    PrometheusExporter, Reader, TranslationStrategy, ViewMode,
};
use wasmeter_model::limits::{CARDINALITY_DEFAULT, PLUGIN_LIMITS, PluginLimits};
use wasmeter_model::{
    Advisory, Aggregation, AttributeRule, Instrument, InstrumentKind, NumberKind, Origin, Pattern, Resource,
    Scope, TemporalityPreference, Value,
};

use crate::load;

fn otlp(config: &Config, reader: usize) -> &OtlpExporter {
    match &config.readers[reader] {
        Reader::Periodic(periodic) => match &periodic.exporter {
            Exporter::Otlp(otlp) => otlp,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn prometheus(config: &Config, reader: usize) -> &PrometheusExporter {
    match &config.readers[reader] {
        Reader::Pull(pull) => &pull.exporter,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_without_settings_has_the_defaults() {
    let config = load("file_format: \"1.1\"\n");
    assert!(
        !config.disabled
            && config.readers.is_empty()
            && config.views.is_empty()
            && config.warnings.is_empty()
    );
    assert_eq!(config.log_level, LogLevel::Info);
    assert_eq!(config.resource, Resource::default());
    assert_eq!(config.receivers.otlp_grpc, Some("127.0.0.1:4317".parse().unwrap()));
    assert_eq!(config.receivers.otlp_http, Some("127.0.0.1:4318".parse().unwrap()));
    assert_eq!(config.plugins.directory, None);
    assert_eq!(
        (config.view_mode, config.exemplar_filter),
        (ViewMode::Independent, ExemplarFilter::TraceBased)
    );
    assert_eq!(config.client_limits, ClientLimits::default());
}

#[test]
fn the_keys_at_the_top() {
    let config = load(
        r#"
file_format: "1.0"
disabled: true
log_level: debug3
resource:
  schema_url: https://opentelemetry.io/schemas/1.44.0
  attributes_list: "a=list,only.list=x%20y"
  attributes:
    - {name: a, value: text, type: string}
    - {name: ignored, value: }
    - {name: bool, value: true, type: bool}
    - {name: int, value: 0x10, type: int}
    - {name: double, value: 1, type: double}
    - {name: strings, value: ["q\"\\", "t\t"], type: string_array}
    - {name: bools, value: [true, false], type: bool_array}
    - {name: ints, value: [1, -2], type: int_array}
    - {name: doubles, value: [1.5, .nan, -.inf], type: double_array}
"#,
    );
    assert!(config.disabled);
    assert_eq!(config.log_level.name(), "debug");
    assert_eq!(&*config.resource.schema_url, "https://opentelemetry.io/schemas/1.44.0");
    let nested = |json: &str| Value::Nested(json.into());
    let expected: [(&str, Value); 9] = [
        ("a", "text".into()),
        ("only.list", "x y".into()),
        ("bool", true.into()),
        ("int", 16.into()),
        ("double", 1.0.into()),
        (
            "strings",
            nested(r#"{"arrayValue":{"values":[{"stringValue":"q\"\\"},{"stringValue":"t\u0009"}]}}"#),
        ),
        ("bools", nested(r#"{"arrayValue":{"values":[{"boolValue":true},{"boolValue":false}]}}"#)),
        ("ints", nested(r#"{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"-2"}]}}"#)),
        (
            "doubles",
            nested(
                r#"{"arrayValue":{"values":[{"doubleValue":1.5},{"doubleValue":"NaN"},{"doubleValue":"-Infinity"}]}}"#,
            ),
        ),
    ];
    assert_eq!(config.resource.attributes, expected.into_iter().collect());
}

#[test]
fn a8_a9_the_keys_of_meters() {
    let meters = |text: &str| {
        let readers = "[{periodic: {exporter: {console: }}}]";
        let file = format!(
            "file_format: '1.1'\nmeter_provider:\n  readers: {readers}\n  meter_configurator/development: {text}"
        );
        let meters = load(&file).meters;
        ["shop", "shop.cart", "other"].map(|name| meters.are_enabled(name))
    };
    assert_eq!(meters(""), [true, true, true]);
    assert_eq!(meters("{}"), [true, true, true]);
    assert_eq!(meters("{default_config: }"), [true, true, true]);
    assert_eq!(meters("{default_config: {enabled: false}}"), [false, false, false]);
    let named = "{meters: [{name: shop, config: }, {name: 'shop*', config: {enabled: false}}]}";
    assert_eq!(meters(named), [true, false, true], "the first that matches decides");
    let only = "{default_config: {enabled: false}, meters: [{name: 'shop.?art', config: {enabled: true}}]}";
    assert_eq!(meters(only), [false, true, false]);
}

#[test]
fn n3_p1_q2_the_keys_of_readers_and_exporters() {
    let config = load(
        r#"
file_format: "1.1"
meter_provider:
  exemplar_filter: always_off
  readers:
    - periodic:
        interval: 1500
        timeout: 0
        max_export_batch_size/development: 512
        cardinality_limits: {default: 10, observable_gauge: 20}
        exporter:
          otlp_http:
            endpoint: https://collector.example.com/metrics?tenant=a
            headers_list: "X-List=1,both=list"
            headers: [{name: Both, value: entry}, {name: none, value: }]
            compression: gzip
            max_request_size: 0
            max_response_size: 1
            timeout: 0
            encoding: json
            temporality_preference: low_memory
            default_histogram_aggregation: base2_exponential_bucket_histogram
    - periodic: {exporter: {otlp_grpc: {endpoint: "collector:1", compression: none, timeout: 5, max_request_size: 7}}}
    - periodic: {exporter: {otlp_grpc: {endpoint: "[::1]:1", tls: {insecure: true}, temporality_preference: delta}}}
    - periodic: {exporter: {console: {temporality_preference: delta, default_histogram_aggregation: base2_exponential_bucket_histogram}}}
    - pull:
        cardinality_limits: {counter: 5}
        exporter:
          prometheus/development:
            host: "::1"
            port: 0
            scope_info_enabled: false
            target_info_enabled/development: false
            resource_constant_labels: {included: ["service.*"], excluded: [service.name]}
            translation_strategy: no_translation/development
    - pull: {exporter: {prometheus/development: {without_scope_info: true, without_target_info/development: true}}}
    - pull: {exporter: {prometheus/development: {port: 1, translation_strategy: no_utf8_escaping_with_suffixes/development}}}
"#,
    );
    assert_eq!(config.exemplar_filter, ExemplarFilter::AlwaysOff);
    let Reader::Periodic(first) = &config.readers[0] else { panic!() };
    assert_eq!((first.interval, first.timeout), (Duration::from_millis(1500), None));
    assert_eq!(first.batch_points_max.unwrap().get(), 512);
    assert_eq!(first.cardinality_limits.of(InstrumentKind::Counter).get(), 10);
    assert_eq!(first.cardinality_limits.of(InstrumentKind::ObservableGauge).get(), 20);

    let http = otlp(&config, 0);
    assert_eq!(http.transport, OtlpTransport::HttpJson);
    assert_eq!(http.endpoint.as_str(), "https://collector.example.com/metrics?tenant=a");
    assert_eq!(
        (http.endpoint.host(), http.endpoint.port(), http.endpoint.is_https()),
        ("collector.example.com", 443, true)
    );
    assert_eq!(http.headers.iter().collect::<Vec<_>>(), [("x-list", "1"), ("both", "entry")]);
    assert_eq!(
        (http.compression, http.timeout, http.request_bytes_max, http.response_bytes_max),
        (Compression::Gzip, None, None, 1)
    );
    assert_eq!(http.temporality, TemporalityPreference::LowMemory);
    assert_eq!(
        http.histogram,
        Aggregation::Base2ExponentialBucketHistogram { max_size: 160, max_scale: 20, record_min_max: true }
    );
    let shown = format!("{http:?}");
    assert!(shown.contains("x-list") && !shown.contains("entry") && !shown.contains("tenant=a"), "{shown}");

    let grpc = otlp(&config, 1);
    assert_eq!((grpc.transport, grpc.compression), (OtlpTransport::Grpc, Compression::None));
    assert_eq!((grpc.timeout, grpc.request_bytes_max), (Some(Duration::from_millis(5)), Some(7)));
    assert_eq!(grpc.endpoint.as_str(), "https://collector:1", "secure unless said otherwise");
    assert_eq!(otlp(&config, 2).endpoint.as_str(), "http://[::1]:1");
    assert_eq!(otlp(&config, 2).endpoint.host(), "::1");
    assert_eq!(otlp(&config, 2).temporality, TemporalityPreference::Delta);

    let Reader::Periodic(fourth) = &config.readers[3] else { panic!() };
    let Exporter::Console(console) = &fourth.exporter else { panic!() };
    assert_eq!(console.temporality, TemporalityPreference::Delta);
    assert!(matches!(console.histogram, Aggregation::Base2ExponentialBucketHistogram { .. }));
    assert_eq!((fourth.interval, fourth.timeout), (Duration::from_secs(60), Some(Duration::from_secs(30))));
    assert_eq!(fourth.batch_points_max, None);

    let page = prometheus(&config, 4);
    assert_eq!(page.address, "[::1]:0".parse::<SocketAddr>().unwrap());
    assert!(!page.scope_info && !page.target_info);
    let labels = page.resource_labels.as_ref().unwrap();
    assert!(labels.keeps("service.version") && !labels.keeps("service.name") && !labels.keeps("host.name"));
    assert_eq!(page.translation, TranslationStrategy::NoTranslation);
    let Reader::Pull(pull) = &config.readers[4] else { panic!() };
    assert_eq!(pull.cardinality_limits.of(InstrumentKind::Counter).get(), 5);
    assert_eq!(pull.cardinality_limits.of(InstrumentKind::Gauge), CARDINALITY_DEFAULT);
    assert!(
        !prometheus(&config, 5).scope_info && !prometheus(&config, 5).target_info,
        "the names of schema 1.0"
    );
    assert_eq!(prometheus(&config, 6).translation, TranslationStrategy::NoUtf8EscapingWithSuffixes);
}

#[test]
fn the_keys_of_views() {
    let config = load(
        r#"
file_format: "1.1"
meter_provider:
  readers: [{periodic: {exporter: {console: }}}]
  views:
    - selector: {instrument_name: Requests, instrument_type: counter, unit: "1", meter_name: m, meter_version: "2", meter_schema_url: s}
      stream:
        name: "any name, really"
        description: d
        aggregation: {explicit_bucket_histogram: {boundaries: [], record_min_max: false}}
        aggregation_cardinality_limit: 7
        approximate_buckets/development: true
        attribute_keys: {included: [a, "b.*"], excluded: ["b.c"]}
    - {selector: {}, stream: {}}
    - {selector: {instrument_name: "r?que*"}, stream: {aggregation: {base2_exponential_bucket_histogram: {max_size: 2, max_scale: -10, record_min_max: false}}}}
    - {selector: {}, stream: {aggregation: {default: }}}
    - {selector: {}, stream: {aggregation: {drop: {}}}}
    - {selector: {}, stream: {aggregation: {sum: }}}
    - {selector: {}, stream: {aggregation: {last_value: }}}
    - {selector: {}, stream: {aggregation: {explicit_bucket_histogram: }}}
"#,
    );
    let specs: Vec<_> = config.views.iter().map(|view| &view.spec).collect();
    assert_eq!(specs[0].name.as_deref(), Some("any name, really"));
    assert_eq!(specs[0].description.as_deref(), Some("d"));
    assert_eq!(specs[0].cardinality_limit.unwrap().get(), 7);
    assert_eq!(
        specs[0].attributes,
        [
            AttributeRule::Include(vec![Pattern::new("a"), Pattern::new("b.*")]),
            AttributeRule::Exclude(vec![Pattern::new("b.c")])
        ]
    );
    let approximate: Vec<_> = config.views.iter().map(|view| view.spec.approximate_buckets).collect();
    assert_eq!(approximate[..4], [true, false, false, false]);
    let boundaries = Some(Arc::from([]));
    assert_eq!(
        specs[0].aggregation,
        Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: false }
    );
    assert_eq!(
        specs[2].aggregation,
        Aggregation::Base2ExponentialBucketHistogram { max_size: 2, max_scale: -10, record_min_max: false }
    );
    let simple: Vec<_> = specs[3..].iter().map(|spec| spec.aggregation.clone()).collect();
    let explicit = Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: true };
    assert_eq!(
        simple,
        [Aggregation::Default, Aggregation::Drop, Aggregation::Sum, Aggregation::LastValue, explicit]
    );
    assert_eq!(config.views[1].name, "wasmeter.yaml:14 views[1]");
}

#[test]
fn d1_d2_a_selector_is_about_the_instruments_that_meet_all_its_criteria() {
    let instrument = Instrument {
        name: "requests".into(),
        description: "".into(),
        unit: "ms".into(),
        kind: InstrumentKind::Histogram,
        number: NumberKind::Double,
        origin: Origin::Received,
        scope: Arc::new(Scope {
            name: "m".into(),
            version: "2".into(),
            schema_url: "s".into(),
            ..Scope::default()
        }),
        resource: Arc::default(),
        advisory: Advisory::default(),
    };
    let matches = |selector: &str, instrument: &Instrument| {
        let text = format!(
            "file_format: '1.1'\nmeter_provider:\n  readers: [{{periodic: {{exporter: {{console: }}}}}}]\n  views: [{{selector: {selector}, stream: {{}}}}]\n"
        );
        load(&text).views[0].matches(instrument)
    };
    for selector in [
        "{}",
        "{instrument_name: '*'}",
        "{instrument_name: requests}",
        "{instrument_name: REQUESTS}",
        "{instrument_name: 'req*s'}",
        "{instrument_name: 'request?', instrument_type: histogram, unit: ms, meter_name: m, meter_version: '2', meter_schema_url: s}",
    ] {
        assert!(matches(selector, &instrument), "{selector}");
    }
    for selector in [
        "{instrument_name: request}",
        "{instrument_name: 'request??'}",
        "{instrument_type: counter}",
        "{unit: MS}",
        "{unit: ''}",
        "{meter_name: 'm*'}",
        "{meter_version: '1'}",
        "{meter_schema_url: t}",
        "{instrument_name: requests, unit: s}",
    ] {
        assert!(!matches(selector, &instrument), "{selector}");
    }
    assert!(matches("{instrument_name: requests}", &Instrument { name: "Requests".into(), ..instrument }));
}

#[test]
fn the_keys_of_wasmeter_itself() {
    let config = load(
        r#"
file_format: "1.1"
distribution:
  wasmeter:
    receivers: {otlp_grpc: {endpoint: "[::]:0"}, otlp_http: }
    plugins:
      directory: /etc/views
      cache_directory: /var/cache/wasmeter
      memory_limit_bytes: 65536
      call_deadline_ms: 20
      trusted_keys: [RWTcY57UIF3Wqllh6qPCJJ3fn6hr8SjgA9RjZyIH/rvmWjBIQmEA0yCB]
      watch: false
    limits:
      {instruments_max: 1, sources_max: 2, current_expiry_ms: 3, idle_expiry_ms: 4, request_bytes_max: 5, collection_threads_max: 6,
       buffered_bytes_max: 7, known_series_bytes_max: 0, connections_max: 9, requests_at_work_max: 10, requests_waiting_max: 0, request_timeout_ms: 12}
    view_matching_mode: composable
"#,
    );
    assert_eq!(config.receivers.otlp_grpc, Some("[::]:0".parse().unwrap()));
    assert_eq!(config.receivers.otlp_http, None);
    assert_eq!(config.plugins.directory.as_deref(), Some(Path::new("/etc/views")));
    assert_eq!(config.plugins.cache_directory.as_deref(), Some(Path::new("/var/cache/wasmeter")));
    assert_eq!((config.plugins.limits.memory_limit_bytes, config.plugins.watch), (65536, false));
    assert_eq!(config.plugins.limits.call_deadline, Duration::from_millis(20));
    assert_eq!(config.plugins.trusted_keys, ["RWTcY57UIF3Wqllh6qPCJJ3fn6hr8SjgA9RjZyIH/rvmWjBIQmEA0yCB"]);
    let limits = &config.limits;
    assert_eq!((limits.instruments_max, limits.sources_max), (1, 2));
    assert_eq!(
        (limits.current_expiry, limits.idle_expiry),
        (Duration::from_millis(3), Duration::from_millis(4))
    );
    assert_eq!(limits.collection_threads_max.get(), 6);
    let clients = ClientLimits {
        request_bytes_max: Some(5),
        buffered_bytes_max: Some(7),
        known_series_bytes_max: Some(0),
        connections_max: Some(9),
        requests_at_work_max: Some(10),
        requests_waiting_max: Some(0),
        request_timeout: Some(Duration::from_millis(12)),
    };
    assert_eq!(config.client_limits, clients);
    assert_eq!(config.view_mode, ViewMode::Composable);

    let localhost = load(
        "file_format: '1.1'\ndistribution: {wasmeter: {receivers: {otlp_http: {endpoint: 'localhost:80'}}}}\n",
    );
    assert_eq!(localhost.receivers.otlp_http, Some("127.0.0.1:80".parse().unwrap()));
    assert_eq!(
        localhost.receivers.otlp_grpc,
        Some("127.0.0.1:4317".parse().unwrap()),
        "not mentioned: the default"
    );
}

#[test]
fn every_limit_of_plugins_is_set_for_all_of_them_within_its_range() {
    for limit in &PLUGIN_LIMITS {
        let with = |value: i64| {
            let plugins = format!("{{plugins: {{{}: {value}}}}}", limit.name);
            wasmeter_config::load_file(
                "wasmeter.yaml",
                &format!("file_format: '1.1'\ndistribution: {{wasmeter: {plugins}}}\n"),
                &|_| None,
            )
        };
        for value in [*limit.range.start(), *limit.range.end()] {
            let set = with(value).unwrap().plugins.limits;
            let changed: Vec<_> = set
                .by_name()
                .zip(PluginLimits::default().by_name())
                .filter(|(set, default)| set != default)
                .map(|(set, _)| set)
                .filter(|(name, _)| !name.ends_with("_deadline_ms") || *name == limit.name)
                .collect();
            let expected = (limit.name, u64::try_from(value).unwrap());
            let is_default = PluginLimits::default().by_name().any(|default| default == expected);
            assert!(changed == [expected] || (is_default && changed.is_empty()), "{changed:?}");
        }
        for value in [*limit.range.start() - 1, *limit.range.end() + 1] {
            let problems = with(value).unwrap_err();
            let told = problems[0].to_string();
            assert!(told.contains(limit.name) && told.contains("expected a whole number from"), "{told}");
        }
    }
}

#[test]
fn anchors_and_aliases_stand_for_what_they_name() {
    let config = load(
        r#"
file_format: "1.1"
meter_provider:
  readers:
    - periodic: {exporter: {otlp_http: &exporter {endpoint: "http://a:1/", timeout: &limit 7}}, timeout: *limit}
    - periodic: {exporter: {otlp_http: *exporter}}
"#,
    );
    assert_eq!(otlp(&config, 0), otlp(&config, 1));
    let Reader::Periodic(first) = &config.readers[0] else { panic!() };
    assert_eq!(first.timeout, Some(Duration::from_millis(7)));
}

#[test]
fn tags_of_the_core_schema_choose_the_type() {
    let config = load(
        r#"
file_format: "1.1"
resource: !!map
  attributes: !!seq
    - {name: text, value: !!str 5}
    - {name: double, value: !!float 5, type: double}
    - {name: int, value: !!int "5", type: int}
    - {name: none, value: !!null ""}
"#,
    );
    let expected = [("text", Value::from("5")), ("double", 5.0.into()), ("int", 5.into())];
    assert_eq!(config.resource.attributes, expected.into_iter().collect());
}
