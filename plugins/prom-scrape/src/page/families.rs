//! Samples put together to series, and series to families.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Format;
use super::line::{Exemplar, Labels, Sample};

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
    Unknown,
}

/// The samples of one metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Family {
    /// Of counters and infos in OpenMetrics that of their samples, with `_total` and `_info`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) help: String,
    /// In Prometheus' words, such as `seconds`.
    pub(crate) unit: String,
    pub(crate) series: Vec<Series>,
    by_labels: HashMap<Labels, usize>,
}

/// What a page says of one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    /// Without `le` and `quantile`, where these belong to the format.
    pub(crate) labels: Labels,
    /// Of counters, gauges and the like.
    pub(crate) value: Option<f64>,
    /// Of histograms and summaries, as the two that follow.
    pub(crate) sum: Option<f64>,
    pub(crate) count: Option<f64>,
    /// When it was created, in seconds since the Unix epoch.
    pub(crate) created_secs: Option<f64>,
    /// In the order of the page; each counts those before, too.
    pub(crate) buckets: Vec<Bucket>,
    /// Each with its value.
    pub(crate) quantiles: Vec<(f64, f64)>,
    /// Of the value.
    pub(crate) exemplar: Option<Exemplar>,
}

/// A bucket of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bucket {
    /// Its upper bound, inclusive.
    pub(crate) le: f64,
    pub(crate) count: f64,
    pub(crate) exemplar: Option<Exemplar>,
}

/// What a sample is of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Value,
    Sum,
    Count,
    Created,
    Bucket,
    Quantile,
}

/// The families of a page while it is read.
pub(super) struct Families {
    format: Format,
    families: Vec<Family>,
    /// By the name that metadata has.
    by_name: HashMap<String, usize>,
    /// What samples of a name are.
    roles: HashMap<String, (usize, Role)>,
}

impl Kind {
    fn of_word(word: &str, format: Format) -> Option<Self> {
        match (word, format) {
            ("counter", _) => Some(Self::Counter),
            ("gauge", _) => Some(Self::Gauge),
            ("histogram", _) => Some(Self::Histogram),
            ("summary", _) => Some(Self::Summary),
            ("untyped", Format::Text) | ("unknown", Format::OpenMetrics) => Some(Self::Unknown),
            ("gaugehistogram", Format::OpenMetrics) => Some(Self::GaugeHistogram),
            ("info", Format::OpenMetrics) => Some(Self::Info),
            ("stateset", Format::OpenMetrics) => Some(Self::StateSet),
            _ => None,
        }
    }

    /// The suffixes of the samples of a family, and what they are.
    fn roles(self, format: Format) -> &'static [(&'static str, Role)] {
        use Role::{Bucket, Count, Created, Quantile, Sum, Value};
        match (self, format) {
            (Self::Counter, Format::OpenMetrics) => &[("_total", Value), ("_created", Created)],
            (Self::Info, _) => &[("_info", Value)],
            (Self::Histogram, Format::Text) => &[("_bucket", Bucket), ("_sum", Sum), ("_count", Count)],
            (Self::Histogram, Format::OpenMetrics) => {
                &[("_bucket", Bucket), ("_sum", Sum), ("_count", Count), ("_created", Created)]
            }
            (Self::GaugeHistogram, _) => &[("_bucket", Bucket), ("_gsum", Sum), ("_gcount", Count)],
            (Self::Summary, Format::Text) => &[("", Quantile), ("_sum", Sum), ("_count", Count)],
            (Self::Summary, Format::OpenMetrics) => {
                &[("", Quantile), ("_sum", Sum), ("_count", Count), ("_created", Created)]
            }
            _ => &[("", Value)],
        }
    }
}

impl Families {
    pub(super) fn new(format: Format) -> Self {
        Self { format, families: Vec::new(), by_name: HashMap::new(), roles: HashMap::new() }
    }

    /// The families in the order of the page, without those that have no samples.
    pub(super) fn finish(self) -> Vec<Family> {
        self.families.into_iter().filter(|family| !family.series.is_empty()).collect()
    }

    /// The family that metadata of this name is about.
    fn named(&mut self, name: &str) -> usize {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        self.families.push(Family {
            name: name.to_owned(),
            kind: Kind::Unknown,
            help: String::new(),
            unit: String::new(),
            series: Vec::new(),
            by_labels: HashMap::new(),
        });
        self.by_name.insert(name.to_owned(), self.families.len() - 1);
        self.families.len() - 1
    }

