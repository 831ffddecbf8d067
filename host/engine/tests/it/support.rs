//! Short ways to say what comes in, and a readable form of what goes out. Times are whole seconds.

use std::sync::Arc;

use wasmeter_engine::{
    Engine, EngineConfig, Mode, NativeView, ReaderConfig, Recorder, View, ViewFault, Views,
};
use wasmeter_model::frame::{
    ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRef, MetricRow, NO_RECORDED_VALUE,
    NumberRow, PointHeader, PointKind, PointRef, SummaryRow,
};
use wasmeter_model::limits::Limits;
use wasmeter_model::{
    Advisory, AttributeRule, Attributes, EntityRefs, Instrument, InstrumentKind, Number, NumberKind, Origin,
    Pattern, Resource, Scope, StreamSpec, Temporality, TemporalityPreference, Timestamp,
};

pub(crate) const CUMULATIVE: TemporalityPreference = TemporalityPreference::Cumulative;
pub(crate) const DELTA: TemporalityPreference = TemporalityPreference::Delta;
pub(crate) const LOW_MEMORY: TemporalityPreference = TemporalityPreference::LowMemory;

pub(crate) fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs)
}

pub(crate) fn int(value: i64) -> Number {
    Number::Int(value)
}

pub(crate) fn double(value: f64) -> Number {
    Number::Double(value)
}

/// `a=1,b=2` as a set of strings.
pub(crate) fn attrs(text: &str) -> Attributes {
    text.split(',').filter_map(|pair| pair.split_once('=')).collect()
}

/// An engine that began at 1 s, with a reader for each preference.
pub(crate) fn engine(readers: &[TemporalityPreference], views: Views) -> Engine {
    engine_with(readers, views, Limits::default())
}

pub(crate) fn engine_with(readers: &[TemporalityPreference], views: Views, limits: Limits) -> Engine {
    let reader = |preference: &_| ReaderConfig { temporality: *preference, ..ReaderConfig::default() };
    let readers = readers.iter().map(reader).collect();
    Engine::new(EngineConfig { readers, limits, ..EngineConfig::default() }, views, at(1))
}

pub(crate) fn no_views() -> Views {
    Views::default()
}

pub(crate) fn plugins(views: impl IntoIterator<Item = Arc<dyn View>>) -> Views {
    Views { plugins: views.into_iter().collect(), ..Views::default() }
}

pub(crate) fn base(mode: Mode, views: impl IntoIterator<Item = Arc<dyn View>>) -> Views {
    Views { base: views.into_iter().collect(), mode, ..Views::default() }
}

/// A View that gives every instrument one stream.
pub(crate) fn every(spec: StreamSpec) -> Arc<dyn View> {
    matching(|_| true, spec)
}

pub(crate) fn matching(
    selector: impl Fn(&Instrument) -> bool + Send + Sync + 'static,
    spec: StreamSpec,
) -> Arc<dyn View> {
    NativeView::new("matching", selector, spec)
}

pub(crate) fn named(name: &str) -> StreamSpec {
    StreamSpec { name: Some(name.into()), ..StreamSpec::default() }
}

pub(crate) fn without(keys: &[&str]) -> Vec<AttributeRule> {
    vec![AttributeRule::Exclude(keys.iter().map(|key| Pattern::new(*key)).collect())]
}

pub(crate) fn only(keys: &[&str]) -> Vec<AttributeRule> {
    vec![AttributeRule::Include(keys.iter().map(|key| Pattern::new(*key)).collect())]
}

/// The View that removes point attributes.
pub(crate) fn dropping(keys: &[&str]) -> Views {
    plugins([every(StreamSpec { attributes: without(keys), ..StreamSpec::default() })])
}

/// The View that removes resource attributes.
pub(crate) fn merging(keys: &[&str]) -> Views {
    plugins([every(StreamSpec { resource: without(keys), ..StreamSpec::default() })])
}

type Streams = dyn Fn(&Instrument) -> Result<Option<Vec<StreamSpec>>, String> + Send + Sync;
type Map = dyn Fn(u32, &Attributes) -> Result<Option<Attributes>, String> + Send + Sync;

/// A View made of closures.
pub(crate) struct TestView {
    streams: Box<Streams>,
    map: Box<Map>,
}

impl TestView {
    pub(crate) fn of(
        streams: impl Fn(&Instrument) -> Result<Option<Vec<StreamSpec>>, String> + Send + Sync + 'static,
        map: impl Fn(u32, &Attributes) -> Result<Option<Attributes>, String> + Send + Sync + 'static,
    ) -> Arc<dyn View> {
        Arc::new(Self { streams: Box::new(streams), map: Box::new(map) })
    }

