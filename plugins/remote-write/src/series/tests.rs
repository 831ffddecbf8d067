//! The series of each kind of metric, by name and label.

use wasmeter_guest::frame::{
    Buckets, Exemplar, ExponentialHistogram, Frame, FrameBuilder, Histogram, Metric, MetricKind, Number,
    Point, PointData, Resource, Summary, Temporality,
};
use wasmeter_guest::{Attributes, Scope};

use super::{Converted, STALE};
use crate::native::Native;
use crate::proto::{FamilyKind, Sample, Series};

/// Without exponential histograms.
fn convert(frame: &Frame) -> Converted {
    super::convert(frame, false)
}

#[track_caller]
fn float(series: &Series) -> f64 {
    match &series.sample {
        Sample::Float(value) => *value,
        Sample::Histogram(native) => panic!("{native:?}"),
    }
}

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
    frame_with(metric, attributes, flags, data, Vec::new())
}

/// The same with exemplars.
fn frame_with(
    metric: &Metric,
    attributes: Attributes,
    flags: u32,
    data: PointData<'static>,
    exemplars: Vec<Exemplar>,
) -> Frame {
    let mut frame = FrameBuilder::new();
    let resource: Attributes =
        [("service.name", "shop"), ("service.namespace", "eu"), ("host.name", "a")].into();
    frame.resource(&Resource { attributes: resource, ..Resource::default() });
    frame.scope(&Scope { name: "meter".to_owned(), ..Scope::default() }, 0);
    frame.metric(metric);
    frame.point(&Point { attributes, start: 1, time: 2_000_999_999, flags, data, exemplars });
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
    format!("{name}{{{}}} {}", labels.join(","), float(series))
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
    assert_eq!(float(&converted.series[0]).to_bits(), STALE.to_bits());
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

/// Made of a request with this user, at so many seconds.
fn exemplar(value: f64, secs: u64, user: &str) -> Exemplar {
    Exemplar {
        attributes: [("user.id", user), ("trace_id", "of an attribute")].into(),
        time: secs * 1_000_000_000,
        value: Some(Number::Double(value)),
        trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
        span_id: 0x00f0_67aa_0ba9_02b7,
    }
}

/// The exemplars of each series that has any, as name, bound and text.
fn exemplified(converted: &Converted) -> Vec<String> {
    let text = |series: &Series| {
        let get =
            |name: &str| series.labels.iter().find(|label| label.0 == name).map(|label| label.1.as_str());
        let of = |exemplar: &crate::exemplars::Exemplar| {
            let labels: Vec<_> =
                exemplar.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{} at {} {}", exemplar.value, exemplar.time_ms, labels.join(","))
        };
        let all: Vec<_> = series.exemplars.iter().map(of).collect();
        format!("{} {}: {}", get("__name__").unwrap(), get("le").unwrap_or_default(), all.join("; "))
    };
    converted.series.iter().filter(|series| !series.exemplars.is_empty()).map(text).collect()
}

const TRACE: &str = "trace_id=4bf92f3577b34da6a3ce929d0e0e4736,span_id=00f067aa0ba902b7";

#[test]
fn an_exemplar_is_with_the_bucket_it_is_of() {
    let data = Histogram {
        count: 6,
        sum: Some(1.5),
        bounds: vec![0.5, 1.0].into(),
        counts: vec![1, 2, 3].into(),
        ..Histogram::default()
    };
    let histogram = metric(MetricKind::Histogram, Temporality::Cumulative);
    let none = Exemplar { value: None, ..exemplar(0.0, 1, "nobody") };
    let exemplars =
        vec![exemplar(1.0, 3, "b"), exemplar(0.75, 2, "a"), exemplar(7.0, 1, &"c".repeat(120)), none];
    let converted = convert(&frame_with(
        &histogram,
        Attributes::new(),
        0,
        PointData::Histogram(data.clone()),
        exemplars.clone(),
    ));
    assert_eq!(
        exemplified(&converted),
        [
            format!("http_requests_bytes_bucket 1: 1 at 3000 {TRACE},user_id=b"),
            // What does not fit into 128 characters is left out.
            format!("http_requests_bytes_bucket +Inf: 7 at 1000 {TRACE}"),
        ]
    );
    let ended = frame_with(&histogram, Attributes::new(), 1, PointData::Histogram(data), exemplars);
    assert_eq!(exemplified(&convert(&ended)), [""; 0]);
}

#[test]
fn the_exemplars_of_a_counter_and_of_a_native_histogram_come_oldest_first() {
    let exemplars = || vec![exemplar(1.0, 3, "b"), exemplar(0.75, 2, "a")];
    let expected = format!("0.75 at 2000 {TRACE},user_id=a; 1 at 3000 {TRACE},user_id=b");
    let counter = metric(MetricKind::Sum, Temporality::Cumulative);
    let number = PointData::Number(Some(Number::Int(7)));
    let counter = convert(&frame_with(&counter, Attributes::new(), 0, number, exemplars()));
    assert_eq!(exemplified(&counter), [format!("http_requests_bytes_total : {expected}")]);
    let exponential = metric(MetricKind::ExponentialHistogram, Temporality::Cumulative);
    let data = PointData::ExponentialHistogram(ExponentialHistogram::default());
    let exponential = frame_with(&exponential, Attributes::new(), 0, data, exemplars());
    assert_eq!(
        exemplified(&super::convert(&exponential, true)),
        [format!("http_requests_bytes : {expected}")]
    );
}

#[test]
fn exponential_histograms_are_native_ones_where_the_receiver_takes_them() {
    let exponential = metric(MetricKind::ExponentialHistogram, Temporality::Cumulative);
    let data = |scale| {
        PointData::ExponentialHistogram(ExponentialHistogram {
            count: 4,
            scale,
            zero_count: 1,
            positive: Buckets { offset: 0, counts: vec![3].into() },
            ..ExponentialHistogram::default()
        })
    };
    let of = |scale, flags| frame(&exponential, Attributes::new(), flags, data(scale));
    let left_out = |converted: Converted| converted.left_out.into_iter().collect::<Vec<_>>();
    let off = convert(&of(0, 0));
    assert!(off.series.is_empty());
    assert_eq!(left_out(off), [("exponential histograms, which `native_histograms = true` sends", 1)]);
    let native = |converted: &Converted| match &converted.series[0].sample {
        Sample::Histogram(native) => native.as_ref().clone(),
        Sample::Float(value) => panic!("{value}"),
    };
    let on = super::convert(&of(0, 0), true);
    assert_eq!((native(&on).count, native(&on).zero_count, native(&on).positive.spans), (4, 1, vec![(1, 1)]));
    assert_eq!((on.families[0].kind, on.left_out()), (FamilyKind::Histogram, 0));
    let ended = native(&super::convert(&of(0, 1), true));
    assert_eq!(
        (ended.sum.to_bits(), ended.positive.deltas),
        (Native::stale(STALE).sum.to_bits(), Vec::new())
    );
    let coarse = super::convert(&of(-5, 0), true);
    assert_eq!(left_out(coarse), [("exponential histograms of a scale below -4", 1)]);
}
