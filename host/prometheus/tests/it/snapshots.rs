//! Whole pages.

use wasmeter_model::frame::{
    ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NO_RECORDED_VALUE, NumberRow, PointHeader,
    PointKind, SummaryRow,
};
use wasmeter_model::{Number, Pattern, ValueRef};
use wasmeter_prometheus::{Format, Options, ResourceLabels, TranslationStrategy, parse_page, render};

use crate::build::{Build, NONE, row};

/// A page that keeps its promises: it parses, and nothing was lost on the way.
fn whole_page(frame: &Frame, options: &Options) -> String {
    let page = render(frame, Format::Text, options);
    assert_eq!((page.dropped, page.warnings), (Vec::new(), Vec::new()));
    parse_page(&page.text).unwrap();
    page.text
}

/// Two instances of a service, every kind of point.
pub(crate) fn shops() -> Frame {
    let mut build = Build::new();
    for instance in ["1", "2"] {
        let resource = [
            ("service.namespace", "eu"),
            ("service.name", "shop"),
            ("service.instance.id", instance),
            ("process.pid", "4711"),
        ];
        build = build
            .resource(&resource)
            .scope("shop.http", "1.0")
            .metric(MetricRow {
                name: "shop.orders",
                description: "Orders taken.\nBy \"route\" \\ method.",
                ..row(PointKind::Sum)
            })
            .int(&[("url.path", "/orders/{id}"), ("http.request.method", "GET")], 3)
            .int(&[("url.path", "a \"b\" \\ \n c"), ("http.request.method", "GET")], 9_007_199_254_740_993)
            .counter("shop.revenue", "EUR")
            .double(NONE, 1234.25)
            .metric(MetricRow { name: "shop.in_flight", unit: "1", monotonic: false, ..row(PointKind::Sum) })
            .int(NONE, -2)
            .gauge("shop.hit", "1")
            .double(NONE, 0.5)
            .metric(MetricRow {
                name: "http.server.request.duration",
                unit: "s",
                ..row(PointKind::Histogram)
            })
            .histogram(
                &[("http.response.status_code", "200")],
                HistogramRow {
                    count: 6,
                    sum: Some(2.5),
                    bounds: &[0.0, 0.005, 1.0],
                    counts: &[0, 1, 2, 3],
                    ..<_>::default()
                },
            )
            .scope("shop.db", "")
            .metric(MetricRow { name: "shop.payload", unit: "By", ..row(PointKind::ExponentialHistogram) })
            .exponential(
                NONE,
                ExponentialRow {
                    count: 7,
                    sum: Some(100.5),
                    scale: 1,
                    zero_count: 1,
                    positive: (8, (&[1, 0, 3]).into()),
                    negative: (0, (&[2]).into()),
                    ..<_>::default()
                },
            )
            .metric(MetricRow { name: "rpc.latency", unit: "ms", ..row(PointKind::Summary) })
            .summary(
                NONE,
                SummaryRow { count: 4, sum: 10.0, quantiles: &[(0.99, 4.5), (0.5, 2.0)], ..<_>::default() },
            );
    }
    build.finish()
}

#[test]
fn q4_q6_several_services_share_a_page() {
    insta::assert_snapshot!(whole_page(&shops(), &Options::default()));
}

#[test]
fn the_options_that_leave_labels_out_and_copy_them_in() {
    let frame = Build::shop().counter("a.b..c", "s").int(&[("k.1", "v")], 1).finish();
    let mut report = String::new();
    for strategy in [
        TranslationStrategy::UnderscoreEscapingWithSuffixes,
        TranslationStrategy::UnderscoreEscapingWithoutSuffixes,
        TranslationStrategy::NoUtf8EscapingWithSuffixes,
        TranslationStrategy::NoTranslation,
    ] {
        let options = Options { strategy, scope_labels: false, target_info: false, ..Options::default() };
        report += &whole_page(&frame, &options);
    }
    let chosen = ResourceLabels {
        included: vec![Pattern::new("service.*")],
        excluded: vec![Pattern::new("service.instance.*")],
    };
    report += &whole_page(&frame, &Options { resource_labels: Some(chosen), ..Options::default() });
    insta::assert_snapshot!(report);
}