    /// One stream of which all attributes are computed.
    pub(crate) fn computing(
        map: impl Fn(&Attributes) -> Option<Attributes> + Send + Sync + 'static,
    ) -> Arc<dyn View> {
        let spec = StreamSpec { attributes: vec![AttributeRule::Computed(7)], ..StreamSpec::default() };
        Self::of(
            move |_| Ok(Some(vec![spec.clone()])),
            move |tag, set| {
                assert_eq!(tag, 7);
                Ok(map(set))
            },
        )
    }
}

impl View for TestView {
    fn name(&self) -> &str {
        "test"
    }

    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        (self.streams)(instrument).map_err(|reason| ViewFault { view: "test".into(), reason })
    }

    fn map_attributes(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        (self.map)(tag, attributes).map_err(|reason| ViewFault { view: "test".into(), reason })
    }
}

pub(crate) fn instrument(kind: InstrumentKind, name: &str, number: NumberKind) -> Instrument {
    Instrument {
        name: name.into(),
        description: "".into(),
        unit: "1".into(),
        kind,
        number,
        origin: Origin::Recorded,
        scope: Arc::new(Scope::default()),
        resource: Arc::new(Resource::default()),
        advisory: Advisory::default(),
    }
}

pub(crate) fn recorder(engine: &Engine, kind: InstrumentKind, name: &str) -> Recorder {
    engine.instrument(instrument(kind, name, NumberKind::Int), at(1)).unwrap()
}

/// A point of an explicit histogram.
#[derive(Clone, Default)]
pub(crate) struct Hist {
    pub(crate) attributes: &'static str,
    pub(crate) start: u64,
    pub(crate) time: u64,
    pub(crate) sum: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) bounds: Vec<f64>,
    pub(crate) counts: Vec<u64>,
}

/// A point of an exponential histogram.
#[derive(Clone, Default)]
pub(crate) struct Expo {
    pub(crate) start: u64,
    pub(crate) time: u64,
    pub(crate) scale: i32,
    pub(crate) zero: u64,
    pub(crate) positive: (i32, Vec<u64>),
    pub(crate) negative: (i32, Vec<u64>),
}

/// A request in the making: one resource, one scope.
pub(crate) struct Otlp {
    builder: FrameBuilder,
}

impl Otlp {
    pub(crate) fn of(resource: &str) -> Self {
        let mut builder = FrameBuilder::new();
        let set = builder.attributes(&attrs(resource));
        builder.resource(set, "", 0);
        let none = builder.set([]);
        builder.scope("", "", "", none, 0);
        Self { builder }
    }

    pub(crate) fn resource(mut self, resource: &str) -> Self {
        let set = self.builder.attributes(&attrs(resource));
        self.builder.resource(set, "", 0);
        let none = self.builder.set([]);
        self.builder.scope("", "", "", none, 0);
        self
    }

    /// The entities that the open resource is said to stand for.
    pub(crate) fn entities(mut self, entities: &EntityRefs) -> Self {
        self.builder.entities(entities);
        self
    }

    fn metric(&mut self, name: &str, kind: PointKind, temporality: Option<Temporality>, monotonic: bool) {
        let none = self.builder.set([]);
        self.builder
            .metric(MetricRow { name, description: "", unit: "1", kind, temporality, monotonic }, none);
    }

    fn header(&mut self, attributes: &str, start: u64, time: u64) -> PointHeader {
        let attributes = self.builder.attributes(&attrs(attributes));
        PointHeader { attributes, start: at(start), time: at(time), flags: 0 }
    }

    fn numbers(&mut self, points: &[(&str, u64, u64, Number)]) {
        for (attributes, start, time, value) in points {
            let header = self.header(attributes, *start, *time);
            self.builder.number(NumberRow { header, value: Some(*value) });
        }
    }

    pub(crate) fn counter(
        mut self,
        name: &str,
        temporality: Temporality,
        points: &[(&str, u64, u64, Number)],
    ) -> Self {
        self.metric(name, PointKind::Sum, Some(temporality), true);
        self.numbers(points);
        self
    }

    pub(crate) fn up_down(
        mut self,
        name: &str,
        temporality: Temporality,
        points: &[(&str, u64, u64, Number)],
    ) -> Self {
        self.metric(name, PointKind::Sum, Some(temporality), false);
        self.numbers(points);
        self
    }

    pub(crate) fn gauge(mut self, name: &str, points: &[(&str, u64, Number)]) -> Self {
        self.metric(name, PointKind::Gauge, None, false);
        for (attributes, time, value) in points {
            self.numbers(&[(attributes, 0, *time, *value)]);
        }
        self
    }