    pub(super) fn declare(&mut self, name: &str, kind: &str) -> Result<(), String> {
        let kind = Kind::of_word(kind, self.format)
            .ok_or_else(|| format!("found `{kind}`, expected a type of metrics"))?;
        let at = self.named(name);
        let format = self.format;
        let Some(family) = self.families.get_mut(at) else { return Ok(()) };
        if !family.series.is_empty() {
            return Err(format!("the type of `{name}` comes behind its samples, expected it before"));
        }
        family.kind = kind;
        match kind {
            Kind::Counter if format == Format::OpenMetrics => family.name = format!("{name}_total"),
            Kind::Info => family.name = format!("{name}_info"),
            _ => {}
        }
        for (suffix, role) in kind.roles(format) {
            let sample = format!("{name}{suffix}");
            if self.roles.insert(sample.clone(), (at, *role)).is_some_and(|(known, _)| known != at) {
                return Err(format!("samples of `{sample}` would be of two families"));
            }
        }
        Ok(())
    }

    pub(super) fn describe(&mut self, name: &str, help: String) -> Result<(), String> {
        let at = self.named(name);
        self.families.get_mut(at).into_iter().for_each(|family| family.help.clone_from(&help));
        Ok(())
    }

    pub(super) fn measure(&mut self, name: &str, unit: String) -> Result<(), String> {
        let at = self.named(name);
        self.families.get_mut(at).into_iter().for_each(|family| family.unit.clone_from(&unit));
        Ok(())
    }

    /// Takes a sample in.
    pub(super) fn add(&mut self, sample: Sample) -> Result<(), String> {
        let Sample { name, mut labels, value, exemplar } = sample;
        let (at, role) = match self.roles.get(&name) {
            Some(known) => *known,
            None => {
                let known = (self.named(&name), Role::Value);
                self.roles.insert(name.clone(), known);
                known
            }
        };
        let Some(family) = self.families.get_mut(at) else { return Ok(()) };
        let of_format = match role {
            Role::Bucket => Some(
                taken(&mut labels, "le").ok_or_else(|| format!("a sample of `{name}` has no label `le`"))?,
            ),
            Role::Quantile => Some(
                taken(&mut labels, "quantile")
                    .ok_or_else(|| format!("a sample of `{name}` has no label `quantile`"))?,
            ),
            _ => None,
        };
        let of_format = match of_format {
            Some(text) => text.parse().map_err(|_| format!("found the bound `{text}`, expected a number"))?,
            None => 0.0,
        };
        let series = family.series_of(labels);
        let twice = || Err(format!("`{name}` has two samples with the same labels"));
        let place = match role {
            Role::Bucket => {
                if series
                    .buckets
                    .last()
                    .is_some_and(|last| last.le.partial_cmp(&of_format) != Some(Ordering::Less))
                {
                    return Err(format!("the bounds of `{name}` do not ascend at {of_format}"));
                }
                series.buckets.push(Bucket { le: of_format, count: value, exemplar });
                return Ok(());
            }
            Role::Quantile => {
                if series.quantiles.iter().any(|(quantile, _)| *quantile == of_format) {
                    return twice();
                }
                series.quantiles.push((of_format, value));
                return Ok(());
            }
            Role::Value => {
                series.exemplar = exemplar;
                &mut series.value
            }
            Role::Sum => &mut series.sum,
            Role::Count => &mut series.count,
            Role::Created => &mut series.created_secs,
        };
        if place.replace(value).is_some() { twice() } else { Ok(()) }
    }
}

impl Family {
    fn series_of(&mut self, labels: Labels) -> &mut Series {
        let series = &mut self.series;
        let at = *self.by_labels.entry(labels).or_insert_with_key(|labels| {
            series.push(Series { labels: labels.clone(), ..Series::default() });
            series.len() - 1
        });
        &mut self.series[at]
    }
}

/// Takes a label out of the others.
fn taken(labels: &mut Labels, name: &str) -> Option<String> {
    let at = labels.iter().position(|(key, _)| key == name)?;
    Some(labels.remove(at).1)
}
