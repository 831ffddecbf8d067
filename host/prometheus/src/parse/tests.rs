//! Every rule, broken once.

use super::*;

#[test]
fn the_example_of_the_format_is_read() {
    let page = r#"# HELP http_requests_total The total number of HTTP requests.
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
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01",} 3102
rpc_duration_seconds{quantile="0.99"} 76656
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
"#;
    let samples = parse_page(page).unwrap();
    assert_eq!(samples.len(), 14);
    let first = samples.first().unwrap();
    assert_eq!(
        (first.kind, first.label("code"), first.label("le")),
        (FamilyKind::Counter, Some("200"), None)
    );
    assert_eq!(first.timestamp_millis, Some(1_395_066_363_000));
    let escaped = samples.get(2).unwrap();
    assert_eq!(escaped.label("path"), Some("C:\\DIR\\FILE.TXT"));
    assert_eq!(escaped.label("error"), Some("Cannot find file:\n\"FILE.TXT\""));
    assert_eq!(samples.get(4).map(|sample| sample.value), Some(f64::INFINITY));
    assert_eq!(samples.last().map(|sample| sample.kind), Some(FamilyKind::Summary));
}

#[test]
fn values_keep_their_text() {
    let samples = parse_page("a 9223372036854775807\nb NaN\nc -Inf\nd .5e+3\n").unwrap();
    let texts: Vec<_> = samples.iter().map(|sample| sample.text.as_str()).collect();
    assert_eq!(texts, ["9223372036854775807", "NaN", "-Inf", ".5e+3"]);
    assert!(samples.get(1).unwrap().value.is_nan());
    assert_eq!(parse_page("").unwrap(), []);
}

#[test]
fn every_broken_rule_is_an_error_that_says_what_and_where() {
    let histogram = |lines: &str| format!("# TYPE h histogram\n{lines}");
    let pages = [
        "a 1".to_owned(),
        "a 1\na 2\n".to_owned(),
        "a{b=\"\"} 1\na 2\n".to_owned(),
        "a{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 2\n".to_owned(),
        "a{b=\"1\",b=\"2\"} 1\n".to_owned(),
        "a{__name__=\"b\"} 1\n".to_owned(),
        "a{b=1} 1\n".to_owned(),
        "a{b=\"1} 1\n".to_owned(),
        "a{b=\"\\x\"} 1\n".to_owned(),
        "a{b=\"\\".to_owned() + "\n",
        "a{b \"1\"} 1\n".to_owned(),
        "a{b=\"1\" c=\"2\"} 1\n".to_owned(),
        "a{1b=\"1\"} 1\n".to_owned(),
        "a{,} 1\n".to_owned(),
        "a.b 1\n".to_owned(),
        "1a 1\n".to_owned(),
        "a\n".to_owned(),
        "a{}\n".to_owned(),
        "a one\n".to_owned(),
        "a 0x1p-2\n".to_owned(),
        "a 1_000\n".to_owned(),
        "a -NaN\n".to_owned(),
        "a 1e999\n".to_owned(),
        "a 1 soon\n".to_owned(),
        "a 1 1 1\n".to_owned(),
        "a 1\r\n".to_owned(),
        "# TYPE a meter\n".to_owned(),
        "# TYPE a\n".to_owned(),
        "# TYPE a counter\n# TYPE a counter\n".to_owned(),
        "# HELP a b\n# HELP a b\n".to_owned(),
        "# HELP a.b c\n".to_owned(),
        "# HELP a \\x\n".to_owned(),
        "a 1\n# TYPE a counter\n".to_owned(),
        "a 1\nb 1\na{c=\"d\"} 1\n".to_owned(),
        "a 1\nb 1\n# HELP a c\n".to_owned(),
        histogram("h 1\n"),
        histogram("h_bucket 1\n"),
        histogram("h_bucket{le=\"x\"} 1\n"),
        histogram("h_bucket{le=\"NaN\"} 1\n"),
        histogram("h_bucket{le=\"1\"} -1\n"),
        histogram("h_bucket{le=\"1\"} NaN\n"),
        histogram("h_bucket{le=\"1\"} 1\nh_count 1\n"),
        histogram("h_bucket{le=\"+Inf\"} 1\n"),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_count 2\na 1\n"),
        histogram("h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n"),
        histogram("h_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 1\n"),
        histogram("h_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 1\n"),
        "h_count 1\n".to_owned() + &histogram(""),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_count 1\na 1\nh_sum 1\n"),
        "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.1\"} 1\n".to_owned(),
        "# TYPE s summary\ns 1\n".to_owned(),
    ];
    let mut report = String::new();
    for page in &pages {
        match parse_page(page) {
            Ok(samples) => panic!("{page:?} was read as {samples:?}"),
            Err(error) => report += &format!("{page:?}\n    {error}\n"),
        }
    }
    insta::assert_snapshot!(report);
}

#[test]
fn errors_quote_no_more_than_a_line_of_input() {
    let error = parse_page(&format!("a{{b=\"{}", "x".repeat(1_000_000))).unwrap_err();
    assert!(error.problem.len() < 200, "{}", error.problem.len());
    let error = parse_page(&format!("{} 1\n", "é".repeat(1_000_000))).unwrap_err();
    assert!(error.problem.len() < 300, "{}", error.problem.len());
}
