//! The families of a page as observations ("Prometheus and OpenMetrics Compatibility", Prometheus to OTLP).

use std::borrow::Cow;

use wasmeter_guest::frame::{Exemplar, Histogram, Number, PointData, Summary};
use wasmeter_guest::{Attributes, Observation, ObservedMetric};

use crate::owner::Owners;
use crate::page::{self, Family, Kind, Series};

const NANOS_PER_SEC: f64 = 1e9;
/// Where the type stands that OTLP has no word for.
const TYPE_KEY: &str = "prometheus.type";

/// What could not be said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// How many series, and why the first of them.
    pub(crate) series: usize,
    pub(crate) first: Option<String>,
}

impl LeftOut {
    fn add(&mut self, family: &Family, why: &str) {
        self.series += 1;
        self.first.get_or_insert_with(|| format!("`{}`: {why}", family.name));
    }
}

/// Says what a page says.
pub(crate) fn say(observation: &mut Observation, families: &[Family], owners: &Owners) -> LeftOut {
    let mut left_out = LeftOut::default();
    for family in families.iter().filter(|family| !owners.is_about_owners(family)) {
        for series in &family.series {
            let data = match data(family.kind, series) {
                Ok(data) => data,
                Err(why) => {
                    left_out.add(family, why);
                    continue;
                }
            };
            let owned = owners.of(&series.labels);
            observation.resource(owned.resource).scope(owned.scope);
            let mut metric = metric(observation, family);
            metric.since(nanos(series.created_secs)).point(owned.attributes, data);
            for exemplar in exemplars(series) {
                metric.exemplar(exemplar);
            }
        }
    }
    left_out
}

fn metric<'a>(observation: &'a mut Observation, family: &Family) -> ObservedMetric<'a> {
    let name = family.name.as_str();
    let (metric, kind) = match family.kind {
        Kind::Counter => (observation.counter(name), None),
        Kind::Gauge => (observation.gauge(name), None),
        Kind::Histogram | Kind::GaugeHistogram => (observation.histogram(name), None),
        Kind::Summary => (observation.summary(name), None),
        Kind::Unknown => (observation.gauge(name), Some("unknown")),
        Kind::Info => (observation.up_down_counter(name), Some("info")),
        Kind::StateSet => (observation.up_down_counter(name), Some("stateset")),
    };
    let metric = match kind {
        Some(kind) => metric.metadata([(TYPE_KEY, kind)]),
        None => metric,
    };
    metric.unit(ucum(&family.unit)).description(family.help.as_str())
}

/// The value of a point; or why there is none.
fn data(kind: Kind, series: &Series) -> Result<PointData<'static>, &'static str> {
    match kind {
        Kind::Counter => match series.value {
            Some(value) if value.is_finite() && value >= 0.0 => Ok(value.into()),
            Some(_) => Err("the total of a counter is not a number from 0 on"),
            None => Err("it has no total"),
        },
        Kind::Gauge | Kind::Unknown => series.value.map(PointData::from).ok_or("it has no value"),
        Kind::Info | Kind::StateSet => match series.value {
            Some(value) if value.is_finite() => Ok(value.into()),
            _ => Err("it has no value that is a number"),
        },
        Kind::Histogram => histogram(series).map(PointData::from),
        Kind::GaugeHistogram => Err("OTLP has nothing like a histogram of a gauge"),
        Kind::Summary => summary(series).map(PointData::from),
    }
}

/// A number of things, which on a page is a double.
fn count(value: f64) -> Result<u64, &'static str> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 2^64")]
    if value >= 0.0 && value.fract() == 0.0 && value < 18_446_744_073_709_551_616.0 {
        Ok(value as u64)
    } else {
        Err("a count is not a whole number from 0 on")
    }
}

