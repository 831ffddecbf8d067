//! Frames in few words.

use proptest::test_runner::{Config as ProptestConfig, RngSeed};
use wasmeter_model::frame::{
    ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, PointKind,
    SummaryRow,
};
use wasmeter_model::{Number, Temporality, Timestamp, ValueRef};

pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Builds a frame; points take string attributes.
pub(crate) struct Build(pub(crate) FrameBuilder);

pub(crate) const NONE: Pairs<'static> = &[];

impl Build {
    /// A frame with one resource, `shop` with instance `1`, and one scope, `shop.http` of version `1.0`.
    pub(crate) fn shop() -> Self {
        Self::new()
            .resource(&[("service.name", "shop"), ("service.instance.id", "1")])
            .scope("shop.http", "1.0")
    }

    pub(crate) fn new() -> Self {
        Self(FrameBuilder::new())
    }

    pub(crate) fn resource(mut self, attributes: Pairs<'_>) -> Self {
        let set = self.0.set(strings(attributes));
        self.0.resource(set, "", 0);
        self
    }

    pub(crate) fn scope(mut self, name: &str, version: &str) -> Self {
        let none = self.0.set([]);
        self.0.scope(name, version, "", none, 0);
        self
    }

    pub(crate) fn metric(mut self, row: MetricRow<'_>) -> Self {
        let none = self.0.set([]);
        self.0.metric(row, none);
        self
    }

    pub(crate) fn counter(self, name: &str, unit: &str) -> Self {
        self.metric(MetricRow { name, unit, ..row(PointKind::Sum) })
    }

    pub(crate) fn gauge(self, name: &str, unit: &str) -> Self {
        self.metric(MetricRow { name, unit, ..row(PointKind::Gauge) })
    }

    pub(crate) fn int(self, attributes: Pairs<'_>, value: i64) -> Self {
        self.number(attributes, Some(Number::Int(value)), 0)
    }

    pub(crate) fn double(self, attributes: Pairs<'_>, value: f64) -> Self {
        self.number(attributes, Some(Number::Double(value)), 0)
    }

    pub(crate) fn number(mut self, attributes: Pairs<'_>, value: Option<Number>, flags: u32) -> Self {
        let header = PointHeader { flags, ..self.header(attributes) };
        self.0.number(NumberRow { header, value });
        self
    }

    pub(crate) fn histogram(mut self, attributes: Pairs<'_>, row: HistogramRow<'_>) -> Self {
        let header = self.header(attributes);
        self.0.histogram(HistogramRow { header, ..row });
        self
    }

    pub(crate) fn exponential(mut self, attributes: Pairs<'_>, row: ExponentialRow<'_>) -> Self {
        let header = self.header(attributes);
        self.0.exponential(ExponentialRow { header, ..row });
        self
    }

    pub(crate) fn summary(mut self, attributes: Pairs<'_>, row: SummaryRow<'_>) -> Self {
        let header = self.header(attributes);
        self.0.summary(SummaryRow { header, ..row });
        self
    }

    pub(crate) fn finish(self) -> Frame {
        self.0.finish()
    }

    fn header(&mut self, attributes: Pairs<'_>) -> PointHeader {
        let attributes = self.0.set(strings(attributes));
        PointHeader { attributes, start: Timestamp::from_secs(1), time: Timestamp::from_secs(2), flags: 0 }
    }
}

fn strings<'a>(pairs: Pairs<'a>) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    pairs.iter().map(|(key, value)| (*key, ValueRef::String(value)))
}

/// A cumulative metric of a kind, monotonic and without a name.
pub(crate) fn row(kind: PointKind) -> MetricRow<'static> {
    let temporality = Some(Temporality::Cumulative);
    MetricRow { name: "", description: "", unit: "", kind, temporality, monotonic: true }
}

/// Random cases that are the same in every run.
pub(crate) fn seeded(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
