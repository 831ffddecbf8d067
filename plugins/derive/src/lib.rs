//! Makes ratios and differences of metrics. See the README for which points make a pair.

mod config;
mod pairs;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use wasmeter_guest::frame::{Frame, FrameBuilder, Metric, MetricKind, MetricRef, Point, Temporality};
use wasmeter_guest::{Attributes, Fault, Outcome, Processor, warn};

use config::{Config, Derived, Operation};
use pairs::{Obstacle, points};

/// So many different obstacles are told, each once.
const TOLD_MAX: usize = 1000;

/// The processor.
#[derive(Deserialize)]
#[serde(from = "Config")]
pub struct Derive {
    metrics: Vec<Derived>,
    /// What stood in the way of which metric, so that it is told once.
    told: RefCell<HashSet<(String, Obstacle)>>,
}

impl From<Config> for Derive {
    fn from(config: Config) -> Self {
        Self { metrics: config.metrics, told: RefCell::default() }
    }
}

/// The metrics of one resource.
#[derive(Default)]
struct Metrics<'a> {
    /// By name, in the order of the frame.
    by_name: HashMap<&'a str, Vec<MetricRef<'a>>>,
}

impl<'a> Metrics<'a> {
    /// The metric of this name in the same scope, else the first one.
    fn find(&self, name: &str, scope: usize) -> Option<&MetricRef<'a>> {
        let all = self.by_name.get(name)?;
        all.iter().find(|metric| metric.scope().row() == scope).or_else(|| all.first())
    }
}

/// A metric that was made, and behind which scope's metrics it belongs.
struct Made {
    scope: usize,
    metric: Metric,
    points: Vec<Point<'static>>,
}

impl Derive {
    /// All that can be made of the metrics of one resource.
    fn make(&self, metrics: &Metrics<'_>, made: &mut Vec<Made>) {
        for derived in &self.metrics {
            for first in metrics.by_name.get(derived.first.metric.as_str()).into_iter().flatten() {
                let Some(second) = metrics.find(&derived.second.metric, first.scope().row()) else {
                    continue;
                };
                match self.pair(derived, metrics, first, second) {
                    Ok(one) if one.points.is_empty() => {}
                    Ok(one) => made.push(one),
                    Err(obstacle) => self.tell(derived, obstacle),
                }
            }
        }
    }

    fn pair(
        &self,
        derived: &Derived,
        metrics: &Metrics<'_>,
        first: &MetricRef<'_>,
        second: &MetricRef<'_>,
    ) -> Result<Made, Obstacle> {
        if metrics.by_name.contains_key(derived.name.0.as_str()) {
            return Err(Obstacle::NameTaken);
        }
        let unit = match (&derived.unit, derived.operation) {
            (Some(unit), _) => unit.clone(),
            (None, Operation::Ratio) => "1".to_owned(),
            (None, Operation::Difference) if first.unit() == second.unit() => first.unit().to_owned(),
            (None, Operation::Difference) => return Err(Obstacle::Units),
        };
        let metric = Metric {
            name: derived.name.0.clone(),
            description: derived.description.clone(),
            unit,
            kind: MetricKind::Gauge,
            temporality: Temporality::Unspecified,
            monotonic: false,
            metadata: Attributes::new(),
        };
        Ok(Made { scope: first.scope().row(), metric, points: points(derived, first, second)? })
    }

    fn tell(&self, derived: &Derived, obstacle: Obstacle) {
        let mut told = self.told.borrow_mut();
        if told.len() < TOLD_MAX && told.insert((derived.name.0.clone(), obstacle)) {
            warn!("`{}` is not made: {}", derived.name.0, obstacle.reason());
        }
    }
}

impl Processor for Derive {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn process(&self, frame: Frame) -> Result<Outcome, Fault> {
        let mut resources: Vec<Metrics<'_>> = Vec::new();
        for metric in frame.metrics() {
            let row = metric.scope().resource().row();
            if resources.len() <= row {
                resources.resize_with(row + 1, Metrics::default);
            }
            if let Some(metrics) = resources.get_mut(row) {
                metrics.by_name.entry(metric.name()).or_default().push(metric);
            }
        }
        let mut made = Vec::new();
        resources.iter().for_each(|metrics| self.make(metrics, &mut made));
        if made.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let mut next = FrameBuilder::new();
        let mut metrics = frame.metrics().peekable();
        while let Some(metric) = metrics.next() {
            next.open_owner_of(&metric);
            next.metric(&metric.to_metric());
            metric.points().for_each(|point| next.point(&point.to_point()));
            let scope = metric.scope().row();
            if metrics.peek().is_none_or(|metric| metric.scope().row() != scope) {
                for one in made.iter().filter(|one| one.scope == scope) {
                    next.metric(&one.metric);
                    one.points.iter().for_each(|point| next.point(point));
                }
            }
        }
        Ok(Outcome::Replaced(next.finish()))
    }
}

wasmeter_guest::register_processor!(Derive);

#[cfg(test)]
mod tests;