    /// A sum without a temporality.
    pub(crate) fn unspecified(mut self, name: &str) -> Self {
        self.metric(name, PointKind::Sum, None, true);
        self.numbers(&[("", 1, 2, int(1))]);
        self
    }

    /// A point of a monotonic sum that neither has a value nor says that there is none.
    pub(crate) fn valueless(mut self, name: &str) -> Self {
        self.metric(name, PointKind::Sum, Some(Temporality::Cumulative), true);
        let header = self.header("", 1, 2);
        self.builder.number(NumberRow { header, value: None });
        self
    }

    /// The end of a series of a cumulative monotonic sum.
    pub(crate) fn ended(mut self, name: &str, attributes: &str, start: u64, time: u64) -> Self {
        self.metric(name, PointKind::Sum, Some(Temporality::Cumulative), true);
        let header = PointHeader { flags: NO_RECORDED_VALUE, ..self.header(attributes, start, time) };
        self.builder.number(NumberRow { header, value: None });
        self
    }

    /// A counter's point with exemplars: attributes, time and value of each; their trace is 7.
    pub(crate) fn exemplified(
        self,
        name: &str,
        (attributes, start, time, value): (&str, u64, u64, Number),
        exemplars: &[(&str, u64, Number)],
    ) -> Self {
        self.exemplars(exemplars).counter(name, Temporality::Cumulative, &[(attributes, start, time, value)])
    }

    /// The exemplars of the point that is added next.
    pub(crate) fn exemplars(mut self, exemplars: &[(&str, u64, Number)]) -> Self {
        for (filtered, time, value) in exemplars {
            let attributes = self.builder.attributes(&attrs(filtered));
            let (time, value) = (at(*time), Some(*value));
            self.builder.exemplar(ExemplarRow { attributes, time, value, trace_id: 7, span_id: 8 });
        }
        self
    }

    pub(crate) fn histogram(mut self, name: &str, temporality: Temporality, points: &[Hist]) -> Self {
        self.metric(name, PointKind::Histogram, Some(temporality), false);
        for point in points {
            let header = self.header(point.attributes, point.start, point.time);
            self.builder.histogram(HistogramRow {
                header,
                count: point.counts.iter().sum(),
                sum: point.sum,
                min: point.min,
                max: point.max,
                bounds: &point.bounds,
                counts: &point.counts,
            });
        }
        self
    }

    /// A histogram point with any counts, right or wrong.
    pub(crate) fn raw_histogram(mut self, name: &str, count: u64, bounds: &[f64], counts: &[u64]) -> Self {
        self.metric(name, PointKind::Histogram, Some(Temporality::Cumulative), false);
        let header = self.header("", 1, 2);
        self.builder.histogram(HistogramRow { header, count, bounds, counts, ..HistogramRow::default() });
        self
    }

    pub(crate) fn exponential(mut self, name: &str, temporality: Temporality, points: &[Expo]) -> Self {
        self.metric(name, PointKind::ExponentialHistogram, Some(temporality), false);
        for point in points {
            let header = self.header("", point.start, point.time);
            let count = point.positive.1.iter().chain(&point.negative.1).fold(point.zero, |sum, n| sum + n);
            self.builder.exponential(ExponentialRow {
                header,
                count,
                scale: point.scale,
                zero_count: point.zero,
                positive: (point.positive.0, (&point.positive.1).into()),
                negative: (point.negative.0, (&point.negative.1).into()),
                ..ExponentialRow::default()
            });
        }
        self
    }

    pub(crate) fn summary(mut self, name: &str, time: u64, count: u64) -> Self {
        self.metric(name, PointKind::Summary, Some(Temporality::Cumulative), false);
        let header = self.header("", 1, time);
        self.builder.summary(SummaryRow { header, count, sum: 2.5, quantiles: &[(0.5, 1.0), (0.9, 2.0)] });
        self
    }

    pub(crate) fn frame(self) -> Frame {
        self.builder.finish()
    }
}

/// The rows of a frame, sorted, one text each.
pub(crate) fn rows(frame: &Frame) -> Vec<String> {
    let mut rows: Vec<String> = frame.metrics().flat_map(|metric| metric_rows(frame, metric)).collect();
    rows.sort();
    rows
}

/// What reader `reader` exports at `secs`.
pub(crate) fn collect(engine: &Engine, reader: usize, secs: u64) -> Vec<String> {
    rows(&engine.collect(reader, at(secs)))
}