#[test]
fn q5_q9_resources_and_scopes_in_all_their_parts() {
    let mut builder = FrameBuilder::new();
    let header = |attributes| PointHeader { attributes, ..PointHeader::default() };
    let resources: [&[(&str, ValueRef<'_>)]; 4] = [
        &[],
        &[
            ("service.namespace", ValueRef::String("lonely")),
            ("host.cpus", ValueRef::Int(8)),
            ("service.instance.id", ValueRef::String("i-1")),
        ],
        &[("service.instance.id", ValueRef::Int(7)), ("job", ValueRef::String("cron"))],
        &[("service.name", ValueRef::String("cron")), ("le", ValueRef::Bool(true))],
    ];
    for (position, resource) in resources.into_iter().enumerate() {
        let set = builder.set(resource.iter().copied());
        builder.resource(set, "https://ignored", 0);
        let scope = builder.set([
            ("team", ValueRef::String("core")),
            ("version", ValueRef::String("an attribute that would pass for the field")),
            ("schema.url", ValueRef::String("likewise")),
        ]);
        builder.scope("lib", "2", "https://schema", scope, 0);
        let none = builder.set([]);
        builder.metric(MetricRow { name: "up", ..row(PointKind::Gauge) }, none);
        let own =
            builder.set([("job", ValueRef::String("mine")), ("otel_scope_name", ValueRef::String("mine"))]);
        let value = Some(Number::Int(i64::try_from(position).unwrap()));
        builder.number(NumberRow { header: header(own), value });
    }
    insta::assert_snapshot!(whole_page(&builder.finish(), &Options::default()));
}

#[test]
fn hints_of_metrics_that_came_from_prometheus() {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    for hint in ["gauge", "unknown", "info", "stateset", "?"] {
        let metadata = builder.set([("prometheus.type", ValueRef::String(hint))]);
        let name = format!("a.{}", hint.replace('?', "other"));
        builder.metric(MetricRow { name: &name, ..row(PointKind::Gauge) }, metadata);
        let header = PointHeader { attributes: none, ..PointHeader::default() };
        builder.number(NumberRow { header, value: Some(Number::Int(1)) });
    }
    insta::assert_snapshot!(whole_page(&builder.finish(), &Options::default()));
}

#[test]
fn a_label_of_the_name_that_the_type_adds_gives_way() {
    let page = Build::new()
        .resource(NONE)
        .scope("", "")
        .metric(MetricRow { name: "h", ..row(PointKind::Histogram) })
        .histogram(&[("le", "mine"), ("quantile", "q")], HistogramRow { count: 2, ..HistogramRow::default() })
        .metric(MetricRow { name: "s", ..row(PointKind::Summary) })
        .summary(&[("le", "mine"), ("quantile", "q")], SummaryRow::default())
        .finish();
    insta::assert_snapshot!(whole_page(&page, &Options::default()), @r#"
    # TYPE h histogram
    h_bucket{exported_le="mine",quantile="q",le="+Inf"} 2
    h_count{exported_le="mine",quantile="q"} 2
    # TYPE s summary
    s_sum{exported_quantile="q",le="mine"} 0
    s_count{exported_quantile="q",le="mine"} 0
    "#);
}

#[test]
fn ended_series_are_absent_and_so_is_what_only_they_would_show() {
    let frame = Build::shop()
        .counter("gone", "")
        .number(NONE, None, NO_RECORDED_VALUE)
        .counter("half", "")
        .number(&[("a", "gone")], Some(Number::Int(1)), NO_RECORDED_VALUE)
        .int(&[("a", "here")], 1)
        .resource(&[("service.name", "gone")])
        .scope("", "")
        .counter("half", "")
        .number(NONE, None, NO_RECORDED_VALUE)
        .finish();
    let page = whole_page(&frame, &Options { scope_labels: false, ..Options::default() });
    insta::assert_snapshot!(page, @r#"
    # TYPE half_total counter
    half_total{a="here",instance="1",job="shop"} 1
    # HELP target_info Target metadata
    # TYPE target_info gauge
    target_info{instance="1",job="shop"} 1
    "#);
    assert_eq!(whole_page(&Frame::default(), &Options::default()), "");
}
