//! The lines of each kind of point.

use wasmeter_guest::frame::{
    Buckets, ExponentialHistogram, Frame, FrameBuilder, Histogram, Metric, MetricKind, Number, Point,
    PointData, Resource, Temporality,
};
use wasmeter_guest::{Attributes, Scope, Value};

use super::lines;

/// A frame of one point at 2 ns.
fn frame(kind: MetricKind, attributes: Attributes, flags: u32, data: PointData<'static>) -> Frame {
    let mut frame = FrameBuilder::new();
    let resource: Attributes = [("service.name", "my shop"), ("page", "of the resource")].into();
    frame.resource(&Resource { attributes: resource, ..Resource::default() });
    frame.scope(&Scope::default(), 0);
    frame.metric(&Metric {
        name: "shop,visits all".to_owned(),
        description: String::new(),
        unit: String::new(),
        kind,
        temporality: Temporality::Cumulative,
        monotonic: true,
        metadata: Attributes::new(),
    });
    frame.point(&Point { attributes, start: 1, time: 2, flags, data, exemplars: Vec::new() });
    frame.finish()
}

fn text(frame: &Frame) -> Vec<String> {
    let lines = lines(frame, false);
    assert_eq!(lines.left_out, 0);
    lines.text.lines().map(|line| line.strip_prefix("shop\\,visits\\ all").unwrap().to_owned()).collect()
}

#[test]
fn a_number_with_awkward_tags() {
    let attributes: Attributes = [
        ("a=b", Value::Text("c,d\n".to_owned())),
        ("e", Value::Empty),
        ("page", Value::Text("end\\".to_owned())),
    ]
    .into_iter()
    .collect();
    let number = frame(MetricKind::Sum, attributes, 0, PointData::Number(Some(Number::Int(-7))));
    assert_eq!(text(&number), [r",a\=b=c\,d\ ,page=end/,service.name=my\ shop value=-7 2"]);
    assert!(lines(&number, true).text.ends_with(" value=-7i 2\n"));
}

#[test]
fn buckets_are_lines_of_their_own() {
    let data = Histogram {
        count: 6,
        sum: Some(1.5),
        max: Some(f64::INFINITY),
        bounds: vec![0.5, 1.0].into(),
        counts: vec![1, 2, 3].into(),
        ..Histogram::default()
    };
    let frame = frame(MetricKind::Histogram, Attributes::new(), 0, PointData::Histogram(data));
    let tags = r",page=of\ the\ resource,service.name=my\ shop";
    let expected = [
        format!("{tags} count=6,sum=1.5 2"),
        format!("{tags},le=0.5 bucket=1 2"),
        format!("{tags},le=1 bucket=3 2"),
        format!("{tags},le=+Inf bucket=6 2"),
    ];
    assert_eq!(text(&frame), expected);
}

#[test]
fn exponential_buckets_have_the_bounds_they_stand_for() {
    let data = ExponentialHistogram {
        count: 10,
        scale: 0,
        zero_count: 1,
        zero_threshold: 0.25,
        positive: Buckets { offset: 1, counts: vec![4, 0, 2].into() },
        negative: Buckets { offset: 0, counts: vec![1, 2].into() },
        ..ExponentialHistogram::default()
    };
    let data = PointData::ExponentialHistogram(data);
    let frame = frame(MetricKind::ExponentialHistogram, Attributes::new(), 0, data);
    let buckets: Vec<_> = text(&frame)
        .iter()
        .filter_map(|line| Some(line.split_once(",le=")?.1.replace(" bucket", "").replace(" 2", "")))
        .collect();
    assert_eq!(buckets, ["-2=2", "-1=3", "0.25=4", "4=8", "16=10", "+Inf=10"]);
}

#[test]
fn what_has_no_value_is_left_out_and_counted() {
    for (flags, value) in [(0, None), (1, Some(Number::Int(1))), (0, Some(Number::Double(f64::NAN)))] {
        let frame = frame(MetricKind::Gauge, Attributes::new(), flags, PointData::Number(value));
        let lines = lines(&frame, false);
        assert_eq!((lines.text.as_str(), lines.left_out), ("", 1));
    }
}
