//! A frame as series of Prometheus (compatibility specification, "OTLP Metric points to Prometheus").

use std::collections::{BTreeMap, HashSet};

use wasmeter_guest::frame::{
    Frame, Histogram, MetricKind, MetricRef, NO_RECORDED_VALUE, Number, PointData, PointRef, Summary,
    Temporality,
};
use wasmeter_prometheus_names::{Suffix, TranslationStrategy, family, number_text};

use crate::exemplars::{Exemplar, exemplars, of_bucket};
use crate::labels::{self, Labels};
use crate::native::{Native, native};
use crate::proto::{Family, FamilyKind, Sample, Series};

/// How Prometheus marks the end of a series: this NaN and no other.
const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// A value, and when it was: milliseconds since the Unix epoch.
type Valued = (f64, i64);

/// What is sent of a frame, and what is not.
#[derive(Debug, Default)]
pub(crate) struct Converted {
    pub(crate) series: Vec<Series>,
    pub(crate) families: Vec<Family>,
    /// Points that have no form in remote write 1.0, by why.
    pub(crate) left_out: BTreeMap<&'static str, u64>,
    known: HashSet<String>,
    /// Whether exponential histograms are sent.
    has_native: bool,
}

/// Converts a frame; with `has_native`, exponential histograms become native ones, which not every receiver takes.
pub(crate) fn convert(frame: &Frame, has_native: bool) -> Converted {
    let mut converted = Converted { has_native, ..Converted::default() };
    let mut targets = BTreeMap::<usize, (Labels, i64)>::new();
    for metric in frame.metrics() {
        let latest = converted.metric(&metric);
        let resource = metric.scope().resource();
        if let Some(latest) = latest {
            let target = targets.entry(resource.row()).or_insert_with(|| {
                let (mut identity, others) = labels::target(resource.attributes());
                identity.extend(others);
                (identity, latest)
            });
            target.1 = target.1.max(latest);
        }
    }
    for (labels, time_ms) in targets.into_values().filter(|(labels, _)| !labels.is_empty()) {
        converted.family("target_info", FamilyKind::Gauge, "Target metadata");
        converted.push("target_info", "", labels, (1.0, time_ms), Vec::new());
    }
    converted
}

