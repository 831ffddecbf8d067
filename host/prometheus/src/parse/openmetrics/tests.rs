//! The examples of the specification are read; every rule, broken once, is told.

use super::*;

#[test]
fn the_examples_of_the_specification_are_read() {
    let page = r#"# TYPE acme_http_router_request_seconds summary
# UNIT acme_http_router_request_seconds seconds
# HELP acme_http_router_request_seconds Latency though all of ACME's HTTP request router.
acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32
acme_http_router_request_seconds_count{path="/api/v1",method="GET"} 807283.0
acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0
# TYPE go_goroutines gauge
# HELP go_goroutines Number of goroutines that currently exist.
go_goroutines 69
# TYPE process_cpu_seconds counter
# UNIT process_cpu_seconds seconds
# HELP process_cpu_seconds Total user and system \"CPU\" time spent in seconds.
process_cpu_seconds_total 4.20072246e+06 1520879607.789
# TYPE foo histogram
foo_bucket{le="0.01"} 0
foo_bucket{le="0.1"} 8 # {} 0.054
foo_bucket{le="1"} 11 # {trace_id="KOO5S4vxi0o"} 0.67
foo_bucket{le="10"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789
foo_bucket{le="+Inf"} 17
foo_count 17
foo_sum 324789.3
foo_created 1520430000.123
# TYPE bar info
bar_info{entity="controller",name="pretty name",version="8.2.7"} 1.0
bar_info{entity="replica",name="prettier name",version="8.1.9"} 1.0
untold{a="escaping\" example \n "} -Inf
# EOF
"#;
    let samples = parse_openmetrics(page).unwrap();
    assert_eq!(samples.len(), 16);
    let named = |name: &'static str| samples.iter().filter(move |sample| sample.name == name);
    assert_eq!(named("process_cpu_seconds_total").next().unwrap().timestamp_millis, Some(1_520_879_607_789));
    assert_eq!(named("bar_info").next().unwrap().kind, FamilyKind::Info);
    assert_eq!(named("untold").next().unwrap().kind, FamilyKind::Untyped);
    assert_eq!(named("untold").next().unwrap().label("a"), Some("escaping\" example \n "));
    let exemplar = named("foo_bucket").nth(3).unwrap().exemplar.clone().unwrap();
    assert_eq!(exemplar.labels, [("trace_id".to_owned(), "oHg5SJYRHA0".to_owned())]);
    assert_eq!((exemplar.value, exemplar.time.as_deref()), (9.8, Some("1520879607.789")));
    assert_eq!(parse_openmetrics("# EOF").unwrap(), []);
}

#[test]
fn every_broken_rule_is_an_error_that_says_what_and_where() {
    let long = "x".repeat(126);
    let histogram = |lines: &str| format!("# TYPE h histogram\n{lines}\n# EOF\n");
    let pages = [
        String::new(),
        "a 1\n".to_owned(),
        "a 1\n# EOF\na 2\n".to_owned(),
        "a 1\n\n# EOF\n".to_owned(),
        "a 1\n# a comment\n# EOF\n".to_owned(),
        "#TYPE a gauge\n# EOF\n".to_owned(),
        "a  1\n# EOF\n".to_owned(),
        "a 1 \n# EOF\n".to_owned(),
        " a 1\n# EOF\n".to_owned(),
        "a 1\r\n# EOF\n".to_owned(),
        "a{b=\"1\",} 1\n# EOF\n".to_owned(),
        "a{b=\"1\", c=\"2\"} 1\n# EOF\n".to_owned(),
        "a{b=\"1\",b=\"2\"} 1\n# EOF\n".to_owned(),
        "a 1 soon\n# EOF\n".to_owned(),
        "a 1 NaN\n# EOF\n".to_owned(),
        "# TYPE a untyped\n# EOF\n".to_owned(),
        "# TYPE a stateset\n# EOF\n".to_owned(),
        "# HELP a say \"it\"\n# EOF\n".to_owned(),
        "# TYPE a gauge\n# TYPE a gauge\n# EOF\n".to_owned(),
        "# HELP a b\n# HELP a b\n# EOF\n".to_owned(),
        "# UNIT a_b b\n# UNIT a_b b\n# EOF\n".to_owned(),
        "# UNIT a b\n# EOF\n".to_owned(),
        "# UNIT a_b b c\n# EOF\n".to_owned(),
        "# TYPE a_b info\n# UNIT a_b b\n# EOF\n".to_owned(),
        "a 1\n# TYPE a gauge\n# EOF\n".to_owned(),
        "a{b=\"\"} 1\na 1\n# EOF\n".to_owned(),
        "a 1\nb 1\na{c=\"d\"} 1\n# EOF\n".to_owned(),
        "# TYPE a counter\na 1\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total 1\n# TYPE a_created gauge\na_created 1\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total -1\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total NaN\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total 1\na_created NaN\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total{b=\"1\"} 1\na_total{b=\"2\"} 1\na_created{b=\"1\"} 1\n# EOF\n".to_owned(),
        "# TYPE a info\na_info 2\n# EOF\n".to_owned(),
        "# TYPE a gauge\na 1 # {} 1\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total 1 # {b=\"c\"}\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total 1 # 1\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total 1 #{} 1\n# EOF\n".to_owned(),
        "# TYPE a counter\na_total 1 # {} 1 soon\n# EOF\n".to_owned(),
        format!("# TYPE a counter\na_total 1 # {{ab=\"{long}é\"}} 1\n# EOF\n"),
        "# TYPE s summary\ns 1\n# EOF\n".to_owned(),
        "# TYPE s summary\ns{quantile=\"1.5\"} 1\n# EOF\n".to_owned(),
        "# TYPE s summary\ns{quantile=\"0.5\"} -1\n# EOF\n".to_owned(),
        "# TYPE s summary\ns_sum -1\n# EOF\n".to_owned(),
        "# TYPE s summary\ns_count 1.5\n# EOF\n".to_owned(),
        histogram("h_bucket 1"),
        histogram("h_bucket{le=\"NaN\"} 1"),
        histogram("h_bucket{le=\"inf\"} 1"),
        histogram("h_bucket{le=\"1.0\"} 1"),
        histogram("h_bucket{le=\"2.0\"} 1\nh_bucket{le=\"1.0\"} 1"),
        histogram("h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"2.0\"} 1"),
        histogram("h_bucket{le=\"+Inf\"} 1.5"),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_count 2\nh_sum 1"),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_count 1"),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_sum 1"),
        histogram("h_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1"),
        histogram("h_bucket{le=\"1.0\"} 1 # {} 1.5\nh_bucket{le=\"+Inf\"} 1"),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_created 1 # {} 1"),
    ];
    let mut report = String::new();
    for page in &pages {
        match parse_openmetrics(page) {
            Ok(samples) => panic!("{page:?} was read as {samples:?}"),
            Err(error) => report += &format!("{page:?}\n    {error}\n"),
        }
    }
    insta::assert_snapshot!(report);
    // One character fewer is within the limit, which counts characters and not bytes.
    let within = format!("# TYPE a counter\na_total 1 # {{a=\"{long}é\"}} 1\n# EOF\n");
    assert_eq!(parse_openmetrics(&within).unwrap().len(), 1);
}
