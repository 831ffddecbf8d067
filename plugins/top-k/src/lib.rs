//! Keeps the largest series of a metric and sums up the rest. See the README for who is at the top, and for how long.

mod config;
mod places;
mod rank;

use std::cell::RefCell;
use std::collections::HashMap;

use serde::Deserialize;
use wasmeter_guest::frame::{
    Frame, FrameBuilder, Metric, MetricKind, MetricRef, Number, Point, PointData, PointRef, Temporality,
};
use wasmeter_guest::{Attributes, Fault, Outcome, Processor};

use config::{Config, Gauges, Rule};
use places::Places;
use rank::{largest, size};

/// The processor.
#[derive(Deserialize)]
#[serde(from = "Config")]
pub struct TopK {
    rules: Vec<Rule>,
    /// The attributes of the sum of the rest.
    rest: Attributes,
    /// Of metrics that count from their start.
    places: RefCell<HashMap<Key, Places>>,
}

/// What makes a metric this one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    resource: Attributes,
    scope: String,
    name: String,
    unit: String,
    kind: MetricKind,
}

/// The most metrics whose places are remembered; of further ones the places are given anew each time.
const METRICS_MAX: usize = 10_000;

impl From<Config> for TopK {
    fn from(config: Config) -> Self {
        let Config { rules, attribute } = config;
        Self { rules, rest: [(attribute.0, true)].into(), places: RefCell::default() }
    }
}

impl TopK {
    /// The rule for a metric that has a sum of the rest.
    fn rule(&self, metric: &MetricRef<'_>) -> Option<&Rule> {
        let rule = self.rules.iter().find(|rule| rule.fits(metric.name()))?;
        match metric.kind() {
            MetricKind::Empty | MetricKind::Summary => None,
            MetricKind::Gauge if rule.gauges == Gauges::Leave => None,
            _ => Some(rule),
        }
    }

    /// The points of a metric with the rest summed up.
    fn points<'a>(&self, metric: &MetricRef<'a>, rule: &Rule) -> Vec<Point<'a>> {
        let points: Vec<PointRef<'a>> = metric.points().collect();
        let k = rule.k.get() as usize;
        let (kind, mut all) = (metric.kind(), self.places.borrow_mut());
        let mut unremembered = Places::default();
        let key = key(metric);
        let places = match counts_from_its_start(metric) {
            false => None,
            true if all.len() < METRICS_MAX || all.contains_key(&key) => Some(all.entry(key).or_default()),
            true => Some(&mut unremembered),
        };
        let is_rest = |point: &PointRef<'_>| point.attributes().to_attributes() == self.rest;
        let sizes: Vec<f64> = points
            .iter()
            .map(|point| if point.is_ended() { f64::NEG_INFINITY } else { size(point) })
            .collect();
        let (is_top, places) = match places {
            Some(places) => (places.assign(&points, k), Some(places)),
            None => (largest(&sizes, k), None),
        };
        let mut kept = Vec::new();
        let mut rest = Vec::new();
        for (point, is_top) in points.iter().zip(is_top) {
            // Without memory nobody knows which series were seen apart, so the end of each is told.
            let tells_end = point.is_ended() && places.is_none();
            match (is_top || tells_end) && !is_rest(point) {
                true => kept.push(point.to_point()),
                false if point.is_ended() => {}
                false => rest.push(point.to_point()),
            }
        }
        let gone = places.and_then(|places| {
            places.remember(&rest, kind);
            places.gone().cloned()
        });
        let sum = self.sum(gone, rest, kind, rule.gauges, &mut kept);
        kept.extend(sum);
        kept
    }

    /// The one point of the rest. What cannot be added to it stays a series of its own.
    fn sum<'a>(
        &self,
        gone: Option<Point<'static>>,
        rest: Vec<Point<'a>>,
        kind: MetricKind,
        gauges: Gauges,
        kept: &mut Vec<Point<'a>>,
    ) -> Option<Point<'a>> {
        let values: Vec<f64> = rest.iter().filter_map(|point| value(&point.data)).collect();
        let mut sum: Option<Point<'a>> = gone.map(|point| Point { attributes: self.rest.clone(), ..point });
        for point in rest {
            let own = point.attributes.clone();
            let point = Point { attributes: self.rest.clone(), ..point };
            match &mut sum {
                None => sum = Some(point),
                Some(into) => {
                    // A gauge is added like a sum to keep time and exemplars; its value comes below.
                    let kind = if kind == MetricKind::Gauge { MetricKind::Sum } else { kind };
                    let kept_apart = point.clone();
                    if !into.add(point, kind) {
                        kept.push(Point { attributes: own, ..kept_apart });
                    }
                }
            }
        }
        let mut sum = sum?;
        if kind == MetricKind::Gauge
            && let Some(value) = of_gauges(gauges, &values)
        {
            sum.data = PointData::Number(Some(Number::Double(value)));
        }
        Some(sum)
    }
}

/// True if receivers take a fall of the metric for a restart.
fn counts_from_its_start(metric: &MetricRef<'_>) -> bool {
    metric.temporality() == Temporality::Cumulative
        && match metric.kind() {
            MetricKind::Sum => metric.monotonic(),
            MetricKind::Histogram | MetricKind::ExponentialHistogram => true,
            MetricKind::Empty | MetricKind::Gauge | MetricKind::Summary => false,
        }
}

fn key(metric: &MetricRef<'_>) -> Key {
    let scope = metric.scope();
    Key {
        resource: scope.resource().attributes().to_attributes(),
        scope: scope.name().to_owned(),
        name: metric.name().to_owned(),
        unit: metric.unit().to_owned(),
        kind: metric.kind(),
    }
}

fn value(data: &PointData<'_>) -> Option<f64> {
    match data {
        PointData::Number(Some(Number::Int(int))) => Some(*int as f64),
        PointData::Number(Some(Number::Double(double))) => Some(*double),
        _ => None,
    }
}

/// The value of the rest of a gauge, unless it is their sum, which is there already.
fn of_gauges(gauges: Gauges, values: &[f64]) -> Option<f64> {
    let all = values.iter().copied();
    match gauges {
        Gauges::Leave | Gauges::Sum => None,
        Gauges::Max => all.reduce(f64::max),
        Gauges::Min => all.reduce(f64::min),
        Gauges::Mean => all.clone().reduce(|a, b| a + b).map(|sum| sum / all.len() as f64),
    }
}

impl Processor for TopK {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn process(&self, frame: Frame) -> Result<Outcome, Fault> {
        if frame.metrics().all(|metric| self.rule(&metric).is_none()) {
            return Ok(Outcome::Unchanged);
        }
        let mut next = FrameBuilder::new();
        for metric in frame.metrics() {
            next.open_owner_of(&metric);
            let opened: Metric = metric.to_metric();
            next.metric(&opened);
            match self.rule(&metric) {
                Some(rule) => self.points(&metric, rule).iter().for_each(|point| next.point(point)),
                None => metric.points().for_each(|point| next.point(&point.to_point())),
            }
        }
        Ok(Outcome::Replaced(next.finish()))
    }
}

wasmeter_guest::register_processor!(TopK);

#[cfg(test)]
mod tests;
