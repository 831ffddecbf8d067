//! What a page says, what is wrong with others, and that no text does harm.

use proptest::prelude::*;

use super::{Family, Format, Kind, parse};

fn text(page: &str) -> Vec<Family> {
    parse(page, Format::Text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn openmetrics(page: &str) -> Vec<Family> {
    parse(page, Format::OpenMetrics).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn labels(pairs: &[(&str, &str)]) -> super::Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The example of Prometheus' documentation.
const DOCUMENTED: &str = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="0.2"} 100392
http_request_duration_seconds_bucket{le="0.5"} 129389
http_request_duration_seconds_bucket{le="1"} 133988
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# HELP rpc_duration_seconds A summary of the RPC duration in seconds.
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds{quantile="0.05"} 3272
rpc_duration_seconds{quantile="0.5"} 4773
rpc_duration_seconds{quantile="0.9"} 9001
rpc_duration_seconds{quantile="0.99"} 76656
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
"#;

#[test]
fn the_documented_example_is_read() {
    let families = text(DOCUMENTED);
    let kinds: Vec<_> = families.iter().map(|family| (family.name.as_str(), family.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("http_requests_total", Kind::Counter),
            ("msdos_file_access_time_seconds", Kind::Unknown),
            ("metric_without_timestamp_and_labels", Kind::Unknown),
            ("something_weird", Kind::Unknown),
            ("http_request_duration_seconds", Kind::Histogram),
            ("rpc_duration_seconds", Kind::Summary),
        ]
    );
    assert_eq!(families[0].help, "The total number of HTTP requests.");
    assert_eq!(families[0].series[1].labels, labels(&[("code", "400"), ("method", "post")]));
    assert_eq!(families[0].series[1].value, Some(3.0));
    let escaped = [("error", "Cannot find file:\n\"FILE.TXT\""), ("path", "C:\\DIR\\FILE.TXT")];
    assert_eq!(families[1].series[0].labels, labels(&escaped));
    assert_eq!(families[3].series[0].value, Some(f64::INFINITY));
    let histogram = &families[4].series[0];
    assert_eq!(
        (histogram.buckets.len(), histogram.count, histogram.sum),
        (6, Some(144_320.0), Some(53_423.0))
    );
    let summary = &families[5].series[0];
    assert_eq!((summary.quantiles[4], summary.count), ((0.99, 76_656.0), Some(2693.0)));
}

#[test]
fn openmetrics_has_more_types_units_starts_and_exemplars() {
    let families = openmetrics(
        "# TYPE acme_http_router_request_seconds summary\n# UNIT acme_http_router_request_seconds seconds\n\
         acme_http_router_request_seconds_sum{path=\"/api\"} 9036.32\n\
         acme_http_router_request_seconds_count{path=\"/api\"} 807283.0\n\
         acme_http_router_request_seconds_created{path=\"/api\"} 1605281325.0\n\
         # TYPE foo counter\nfoo_total 17.0 1520879607.789 # {trace_id=\"KOO5S4vxi0o\"} 0.67 1520879606.1\n\
         foo_created 1520430000.123\n\
         # TYPE build info\nbuild_info{version=\"1.2\"} 1\n\
         # TYPE state stateset\nstate{state=\"on\"} 1\nstate{state=\"off\"} 0\n\
         # TYPE bar histogram\nbar_bucket{le=\"0.1\"} 8 # {} 0.054\nbar_bucket{le=\"+Inf\"} 9\nbar_count 9\nbar_sum 5\n\
         # TYPE q unknown\n# a remark\nq NaN\n# EOF\n",
    );
    let kinds: Vec<_> = families.iter().map(|family| (family.name.as_str(), family.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("acme_http_router_request_seconds", Kind::Summary),
            ("foo_total", Kind::Counter),
            ("build_info", Kind::Info),
            ("state", Kind::StateSet),
            ("bar", Kind::Histogram),
            ("q", Kind::Unknown),
        ]
    );
    assert_eq!(
        (families[0].unit.as_str(), families[0].series[0].created_secs),
        ("seconds", Some(1_605_281_325.0))
    );
    let foo = &families[1].series[0];
    assert_eq!((foo.value, foo.created_secs), (Some(17.0), Some(1_520_430_000.123)));
    let exemplar = foo.exemplar.as_ref().unwrap();
    assert_eq!((exemplar.value, exemplar.time_secs), (0.67, Some(1_520_879_606.1)));
    assert_eq!(exemplar.labels, labels(&[("trace_id", "KOO5S4vxi0o")]));
    assert_eq!(families[4].series[0].buckets[0].exemplar.as_ref().unwrap().value, 0.054);
    assert!(families[5].series[0].value.unwrap().is_nan());
}

#[test]
fn names_in_quotes_are_read_too() {
    let families =
        text("# TYPE \"http.requests\" counter\n{\"http.requests\",\"url.path\"=\"/\",n=\"\"} 5\n");
    assert_eq!((families[0].name.as_str(), families[0].kind), ("http.requests", Kind::Counter));
    assert_eq!(families[0].series[0].labels, labels(&[("url.path", "/")]));
}

#[test]
fn the_format_goes_by_the_content_type() {
    for (content_type, format) in [
        ("text/plain; version=0.0.4", Format::Text),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Format::OpenMetrics),
        ("Application/OpenMetrics-Text", Format::OpenMetrics),
        ("", Format::Text),
    ] {
        assert_eq!(Format::of_content_type(content_type), format, "{content_type}");
    }
}

#[test]
fn whatever_is_wrong_is_told_with_its_line() {
    for (page, expected) in [
        ("a 1\nb{x=\"1} 2\n", "line 2: the text that begins at `\"1} 2` has no closing quote"),
        ("a\n", "line 1: found ``, expected a number"),
        ("a one\n", "line 1: found `one`, expected a number"),
        ("a inf\n", "line 1: found `inf`, expected a number"),
        ("1a 1\n", "line 1: found `1a`, expected the name of a metric"),
        ("{x=\"1\"} 1\n", "line 1: the name of the metric is missing"),
        ("a{x=\"1\",x=\"2\"} 1\n", "line 1: the label `x` occurs twice"),
        ("a{x:y=\"1\"} 1\n", "line 1: found `x:y`, expected the name of a label"),
        ("a{x} 1\n", "line 1: found `} 1` behind `x`, expected `=`"),
        ("a{x=\"1\" y=\"2\"} 1\n", "line 1: found `y=\"2\"} 1`, expected `,` or `}`"),
        ("a 1 2 3\n", "line 1: found `3`, expected the end of the line"),
        ("a 1\na 2\n", "line 2: `a` has two samples with the same labels"),
        ("a 1\n# TYPE a gauge\n", "line 2: the type of `a` comes behind its samples, expected it before"),
        ("# TYPE a guage\n", "line 1: found `guage`, expected a type of metrics"),
        ("# TYPE a histogram\na_bucket 1\n", "line 2: a sample of `a_bucket` has no label `le`"),
        ("# TYPE a histogram\na_bucket{le=\"x\"} 1\n", "line 2: found the bound `x`, expected a number"),
        (
            "# TYPE a histogram\na_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\n",
            "line 3: the bounds of `a_bucket` do not ascend at 1",
        ),
        ("# TYPE a summary\n# TYPE a_sum gauge\n", "line 2: samples of `a_sum` would be of two families"),
    ] {
        assert_eq!(parse(page, Format::Text).unwrap_err().to_string(), expected, "{page}");
    }
    for (page, expected) in [
        ("a 1\n", "line 2: the page ends without `# EOF`, expected it: the answer was cut off"),
        ("# EOF\na 1\n", "line 2: something follows `# EOF`, expected the end of the page"),
        ("a 1\n\n# EOF\n", "line 2: found a blank line, which OpenMetrics does not have"),
        ("# TYPE a untyped\n# EOF\n", "line 1: found `untyped`, expected a type of metrics"),
        ("a 1 2 # 3\n# EOF\n", "line 1: found `3`, expected the labels of an exemplar"),
    ] {
        assert_eq!(parse(page, Format::OpenMetrics).unwrap_err().to_string(), expected, "{page}");
    }
}

/// Pieces of pages in any order, so that most of what a page may hold, and much that it may not, occurs.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("# TYPE ".to_owned()),
        Just("# HELP ".to_owned()),
        Just("# EOF".to_owned()),
        Just("\n".to_owned()),
        Just("{le=\"".to_owned()),
        Just("\"}".to_owned()),
        Just("\",".to_owned()),
        Just(" # {} 1".to_owned()),
        Just("\\".to_owned()),
        Just(" ".to_owned()),
        "(a|a_total|a_bucket|a_sum|a_count|a_created|b_info)",
        "(counter|gauge|histogram|summary|info|stateset|gaugehistogram|unknown|untyped)",
        "(-?[0-9]{1,20}(\\.[0-9]{1,3})?(e[0-9]{1,3})?|NaN|\\+Inf|-Inf)",
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_text_is_read_or_refused_with_a_line_that_exists(page in pieces()) {
        for format in [Format::Text, Format::OpenMetrics] {
            match parse(&page, format) {
                // As much as there was in the page, and not more.
                Ok(families) => {
                    let series: usize = families.iter().map(|family| family.series.len()).sum();
                    prop_assert!(series <= page.lines().count());
                }
                Err(wrong) => prop_assert!((1..=page.lines().count() + 1).contains(&wrong.line)),
            }
        }
    }

    #[test]
    fn what_is_written_by_the_rules_is_read_as_it_was(
        value in any::<f64>().prop_filter("comparable", |value| !value.is_nan()),
        label in "\\PC{0,20}",
    ) {
        let quoted = label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let number = if value.is_infinite() { format!("{}Inf", if value > 0.0 { '+' } else { '-' }) } else { format!("{value:e}") };
        let families = parse(&format!("a{{x=\"{quoted}\"}} {number}\n"), Format::Text).unwrap();
        let expected = if label.is_empty() { vec![] } else { labels(&[("x", &label)]) };
        prop_assert_eq!(&families[0].series[0].labels, &expected);
        prop_assert_eq!(families[0].series[0].value, Some(value));
    }
}
