//! Pages in OpenMetrics, and what only they show: exemplars, start times, units, info metrics.

use wasmeter_model::frame::{
    ExemplarRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, PointKind, SummaryRow,
};
use wasmeter_model::{Number, Timestamp, ValueRef};
use wasmeter_prometheus::{
    Exemplar, Format, Options, Page, Sample, TranslationStrategy, Warning, parse_openmetrics, parse_page,
    render,
};

use crate::build::{Build, NONE, Pairs, row};
use crate::snapshots::shops;

fn plain() -> Options {
    Options { scope_labels: false, target_info: false, ..Options::default() }
}

fn page(frame: &Frame, options: &Options) -> Page {
    let page = render(frame, Format::OpenMetrics, options);
    parse_openmetrics(&page.text).unwrap_or_else(|error| panic!("{error} in\n{}", page.text));
    page
}

/// The page, and what is said about it.
fn report(page: &Page) -> String {
    let dropped = page.dropped.iter().map(|drop| format!("[{}] {drop}\n", drop.reason));
    let warnings = page.warnings.iter().map(|warning| format!("[warning] {warning}\n"));
    page.text.clone() + &dropped.chain(warnings).collect::<String>()
}

/// An exemplar with text attributes; trace and span are 0 if there is none.
struct Sampled<'a> {
    attributes: Pairs<'a>,
    secs: u64,
    value: Option<Number>,
    trace_id: u128,
    span_id: u64,
}

const SAMPLED: Sampled<'static> =
    Sampled { attributes: NONE, secs: 5, value: Some(Number::Int(1)), trace_id: 0, span_id: 0 };