/// The buckets of the page count those before, too; ours do not.
fn histogram(series: &Series) -> Result<Histogram<'static>, &'static str> {
    let (mut bounds, mut counts, mut before) = (Vec::new(), Vec::new(), 0);
    for bucket in &series.buckets {
        let all = count(bucket.count)?;
        counts.push(all.checked_sub(before).ok_or("a bucket counts less than the one before")?);
        before = all;
        if bucket.le.is_nan() {
            return Err("the bound of a bucket is not a number");
        }
        if bucket.le != f64::INFINITY {
            bounds.push(bucket.le);
        }
    }
    let has_all = series.buckets.last().is_some_and(|bucket| bucket.le == f64::INFINITY);
    if !has_all {
        let all = count(series.count.ok_or("it has neither a bucket `+Inf` nor a count")?)?;
        counts.push(all.checked_sub(before).ok_or("the count is less than that of the last bucket")?);
        before = all;
    }
    // Without finite bounds there is nothing that the one bucket says.
    if bounds.is_empty() {
        counts.clear();
    }
    let sum = series.sum.filter(|sum| sum.is_finite());
    Ok(Histogram {
        count: before,
        sum,
        bounds: Cow::Owned(bounds),
        counts: Cow::Owned(counts),
        ..Histogram::default()
    })
}

fn summary(series: &Series) -> Result<Summary<'static>, &'static str> {
    let mut quantiles = series.quantiles.clone();
    if quantiles.iter().any(|(quantile, _)| !(0.0..=1.0).contains(quantile)) {
        return Err("a quantile is not from 0 to 1");
    }
    quantiles.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (quantiles, values): (Vec<_>, Vec<_>) = quantiles.into_iter().unzip();
    let count = match series.count {
        Some(value) => count(value)?,
        None => 0,
    };
    let sum = series.sum.unwrap_or_default();
    Ok(Summary { count, sum, quantiles: Cow::Owned(quantiles), values: Cow::Owned(values) })
}

fn exemplars(series: &Series) -> impl Iterator<Item = Exemplar> {
    let of_buckets = series.buckets.iter().filter_map(|bucket| bucket.exemplar.as_ref());
    series.exemplar.iter().chain(of_buckets).map(exemplar)
}

/// The trace and the span stand among the labels.
fn exemplar(exemplar: &page::Exemplar) -> Exemplar {
    let (mut trace_id, mut span_id) = (0, 0);
    let mut attributes = Attributes::new();
    for (key, value) in &exemplar.labels {
        let hex =
            |digits: usize| (value.len() == digits).then(|| u128::from_str_radix(value, 16).ok()).flatten();
        match (key.as_str(), hex(32), hex(16)) {
            ("trace_id", Some(id), _) => trace_id = id,
            ("span_id", _, Some(id)) => span_id = u64::try_from(id).unwrap_or_default(),
            _ => drop(attributes.set(key.as_str(), value.as_str())),
        }
    }
    let value = Some(Number::Double(exemplar.value));
    Exemplar { attributes, time: nanos(exemplar.time_secs), value, trace_id, span_id }
}

/// A time of a page; 0 if it says none, or none there can be.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to less than 2^64")]
fn nanos(secs: Option<f64>) -> u64 {
    let secs = secs.unwrap_or_default();
    if !(0.0..18_446_744_073.0).contains(&secs) {
        return 0;
    }
    // Apart, as a double has no room for both.
    secs.trunc() as u64 * 1_000_000_000 + (secs.fract() * NANOS_PER_SEC).round() as u64
}

/// Prometheus' base units in UCUM; others stay as they are.
fn ucum(unit: &str) -> &str {
    match unit {
        "seconds" => "s",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        "minutes" => "min",
        "hours" => "h",
        "days" => "d",
        "bytes" => "By",
        "kibibytes" => "KiBy",
        "mebibytes" => "MiBy",
        "gibibytes" => "GiBy",
        "kilobytes" => "kBy",
        "megabytes" => "MBy",
        "gigabytes" => "GBy",
        "meters" => "m",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "watts" => "W",
        "grams" => "g",
        "celsius" => "Cel",
        "hertz" => "Hz",
        "percent" => "%",
        "ratio" => "1",
        other => other,
    }
}
