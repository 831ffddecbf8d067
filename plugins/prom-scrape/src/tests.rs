//! What is said of a page.

use wasmeter_guest::frame::Frame;
use wasmeter_guest::http::{Error, ErrorKind, Response};
use wasmeter_guest::testing::{self, ObserverHarness, rows};
use wasmeter_guest::{Attributes, Observation};

use crate::PromScrape;
use crate::owner::Owners;
use crate::page::{Format, parse};
use crate::translate::{LeftOut, say};

fn observed(page: &str, format: Format) -> (Frame, LeftOut) {
    let families = parse(page, format).unwrap_or_else(|wrong| panic!("{wrong}"));
    let own: Attributes = [("service.name", "node"), ("service.instance.id", "a:9100")].into();
    let owners = Owners::new(own, &families);
    let mut observation = Observation::at(7);
    let left_out = say(&mut observation, &families, &owners);
    (observation.finish(), left_out)
}

fn text(page: &str) -> Frame {
    let (frame, left_out) = observed(page, Format::Text);
    assert_eq!(left_out, LeftOut::default());
    frame
}

fn openmetrics(page: &str) -> Frame {
    let (frame, left_out) = observed(&format!("{page}# EOF\n"), Format::OpenMetrics);
    assert_eq!(left_out, LeftOut::default());
    frame
}

#[test]
fn every_type_becomes_what_otlp_has_for_it() {
    let frame = openmetrics(
        "# TYPE c counter\n# UNIT c seconds\nc_total{a=\"1\"} 5\n# TYPE g gauge\ng -0.5\n# TYPE u unknown\nu 3\n\
         # TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 5\nh_bucket{le=\"+Inf\"} 6\nh_sum 9.5\nh_count 6\n\
         # TYPE s summary\ns{quantile=\"0.9\"} 7\ns{quantile=\"0.5\"} 4\ns_sum 11\ns_count 2\n\
         # TYPE i info\ni_info{v=\"2\"} 1\n# TYPE t stateset\nt{t=\"on\"} 1\nt{t=\"off\"} 0\n",
    );
    assert_eq!(
        rows(&frame),
        [
            "c_total [s] cumulative {a=1} 5.0",
            "g {} -0.5",
            "u {} 3.0",
            "h cumulative {} count=6 sum=Some(9.5) bounds=[1.0, 2.0] counts=[2, 3, 1]",
            "s {} count=2 sum=11.0 quantiles=[0.5, 0.9] values=[4.0, 7.0]",
            "i_info cumulative {v=2} 1.0",
            "t cumulative {t=on} 1.0",
            "t cumulative {t=off} 0.0",
        ]
    );
    let types: Vec<_> = frame
        .metrics()
        .map(|metric| metric.metadata().to_attributes().text("prometheus.type").unwrap_or("-").to_owned())
        .collect();
    assert_eq!(types, ["-", "-", "unknown", "-", "-", "info", "stateset"]);
}

#[test]
fn histograms_without_all_their_samples() {
    let frame = text(
        "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_count 6\n# TYPE n histogram\nn_count 3\nn_sum 4\n\
         # TYPE i histogram\ni_bucket{le=\"+Inf\"} 3\ni_sum NaN\n",
    );
    assert_eq!(
        rows(&frame),
        [
            "h cumulative {} count=6 sum=None bounds=[1.0] counts=[2, 4]",
            "n cumulative {} count=3 sum=Some(4.0) bounds=[] counts=[]",
            "i cumulative {} count=3 sum=None bounds=[] counts=[]",
        ]
    );
}

#[test]
fn what_makes_no_sense_is_left_out_and_told() {
    let (frame, left_out) = observed(
        "# TYPE c counter\nc -1\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n\
         # TYPE s summary\ns{quantile=\"2\"} 1\n# TYPE f histogram\nf_count 1.5\ngood 1\n",
        Format::Text,
    );
    assert_eq!(rows(&frame), ["good {} 1.0"]);
    let first = Some("`c`: the total of a counter is not a number from 0 on".to_owned());
    assert_eq!(left_out, LeftOut { series: 4, first });
}

#[test]
fn starts_and_exemplars_are_kept() {
    let frame = openmetrics(
        "# TYPE c counter\nc_total 5 # {trace_id=\"5b8efff798038103d269b633813fc60c\",span_id=\"eee19b7ec3c1b174\",user=\"7\"} \
         2 1.5\nc_created 1600000000.25\n",
    );
    let metric = frame.metrics().next().unwrap();
    let point = metric.points().next().unwrap();
    assert_eq!((point.start(), point.time()), (1_600_000_000_250_000_000, 0));
    let exemplar = point.exemplars().next().unwrap().to_exemplar();
    assert_eq!(exemplar.trace_id, 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c);
    assert_eq!((exemplar.span_id, exemplar.time), (0xeee1_9b7e_c3c1_b174, 1_500_000_000));
    assert_eq!(exemplar.attributes, [("user", "7")].into());
}

