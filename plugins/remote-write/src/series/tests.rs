//! The series of each kind of metric, by name and label.

use wasmeter_guest::frame::{
    Frame, FrameBuilder, Histogram, Metric, MetricKind, Number, Point, PointData, Resource, Summary,
    Temporality,
};
use wasmeter_guest::{Attributes, Scope};

use super::{STALE, convert};
use crate::proto::{FamilyKind, Series};

fn metric(kind: MetricKind, temporality: Temporality) -> Metric {
    Metric {
        name: "http.requests".to_owned(),
        description: "Requests".to_owned(),
        unit: "By".to_owned(),
        kind,
        temporality,
        monotonic: kind == MetricKind::Sum,
        metadata: Attributes::new(),
    }
}

/// A frame of one point at 2 s of the service `shop`.
fn frame(metric: &Metric, attributes: Attributes, flags: u32, data: PointData<'static>) -> Frame {
    let mut frame = FrameBuilder::new();
    let resource: Attributes =
        [("service.name", "shop"), ("service.namespace", "eu"), ("host.name", "a")].into();
    frame.resource(&Resource { attributes: resource, ..Resource::default() });
    frame.scope(&Scope { name: "meter".to_owned(), ..Scope::default() }, 0);
    frame.metric(metric);
    frame.point(&Point { attributes, start: 1, time: 2_000_999_999, flags, data, exemplars: Vec::new() });
    frame.finish()
}

/// A series as `name{label="value"} value`, without the labels that all have.
fn shown(series: &Series) -> String {
    assert!(series.labels.is_sorted(), "{series:?}");
    let has = |name: &str, value: &str| series.labels.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("job", "eu/shop") && series.time_ms == 2000, "{series:?}");
    let mut name = String::new();
    let mut labels = Vec::new();
    for (label, value) in &series.labels {
        match label.as_str() {
            "__name__" => name.clone_from(value),
            "job" | "otel_scope_name" => {}
            _ => labels.push(format!("{label}={value}")),
        }
    }
    format!("{name}{{{}}} {}", labels.join(","), series.value)
}

#[test]
fn a_counter_and_the_target_it_is_of() {
    let attributes: Attributes = [("http.method", "GET"), ("http_method", "PUT"), ("job", "mine")].into();
    let counter = metric(MetricKind::Sum, Temporality::Cumulative);
    let converted = convert(&frame(&counter, attributes, 0, PointData::Number(Some(Number::Int(7)))));
    let series: Vec<_> = converted.series.iter().map(shown).collect();
    assert_eq!(
        series,
        ["http_requests_bytes_total{exported_job=mine,http_method=GET;PUT} 7", "target_info{host_name=a} 1"]
    );
    let families: Vec<_> =
        converted.families.iter().map(|family| (family.name.as_str(), family.kind)).collect();
    assert_eq!(
        families,
        [("http_requests_bytes_total", FamilyKind::Counter), ("target_info", FamilyKind::Gauge)]
    );
    assert_eq!(converted.left_out(), 0);
}

#[test]
fn a_histogram_counts_what_is_below_each_bound() {
    let data = Histogram {
        count: 6,
        sum: Some(1.5),
        bounds: vec![0.5, 1.0, 1e7].into(),
        counts: vec![1, 2, 0, 3].into(),
        ..Histogram::default()
    };
    let histogram = metric(MetricKind::Histogram, Temporality::Cumulative);
    let converted = convert(&frame(&histogram, [("le", "attribute")].into(), 0, PointData::Histogram(data)));
    let series: Vec<_> = converted.series.iter().map(shown).collect();
    assert_eq!(
        series,
        [
            "http_requests_bytes_bucket{exported_le=attribute,le=0.5} 1",
            "http_requests_bytes_bucket{exported_le=attribute,le=1} 3",
            "http_requests_bytes_bucket{exported_le=attribute,le=1e+07} 3",
            "http_requests_bytes_bucket{exported_le=attribute,le=+Inf} 6",
            "http_requests_bytes_count{le=attribute} 6",
            "http_requests_bytes_sum{le=attribute} 1.5",
            "target_info{host_name=a} 1",
        ]
    );
}

#[test]
fn a_summary_has_its_quantiles() {
    let data = Summary { count: 2, sum: 3.0, quantiles: vec![0.5].into(), values: vec![1.25].into() };
    let summary = metric(MetricKind::Summary, Temporality::Unspecified);
    let converted = convert(&frame(&summary, Attributes::new(), 0, PointData::Summary(data)));
    let series: Vec<_> = converted.series.iter().map(shown).collect();
    assert_eq!(series[0], "http_requests_bytes{quantile=0.5} 1.25");
    assert_eq!(series[1..3], ["http_requests_bytes_count{} 2", "http_requests_bytes_sum{} 3"]);
}

#[test]
fn a_series_that_has_ended_is_marked_stale() {
    let gauge = metric(MetricKind::Gauge, Temporality::Unspecified);
    let converted = convert(&frame(&gauge, Attributes::new(), 1, PointData::Number(None)));
    assert_eq!(converted.series[0].value.to_bits(), STALE.to_bits());
}

#[test]
fn what_has_no_form_is_left_out_and_counted_by_why() {
    let number = || PointData::Number(Some(Number::Int(7)));
    let delta = convert(&frame(&metric(MetricKind::Sum, Temporality::Delta), Attributes::new(), 0, number()));
    assert_eq!(delta.left_out.into_iter().collect::<Vec<_>>(), [("not cumulative", 1)]);
    assert!(delta.series.is_empty(), "not even its target");
    let nameless = Metric { name: "".to_owned(), ..metric(MetricKind::Gauge, Temporality::Unspecified) };
    let nameless = convert(&frame(&nameless, Attributes::new(), 0, number()));
    assert_eq!(nameless.left_out.into_iter().collect::<Vec<_>>(), [("without a name", 1)]);
    let gauge = metric(MetricKind::Gauge, Temporality::Unspecified);
    let valueless = convert(&frame(&gauge, Attributes::new(), 0, PointData::Number(None)));
    assert_eq!(valueless.left_out.into_iter().collect::<Vec<_>>(), [("without a value", 1)]);
}