/// Asserts the rows of a collection; their order does not matter.
#[track_caller]
pub(crate) fn expect(engine: &Engine, reader: usize, secs: u64, expected: &[&str]) {
    let mut expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
    expected.sort();
    assert_eq!(collect(engine, reader, secs), expected, "reader {reader} at {secs} s");
}

pub(crate) fn set_text<'a>(pairs: impl Iterator<Item = (&'a str, wasmeter_model::ValueRef<'a>)>) -> String {
    let value = |value| match value {
        wasmeter_model::ValueRef::String(text) => text.to_owned(),
        wasmeter_model::ValueRef::Bool(truth) => truth.to_string(),
        other => format!("{other:?}"),
    };
    let pairs: Vec<String> = pairs.map(|(key, found)| format!("{key}={}", value(found))).collect();
    pairs.join(",")
}

fn number_text(value: Option<Number>) -> String {
    match value {
        Some(Number::Int(int)) => int.to_string(),
        Some(Number::Double(double)) => format!("{double:?}"),
        None => "none".to_owned(),
    }
}

fn metric_rows(frame: &Frame, metric: MetricRef<'_>) -> Vec<String> {
    let resource = set_text(frame.pairs(metric.scope().resource().attributes()));
    let owner = if resource.is_empty() { String::new() } else { format!("[{resource}] ") };
    let temporality = match (metric.kind(), metric.temporality()) {
        (PointKind::Gauge | PointKind::Summary, _) => "",
        (_, Some(Temporality::Cumulative)) => " cum",
        (_, Some(Temporality::Delta)) => " delta",
        (_, None) => " unspecified",
    };
    let kind = match metric.kind() {
        PointKind::None => "none",
        PointKind::Gauge => "gauge",
        PointKind::Sum if metric.monotonic() => "sum+",
        PointKind::Sum => "sum",
        PointKind::Histogram => "hist",
        PointKind::ExponentialHistogram => "expo",
        PointKind::Summary => "summary",
    };
    let row = |point: PointRef<'_>, value: String| {
        let secs = |time: Timestamp| time.0 / 1_000_000_000;
        let value = if point.is_ended() { "end".to_owned() } else { value };
        let exemplars: String = point
            .exemplars()
            .map(|row| format!(" *{}{{{}}}", number_text(row.value), set_text(row.pairs())))
            .collect();
        format!(
            "{owner}{}{{{}}} {kind}{temporality} {value} @{}..{}{exemplars}",
            metric.name(),
            set_text(point.pairs()),
            secs(point.start()),
            secs(point.time())
        )
    };
    let extremes = |sum: Option<f64>, min: Option<f64>, max: Option<f64>| {
        let part = |name: &str, value: Option<f64>| value.map_or(String::new(), |v| format!(" {name}={v}"));
        part("sum", sum) + &part("min", min) + &part("max", max)
    };
    let mut out = Vec::new();
    out.extend(metric.numbers().map(|point| row(point.point, number_text(point.value))));
    out.extend(metric.histograms().map(|point| {
        let facts = extremes(point.sum, point.min, point.max);
        row(point.point, format!("n={}{facts} {:?}:{:?}", point.count, point.bounds, point.counts))
    }));
    out.extend(metric.exponentials().map(|point| {
        let facts = extremes(point.sum, point.min, point.max);
        let (scale, zero) = (point.scale, point.zero_count);
        row(
            point.point,
            format!("n={}{facts} s{scale} z{zero} +{:?} -{:?}", point.count, point.positive, point.negative),
        )
    }));
    out.extend(metric.summaries().map(|point| {
        row(
            point.point,
            format!("n={} sum={} {:?}:{:?}", point.count, point.sum, point.quantiles, point.quantile_values),
        )
    }));
    out
}

/// A point of an explicit histogram of which only buckets are known.
pub(crate) fn hist(start: u64, time: u64, bounds: &[f64], counts: &[u64]) -> Hist {
    Hist { start, time, bounds: bounds.to_vec(), counts: counts.to_vec(), ..Hist::default() }
}

/// Receives a cumulative point of the histogram `h`, which has to be accepted.
pub(crate) fn ingest(engine: &Engine, resource: &str, point: Hist) {
    let time = point.time;
    let report = engine
        .ingest(&Otlp::of(resource).histogram("h", Temporality::Cumulative, &[point]).frame(), at(time));
    assert_eq!(report.rejected_points(), 0, "{}", report.message());
}

/// What was told about the instruments since it was last asked.
pub(crate) fn messages(engine: &Engine) -> Vec<String> {
    engine.notices().into_iter().map(|notice| notice.message).collect()
}