fn with_exemplars(builder: &mut FrameBuilder, exemplars: &[Sampled<'_>]) {
    for sampled in exemplars {
        let pairs = sampled.attributes.iter().map(|(key, value)| (*key, ValueRef::String(value)));
        let attributes = builder.set(pairs);
        let Sampled { secs, value, trace_id, span_id, .. } = *sampled;
        builder.exemplar(ExemplarRow {
            attributes,
            time: Timestamp::from_secs(secs),
            value,
            trace_id,
            span_id,
        });
    }
}

/// A counter of value 7 with exemplars, and what its line shows of them.
fn on_a_counter(exemplars: &[Sampled<'_>]) -> Option<Exemplar> {
    let mut build = Build::shop().counter("orders", "");
    with_exemplars(&mut build.0, exemplars);
    total(&page(&build.int(NONE, 7).finish(), &plain()).text)
}

fn total(text: &str) -> Option<Exemplar> {
    let samples = parse_openmetrics(text).unwrap();
    samples.into_iter().find(|sample| sample.name == "orders_total").and_then(|sample| sample.exemplar)
}

fn names(exemplar: &Exemplar) -> Vec<&str> {
    exemplar.labels.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn q9_a_page_with_every_kind_of_point() {
    let page = page(&shops(), &Options::default());
    assert_eq!(page.dropped, []);
    insta::assert_snapshot!(report(&page));
}

#[test]
fn the_empty_page_ends_too() {
    assert_eq!(page(&Frame::default(), &Options::default()).text, "# EOF\n");
}

/// Name, labels and value.
type Series = (String, Vec<(String, String)>, f64);

/// A series is the same to a database whatever format it was scraped in.
#[test]
fn q1_both_formats_have_the_same_series() {
    let series = |samples: Vec<Sample>| -> Vec<Series> {
        let shown = samples.into_iter().filter(|sample| !sample.name.ends_with("_created"));
        let mut series: Vec<_> = shown
            .map(|sample| {
                let number = |text: &str| {
                    text.parse::<f64>().map_or_else(|_| text.to_owned(), |bound| bound.to_string())
                };
                let mut labels = sample.labels;
                for (name, value) in &mut labels {
                    if name == "le" || name == "quantile" {
                        *value = number(value);
                    }
                }
                (sample.name, labels, sample.value)
            })
            .collect();
        series.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        series
    };
    for strategy in [
        TranslationStrategy::UnderscoreEscapingWithSuffixes,
        TranslationStrategy::UnderscoreEscapingWithoutSuffixes,
        TranslationStrategy::NoTranslation,
    ] {
        let options = Options { strategy, ..Options::default() };
        let text = parse_page(&render(&shops(), Format::Text, &options).text).unwrap();
        let openmetrics = parse_openmetrics(&page(&shops(), &options).text).unwrap();
        let (mut text, openmetrics) = (series(text), series(openmetrics));
        // OpenMetrics has no sum where values may be negative, and then no count beside the buckets.
        text.retain(|(name, ..)| !name.starts_with("shop_payload") || name.ends_with("_bucket"));
        assert_eq!(text, openmetrics);
    }
}

#[test]
fn q8_trace_and_span_are_labels_before_all_others() {
    let attributes = [("trace.id", "an attribute"), ("span_id", "another"), ("http.route", "/a \"b\"")];
    let sampled = [Sampled { attributes: &attributes, trace_id: 0xab, span_id: 0xcd, ..SAMPLED }];
    let exemplar = on_a_counter(&sampled).unwrap();
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        exemplar.labels,
        [
            label("trace_id", "000000000000000000000000000000ab"),
            label("span_id", "00000000000000cd"),
            label("http_route", "/a \"b\""),
        ]
    );
    assert_eq!((exemplar.value, exemplar.time.as_deref()), (1.0, Some("5.0")));
    // Without a trace the name is free.
    let exemplar = on_a_counter(&[Sampled { attributes: &attributes, ..SAMPLED }]).unwrap();
    assert_eq!(names(&exemplar), ["http_route", "span_id", "trace_id"]);
}

#[test]
fn q8_attributes_are_labels_as_long_as_they_fit_into_128_characters() {
    let (long, rest) = ("é".repeat(60), "é".repeat(5));
    // Trace and span take 63 characters, the first attribute 61 of the other 65, the last all that is left.
    let attributes = [("a", long.as_str()), ("b", rest.as_str()), ("c", "éé"), ("d", "é")];
    let sampled = [Sampled { attributes: &attributes, trace_id: 1, span_id: 1, ..SAMPLED }];
    assert_eq!(names(&on_a_counter(&sampled).unwrap()), ["trace_id", "span_id", "a", "c"]);
    let all = [("a", "é".repeat(127))];
    let all: Vec<_> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(names(&on_a_counter(&[Sampled { attributes: &all, ..SAMPLED }]).unwrap()), ["a"]);
    let more = [("a", "é".repeat(128))];
    let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(on_a_counter(&[Sampled { attributes: &more, ..SAMPLED }]).unwrap().labels, []);
}

#[test]
fn q8_a_counter_shows_its_latest_exemplar() {
    let at = |secs, value| Sampled { secs, value, ..SAMPLED };
    let int = |value| Some(Number::Int(value));
    let several =
        [at(5, int(1)), at(9, int(2)), at(7, int(3)), at(10, None), at(11, Some(Number::Double(f64::NAN)))];
    assert_eq!(on_a_counter(&several).unwrap().value, 2.0);
    assert_eq!(on_a_counter(&[at(0, int(4))]).unwrap().time, None);
    assert_eq!(on_a_counter(&[at(3, None)]), None);
    assert_eq!(on_a_counter(&[]), None);
}

#[test]
fn q8_each_bucket_shows_its_latest_exemplar() {
    let mut build = Build::shop().metric(MetricRow { name: "h", ..row(PointKind::Histogram) });
    let at = |secs, value| Sampled { secs, value: Some(Number::Double(value)), ..SAMPLED };
    // Bounds are upper bounds: 1 belongs to the first bucket, 1.5 to the second.
    let exemplars =
        [at(1, 1.0), at(4, 0.5), at(3, 0.25), at(2, 1.5), at(9, 10.0), at(8, 11.0), at(7, f64::INFINITY)];
    with_exemplars(&mut build.0, &exemplars);
    let buckets = HistogramRow { count: 9, bounds: &[1.0, 10.0], counts: &[3, 3, 3], ..<_>::default() };
    let text = page(&build.histogram(NONE, buckets).finish(), &plain()).text;
    let samples = parse_openmetrics(&text).unwrap();
    let shown: Vec<_> = samples
        .iter()
        .filter(|sample| sample.name == "h_bucket")
        .map(|sample| (sample.label("le").unwrap(), sample.exemplar.as_ref().map(|exemplar| exemplar.value)))
        .collect();
    assert_eq!(shown, [("1.0", Some(0.5)), ("10.0", Some(10.0)), ("+Inf", Some(11.0))]);
}

#[test]
fn q8_exemplars_are_dropped_where_the_format_has_none() {
    let sampled = [Sampled { trace_id: 1, ..SAMPLED }];
    let mut build = Build::shop().counter("orders", "");
    with_exemplars(&mut build.0, &sampled);
    let mut build = build.int(NONE, 7).gauge("depth", "");
    with_exemplars(&mut build.0, &sampled);
    let mut build = build.int(NONE, 7).metric(MetricRow { name: "rpc", ..row(PointKind::Summary) });
    with_exemplars(&mut build.0, &sampled);
    let frame = build.summary(NONE, SummaryRow::default()).finish();
    let text = render(&frame, Format::Text, &plain());
    assert!(!text.text.contains("trace_id") && !text.text.contains("_created"), "{}", text.text);
    let page = page(&frame, &plain());
    assert_eq!(page.text.matches("trace_id").count(), 1, "{}", page.text);
    assert!(total(&page.text).is_some());
}

#[test]
fn q8_q9_series_that_are_added_up_keep_the_latest_exemplar_and_the_earliest_start() {
    let worker = |build: Build, pid: &str, start, secs| {
        let mut build = build
            .resource(&[("service.name", "shop"), ("process.pid", pid)])
            .scope("", "")
            .counter("orders", "");
        with_exemplars(
            &mut build.0,
            &[Sampled { secs, value: Some(Number::Int(3)), trace_id: secs.into(), ..SAMPLED }],
        );
        let header = PointHeader { start, attributes: build.0.set([]), ..PointHeader::default() };
        build.0.number(NumberRow { header, value: Some(Number::Int(5)) });
        build
    };
    let two = worker(worker(Build::new(), "1", Timestamp(2_500_000_001), 9), "2", Timestamp::from_secs(4), 8);
    insta::assert_snapshot!(page(&two.finish(), &plain()).text, @r##"
    # TYPE orders counter
    orders_total{job="shop"} 10 # {trace_id="00000000000000000000000000000009"} 3 9.0
    orders_created{job="shop"} 2.500000001
    # EOF
    "##);
    let unknown = worker(worker(Build::new(), "1", Timestamp(0), 9), "2", Timestamp::from_secs(4), 8);
    let text = page(&unknown.finish(), &plain()).text;
    assert!(!text.contains("_created"), "a sum since who knows when: {text}");
}

#[test]
fn q9_the_resource_is_an_info_metric_unless_its_name_is_taken() {
    let build = || Build::new().resource(&[("service.name", "shop"), ("host.name", "a")]).scope("", "");
    let frame = build().gauge("up", "").int(NONE, 1).finish();
    let options = Options { scope_labels: false, ..Options::default() };
    insta::assert_snapshot!(report(&page(&frame, &options)), @r##"
    # TYPE target info
    # HELP target Target metadata
    target_info{host_name="a",job="shop"} 1
    # TYPE up gauge
    up{job="shop"} 1
    # EOF
    "##);
    let frame = build().gauge("target", "").int(NONE, 1).finish();
    insta::assert_snapshot!(report(&page(&frame, &options)), @r##"
    # TYPE target_info gauge
    # HELP target_info Target metadata
    target_info{host_name="a",job="shop"} 1
    # TYPE target gauge
    target{job="shop"} 1
    # EOF
    [warning] OpenMetrics shows `target_info` as gauge, because another metric has a name that its type needs; rename one of the two in a view
    "##);
}

#[test]
fn a_type_whose_names_are_taken_gives_way() {
    let counter = |build: Build, name: &str| build.counter(name, "").int(NONE, 1);
    let gauge = |build: Build, name: &str| build.gauge(name, "").int(NONE, 2);
    let build = gauge(counter(Build::shop(), "queue"), "queue");
    let build = gauge(counter(build, "jobs"), "jobs.created");
    let build = gauge(build, "h.created").metric(MetricRow { name: "h", ..row(PointKind::Histogram) });
    let build = build.histogram(NONE, HistogramRow { count: 1, ..HistogramRow::default() });
    insta::assert_snapshot!(report(&page(&build.finish(), &plain())));
}

#[test]
fn counters_keep_their_names_where_no_suffixes_are_added() {
    let frame =
        Build::shop().counter("a.b", "s").int(NONE, 1).counter("c_seconds_total", "s").int(NONE, 2).finish();
    let strategy = TranslationStrategy::UnderscoreEscapingWithoutSuffixes;
    insta::assert_snapshot!(report(&page(&frame, &Options { strategy, ..plain() })), @r##"
    # TYPE a_b unknown
    a_b{instance="1",job="shop"} 1
    # TYPE c_seconds counter
    # UNIT c_seconds seconds
    c_seconds_total{instance="1",job="shop"} 2
    c_seconds_created{instance="1",job="shop"} 1.0
    # EOF
    "##);
}

#[test]
fn what_counts_as_a_counter_to_openmetrics_is_not_negative() {
    let frame = Build::shop()
        .counter("orders", "")
        .int(&[("a", "1")], -1)
        .double(&[("a", "2")], f64::NAN)
        .double(&[("a", "3")], 2.0)
        .metric(MetricRow { name: "h", ..row(PointKind::Histogram) })
        .histogram(
            &[("a", "1")],
            HistogramRow {
                count: 3,
                sum: Some(1.0),
                bounds: &[-1.0, 0.0],
                counts: &[1, 1, 1],
                ..<_>::default()
            },
        )
        .histogram(&[("a", "2")], HistogramRow { count: 3, sum: Some(-1.0), ..<_>::default() })
        .histogram(&[("a", "3")], HistogramRow { count: 3, sum: Some(1.0), ..<_>::default() })
        .metric(MetricRow { name: "s", ..row(PointKind::Summary) })
        .summary(
            NONE,
            SummaryRow {
                count: 3,
                sum: f64::NAN,
                quantiles: &[(0.0, -1.0), (1.0, f64::NAN)],
                ..<_>::default()
            },
        )
        .finish();
    insta::assert_snapshot!(report(&page(&frame, &plain())));
}

#[test]
fn q4_units_conflict_like_descriptions() {
    let frame = Build::shop()
        .gauge("a.b.c", "c")
        .int(&[("n", "1")], 1)
        .gauge("a", "b.c")
        .int(&[("n", "2")], 2)
        .gauge("a_b_c", "")
        .int(&[("n", "3")], 3)
        .finish();
    let page = page(&frame, &plain());
    let conflict = Warning::UnitConflict { family: "a_b_c".into(), kept: "c".into(), ignored: "b_c".into() };
    assert_eq!(page.warnings, [conflict]);
    assert!(page.text.contains("# TYPE a_b_c gauge\n# UNIT a_b_c c\n"), "{}", page.text);
    assert_eq!(render(&frame, Format::Text, &plain()).warnings, [], "the text format shows no units");
}

#[test]
fn hints_of_metrics_that_came_from_prometheus_are_types() {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    for (name, hint, value) in
        [("a", "unknown", 3), ("b", "info", 1), ("c", "info", 2), ("d", "stateset", 1), ("e", "gauge", 1)]
    {
        let metadata = builder.set([("prometheus.type", ValueRef::String(hint))]);
        builder.metric(MetricRow { name, unit: "s", ..row(PointKind::Gauge) }, metadata);
        let header = PointHeader { attributes: none, ..PointHeader::default() };
        builder.number(NumberRow { header, value: Some(Number::Int(value)) });
    }
    insta::assert_snapshot!(report(&page(&builder.finish(), &plain())), @r##"
    # TYPE a_seconds unknown
    # UNIT a_seconds seconds
    a_seconds 3
    # TYPE b_seconds info
    b_seconds_info 1
    # TYPE c_seconds_info gauge
    c_seconds_info 2
    # TYPE d_seconds gauge
    # UNIT d_seconds seconds
    d_seconds 1
    # TYPE e_seconds gauge
    # UNIT e_seconds seconds
    e_seconds 1
    # EOF
    "##);
}