impl Converted {
    /// How many points are left out.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.values().sum()
    }

    /// Adds a metric; the time of its latest point that is sent.
    fn metric(&mut self, metric: &MetricRef<'_>) -> Option<i64> {
        let points = metric.points().count() as u64;
        let mut leave_out = |why| {
            if points > 0 {
                *self.left_out.entry(why).or_default() += points;
            }
            None
        };
        let is_accumulated = matches!(
            metric.kind(),
            MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram
        );
        if is_accumulated && metric.temporality() != Temporality::Cumulative {
            return leave_out("not cumulative");
        }
        let (suffix, kind) = match metric.kind() {
            MetricKind::Empty => return None,
            MetricKind::ExponentialHistogram if !self.has_native => {
                return leave_out("exponential histograms, which `native_histograms = true` sends");
            }
            MetricKind::Gauge => (Suffix::Ratio, FamilyKind::Gauge),
            MetricKind::Sum if metric.monotonic() => (Suffix::Total, FamilyKind::Counter),
            MetricKind::Sum => (Suffix::None, FamilyKind::Gauge),
            MetricKind::Histogram | MetricKind::ExponentialHistogram => (Suffix::None, FamilyKind::Histogram),
            MetricKind::Summary => (Suffix::None, FamilyKind::Summary),
        };
        let strategy = TranslationStrategy::UnderscoreEscapingWithSuffixes;
        let Some(name) = family(strategy, metric.name(), metric.unit(), suffix) else {
            return leave_out("without a name");
        };
        self.family(&name.full, kind, metric.description());
        let (mut shared, _) = labels::target(metric.scope().resource().attributes());
        shared.extend(labels::scope(&metric.scope()));
        let mut latest = None;
        for point in metric.points() {
            let mut labels = shared.clone();
            labels::add(&mut labels, point.attributes().iter());
            let time_ms = i64::try_from(point.time() / 1_000_000).unwrap_or(i64::MAX);
            if self.point(&name.full, labels, &point, time_ms) {
                latest = latest.max(Some(time_ms));
            }
        }
        latest
    }

    /// Adds the series of a point; false if it has no value.
    fn point(&mut self, name: &str, labels: Labels, point: &PointRef<'_>, time_ms: i64) -> bool {
        let has_ended = point.flags() & NO_RECORDED_VALUE != 0;
        let value = |value: f64| (if has_ended { STALE } else { value }, time_ms);
        let exemplars = if has_ended { Vec::new() } else { exemplars(point.exemplars()) };
        match point.data() {
            PointData::Number(None) if !has_ended => {
                *self.left_out.entry("without a value").or_default() += 1;
                return false;
            }
            PointData::Number(number) => {
                let number = match number {
                    Some(Number::Int(int)) => int as f64,
                    Some(Number::Double(double)) => double,
                    None => STALE,
                };
                self.push(name, "", labels, value(number), exemplars);
            }
            PointData::Histogram(data) => self.histogram(name, &labels, &data, value, &exemplars),
            PointData::Summary(data) => self.summary(name, &labels, &data, value),
            PointData::ExponentialHistogram(data) => {
                let native = if has_ended { Ok(Native::stale(STALE)) } else { native(&data) };
                match native {
                    Ok(native) => {
                        let sample = Sample::Histogram(Box::new(native));
                        self.series.push(Series {
                            labels: named(name, "", labels),
                            sample,
                            time_ms,
                            exemplars,
                        });
                    }
                    Err(why) => {
                        *self.left_out.entry(why).or_default() += 1;
                        return false;
                    }
                }
            }
        }
        true
    }

    fn histogram(
        &mut self,
        name: &str,
        labels: &Labels,
        data: &Histogram<'_>,
        value: impl Fn(f64) -> Valued,
        exemplars: &[Exemplar],
    ) {
        let (mut below, mut lower) = (0, f64::NEG_INFINITY);
        for (bound, count) in data.bounds.iter().zip(data.counts.iter()) {
            below += count;
            let exemplars = of_bucket(exemplars, lower, *bound);
            let le = ("le", number_text(*bound));
            self.part(name, "_bucket", labels, le, value(below as f64), exemplars);
            lower = *bound;
        }
        let infinity = ("le", "+Inf".to_owned());
        let exemplars = of_bucket(exemplars, lower, f64::INFINITY);
        self.part(name, "_bucket", labels, infinity, value(data.count as f64), exemplars);
        self.push(name, "_count", labels.clone(), value(data.count as f64), Vec::new());
        if let Some(sum) = data.sum {
            self.push(name, "_sum", labels.clone(), value(sum), Vec::new());
        }
    }

    fn summary(&mut self, name: &str, labels: &Labels, data: &Summary<'_>, value: impl Fn(f64) -> Valued) {
        for (quantile, at) in data.quantiles.iter().zip(data.values.iter()) {
            self.part(name, "", labels, ("quantile", number_text(*quantile)), value(*at), Vec::new());
        }
        self.push(name, "_count", labels.clone(), value(data.count as f64), Vec::new());
        self.push(name, "_sum", labels.clone(), value(data.sum), Vec::new());
    }

    /// Adds a series that one label tells from its siblings; an attribute of that name gives way.
    fn part(
        &mut self,
        name: &str,
        suffix: &str,
        labels: &Labels,
        (label, of_part): (&str, String),
        value: Valued,
        exemplars: Vec<Exemplar>,
    ) {
        let mut labels = labels.clone();
        if let Some(attribute) = labels.insert(label.to_owned(), of_part) {
            let mut name = format!("exported_{label}");
            while labels.contains_key(&name) {
                name.insert_str(0, "exported_");
            }
            labels.insert(name, attribute);
        }
        self.push(name, suffix, labels, value, exemplars);
    }

    fn push(
        &mut self,
        name: &str,
        suffix: &str,
        labels: Labels,
        (value, time_ms): Valued,
        exemplars: Vec<Exemplar>,
    ) {
        let labels = named(name, suffix, labels);
        self.series.push(Series { labels, sample: Sample::Float(value), time_ms, exemplars });
    }

    fn family(&mut self, name: &str, kind: FamilyKind, help: &str) {
        if self.known.insert(name.to_owned()) {
            self.families.push(Family { name: name.to_owned(), kind, help: help.to_owned() });
        }
    }
}

/// The labels with the name among them.
fn named(name: &str, suffix: &str, labels: Labels) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels.into_iter().collect();
    labels.push(("__name__".to_owned(), format!("{name}{suffix}")));
    labels.sort_unstable();
    labels
}

#[cfg(test)]
mod tests;