#[test]
fn labels_say_who_produced_a_series() {
    let frame = text(
        "target_info{job=\"shop/cart\",instance=\"1\",host_name=\"x\"} 1\ntarget_info{os=\"linux\",service_name=\"n\"} 1\n\
         a{job=\"shop/cart\",instance=\"1\",otel_scope_name=\"lib\",otel_scope_version=\"2\",otel_scope_k=\"v\",p=\"q\"} 1\n\
         b{job=\"other\",p=\"q\"} 2\n",
    );
    let metrics: Vec<_> = frame.metrics().collect();
    let owner = |at: usize| metrics[at].scope().resource().attributes().to_attributes();
    assert_eq!(
        owner(0),
        [
            ("host_name", "x"),
            ("service.instance.id", "1"),
            ("service.name", "cart"),
            ("service.namespace", "shop")
        ]
        .into()
    );
    assert_eq!(metrics[0].scope().name(), "lib");
    assert_eq!(metrics[0].scope().attributes().to_attributes(), [("k", "v")].into());
    assert_eq!(
        owner(1),
        [("os", "linux"), ("service.instance.id", "a:9100"), ("service.name", "node"), ("service_name", "n")]
            .into()
    );
    assert_eq!(rows(&frame), ["a {p=q} 1.0", "b {job=other,p=q} 2.0"]);
}

/// What an observer says of a page that answers like this.
fn scraped(response: Result<Response, Error>) -> Result<Vec<String>, String> {
    testing::serve_http(move |request| {
        assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "http://a:9100/metrics"));
        assert!(request.headers.contains(&("authorization".to_owned(), "Bearer x".to_owned())));
        response.clone()
    });
    let config =
        r#"{"url": "http://a:9100/metrics", "job": "node", "headers": {"authorization": "Bearer x"}}"#;
    let harness = ObserverHarness::<PromScrape>::new(config);
    harness.observe(7).map(|frame| rows(&frame)).map_err(|fault| fault.reason)
}

fn response(status: u16, content_type: &str, body: &str) -> Result<Response, Error> {
    let headers = vec![("content-type".to_owned(), content_type.as_bytes().to_vec())];
    Ok(Response { status, headers, body: body.as_bytes().to_vec() })
}

#[test]
fn a_page_is_read_as_what_it_says_it_is() {
    let openmetrics =
        response(200, "application/openmetrics-text; version=1.0.0", "# TYPE c counter\nc_total 1\n# EOF\n");
    assert_eq!(scraped(openmetrics), Ok(vec!["c_total cumulative {} 1.0".to_owned()]));
    assert_eq!(scraped(response(200, "text/plain", "a 1\n\n")), Ok(vec!["a {} 1.0".to_owned()]));
}

#[test]
fn a_page_that_cannot_be_had_is_a_fault_that_says_why() {
    for (response, expected) in [
        (
            response(503, "text/plain", "no\n"),
            "`http://a:9100/metrics` answers with status 503, expected 200",
        ),
        (response(200, "text/plain", "a 1\nb\n"), "breaks the rules of its format in line 2: found ``"),
        (Err(Error::new(ErrorKind::TimedOut, "late")), "cannot scrape `http://a:9100/metrics`: late"),
    ] {
        let fault = scraped(response).unwrap_err();
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn what_is_left_out_is_logged() {
    let page = response(200, "", "# TYPE c counter\nc -1\n");
    assert_eq!(scraped(page), Ok(vec![]));
    assert!(testing::take_logs().iter().any(|(_, line)| line.contains("1 series") && line.contains("`c`")));
}

#[test]
fn the_resource_is_what_the_operator_says() {
    testing::serve_http(|_| response(200, "", "a 1\n"));
    let config = r#"{"url": "http://a:9100/metrics", "job": "node", "resource": {"zone": "b"}}"#;
    let frame = ObserverHarness::<PromScrape>::new(config).observe(7).unwrap();
    let resource = frame.metrics().next().unwrap().scope().resource().attributes().to_attributes();
    assert_eq!(resource, [("service.instance.id", "a:9100"), ("service.name", "node"), ("zone", "b")].into());
}

#[test]
fn a_configuration_without_a_page_is_refused() {
    for (config, wrong) in [
        ("{}", "missing field `url`"),
        (r#"{"url": "ftp://a/"}"#, "found the URL `ftp://a/`"),
        (r#"{"url": "http:///metrics"}"#, "expected one such as"),
        (r#"{"url": "http://u:p@a/"}"#, "put credentials into a header"),
        (r#"{"url": "http://a/", "instance": "1"}"#, "expected both or neither"),
        (r#"{"url": "http://a/", "timeout": 1}"#, "unknown field `timeout`"),
    ] {
        let problems = ObserverHarness::<PromScrape>::configure(config).unwrap_err();
        assert!(problems.iter().any(|problem| problem.message.contains(wrong)), "{config}: {problems:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(crate::config::Config), file);
}
