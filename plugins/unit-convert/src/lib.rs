//! Converts the unit of metrics. See the README for what stays as it is.

mod config;
mod factor;
mod point;

use std::cell::RefCell;
use std::collections::HashSet;

use serde::Deserialize;
use wasmeter_guest::frame::{Frame, FrameBuilder, MetricRef, Point};
use wasmeter_guest::{Fault, Outcome, Processor, warn};

use config::{Config, Exponential, Rule};
use point::{Obstacle, convert};

/// Of so many metrics the log says once that they could not be converted.
const TOLD_MAX: usize = 1000;

/// The processor.
#[derive(Deserialize)]
#[serde(from = "Config")]
pub struct UnitConvert {
    rules: Vec<Rule>,
    inexact: Exponential,
    /// The metrics that could not be converted, so that each is told once.
    told: RefCell<HashSet<String>>,
}

impl From<Config> for UnitConvert {
    fn from(config: Config) -> Self {
        let Config { rules, exponential_histograms } = config;
        Self { rules, inexact: exponential_histograms, told: RefCell::default() }
    }
}

impl UnitConvert {
    fn rule(&self, metric: &MetricRef<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(metric.name(), metric.unit()))
    }

    /// All points of a metric in the unit of a rule; none are, unless all can be.
    fn points<'a>(&self, metric: &MetricRef<'a>, rule: &Rule) -> Result<Vec<Point<'a>>, Obstacle> {
        let converted = |mut point: Point<'a>| {
            convert(&mut point, rule.factor, self.inexact)?;
            Ok(point)
        };
        metric.points().map(|point| converted(point.to_point())).collect()
    }

    fn tell(&self, metric: &MetricRef<'_>, rule: &Rule, obstacle: Obstacle) {
        let mut told = self.told.borrow_mut();
        if told.len() < TOLD_MAX && told.insert(metric.name().to_owned()) {
            let (name, unit, to) = (metric.name(), metric.unit(), &rule.to);
            warn!("`{name}` stays in `{unit}` and is not converted to `{to}`: {}", obstacle.reason());
        }
    }
}

impl Processor for UnitConvert {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn process(&self, frame: Frame) -> Result<Outcome, Fault> {
        if frame.metrics().all(|metric| self.rule(&metric).is_none()) {
            return Ok(Outcome::Unchanged);
        }
        let mut converted = FrameBuilder::new();
        for metric in frame.metrics() {
            converted.open_owner_of(&metric);
            let mut opened = metric.to_metric();
            let rule = self.rule(&metric);
            match rule.map(|rule| (rule, self.points(&metric, rule))) {
                Some((rule, Ok(points))) => {
                    opened.unit.clone_from(&rule.to);
                    converted.metric(&opened);
                    points.iter().for_each(|point| converted.point(point));
                    continue;
                }
                Some((rule, Err(obstacle))) => self.tell(&metric, rule, obstacle),
                None => {}
            }
            converted.metric(&opened);
            metric.points().for_each(|point| converted.point(&point.to_point()));
        }
        Ok(Outcome::Replaced(converted.finish()))
    }
}

wasmeter_guest::register_processor!(UnitConvert);

#[cfg(test)]
mod tests;
