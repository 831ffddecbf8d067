//! The rules of OpenMetrics that span lines.

use std::collections::HashSet;

use super::super::Sample;
use super::super::cursor::{float, quoted};
use super::super::series::{identity, series_text};
use super::FORMAT;
use crate::FamilyKind;

/// The families read so far.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// Every name that a family of the page may have samples of, or has itself.
    claims: HashSet<String>,
    open: Option<Family>,
    /// Every series, see [`identity`].
    series: HashSet<String>,
}

/// The family whose lines are being read.
#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: Option<FamilyKind>,
    unit: Option<String>,
    help: bool,
    sampled: bool,
    /// The metrics read so far, by their labels but `le` and `quantile`.
    metrics: HashSet<String>,
    metric: Option<Metric>,
}

/// The metric whose samples are being read.
#[derive(Debug, Default)]
struct Metric {
    identity: String,
    /// What it is called in an error.
    series: String,
    /// Its last bucket: bound and count.
    bucket: Option<(f64, f64)>,
    has_negative_bound: bool,
    count: Option<f64>,
    has_sum: bool,
}

impl Families {
    pub(super) fn kind(&mut self, name: &str, kind: FamilyKind) -> Result<(), String> {
        let family = self.describe(name, "TYPE")?;
        second(family.kind.replace(kind).is_some(), name, "TYPE")
    }

    pub(super) fn unit(&mut self, name: &str, unit: &str) -> Result<(), String> {
        if !unit.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':') {
            return Err(format!(
                "found {} after `# UNIT {name}`, expected characters of a name",
                quoted(unit)
            ));
        }
        let family = self.describe(name, "UNIT")?;
        second(family.unit.replace(unit.to_owned()).is_some(), name, "UNIT")
    }

    pub(super) fn help(&mut self, name: &str) -> Result<(), String> {
        let family = self.describe(name, "HELP")?;
        second(std::mem::replace(&mut family.help, true), name, "HELP")
    }

    /// Takes a sample and tells it the type of its family.
    pub(super) fn sample(&mut self, sample: &mut Sample) -> Result<(), String> {
        let mine = |family: &Family| family.suffix(&sample.name).is_some();
        if !self.open.as_ref().is_some_and(mine) {
            let family = self.enter(&sample.name)?;
            // A name that opens a family of its own leaves that without a type.
            if let Some(kind) = family.kind {
                let (word, name) = (kind.word(FORMAT), &sample.name);
                let expected = kind.suffixes(FORMAT).join("`, `");
                return Err(format!(
                    "found sample `{name}` of the {word} `{name}`, expected it with one of `{expected}`"
                ));
            }
        }
        if !self.series.insert(identity(&sample.name, sample, None)) {
            let series = quoted(&series_text(&sample.name, sample, None));
            return Err(format!("found series {series} twice, expected each once"));
        }
        let Some(family) = &mut self.open else {
            return Err("no family is open".to_owned());
        };
        family.sample(sample)
    }

    /// Checks the last family.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        match self.open.take() {
            Some(family) => self.close(family),
            None => Ok(()),
        }
    }

    /// The family of a line of metadata.
    fn describe(&mut self, name: &str, keyword: &str) -> Result<&mut Family, String> {
        let family = self.enter(name)?;
        if family.sampled {
            return Err(format!("found `# {keyword} {name}` behind samples of it, expected it before them"));
        }
        Ok(family)
    }

    /// The family of a name: the open one, or a new one.
    fn enter(&mut self, name: &str) -> Result<&mut Family, String> {
        let family = match self.open.take() {
            Some(family) if family.name == name => family,
            other => {
                if let Some(other) = other {
                    self.close(other)?;
                }
                Family { name: name.to_owned(), ..Family::default() }
            }
        };
        Ok(self.open.insert(family))
    }

    fn close(&mut self, mut family: Family) -> Result<(), String> {
        let (name, kind) = (family.name.clone(), family.kind());
        let further = kind.suffixes(FORMAT).iter().copied().filter(|suffix| !suffix.is_empty());
        for suffix in std::iter::once("").chain(further) {
            let claim = format!("{name}{suffix}");
            if !self.claims.insert(claim.clone()) {
                let word = kind.word(FORMAT);
                return Err(format!(
                    "found {word} `{name}`, which ends before this line and whose `{claim}` is another family's"
                ));
            }
        }
        if let Some(unit) = family.unit.as_deref().filter(|unit| !unit.is_empty()) {
            let fits = name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_'));
            if kind == FamilyKind::Info || !fits {
                return Err(format!(
                    "`{name}`, which ends before this line, has unit `{unit}`, expected a name in it and no info"
                ));
            }
        }
        family.leave()
    }
}

fn second(is_second: bool, name: &str, keyword: &str) -> Result<(), String> {
    if is_second { Err(format!("found a second `# {keyword} {name}`, expected one")) } else { Ok(()) }
}

impl Family {
    fn kind(&self) -> FamilyKind {
        self.kind.unwrap_or(FamilyKind::Untyped)
    }

    /// What a sample's name has behind the family's; `None` if it is not of this family.
    fn suffix(&self, sample: &str) -> Option<&'static str> {
        let suffix = sample.strip_prefix(self.name.as_str())?;
        self.kind().suffixes(FORMAT).iter().copied().find(|known| *known == suffix)
    }

    fn sample(&mut self, sample: &mut Sample) -> Result<(), String> {
        let (kind, name) = (self.kind(), sample.name.clone());
        let suffix = self.suffix(&name).unwrap_or_default();
        self.sampled = true;
        sample.kind = kind;
        let bound = match (kind, suffix) {
            (FamilyKind::Histogram, "_bucket") => Some("le"),
            (FamilyKind::Summary, "") => Some("quantile"),
            _ => None,
        };
        if kind != FamilyKind::Info {
            self.metric(sample, bound)?;
        }
        value(sample, kind, suffix)?;
        let exemplifies = matches!(suffix, "_total" | "_bucket");
        if sample.exemplar.is_some() && !exemplifies {
            return Err(format!("found an exemplar on `{name}`, expected it on `_total` or `_bucket` only"));
        }
        let Some(metric) = &mut self.metric else {
            return Ok(());
        };
        match suffix {
            "_count" => metric.count = Some(sample.value),
            "_sum" => metric.has_sum = true,
            "_bucket" => metric.bucket(sample)?,
            _ => {}
        }
        Ok(())
    }

    /// Goes over to the metric of a sample.
    fn metric(&mut self, sample: &Sample, bound: Option<&str>) -> Result<(), String> {
        let identity = identity("", sample, bound);
        if self.metric.as_ref().is_some_and(|metric| metric.identity == identity) {
            return Ok(());
        }
        self.leave()?;
        let series = quoted(&series_text(&self.name, sample, bound));
        if !self.metrics.insert(identity.clone()) {
            return Err(format!("found {series} again, expected all samples of a metric together"));
        }
        self.metric = Some(Metric { identity, series, ..Metric::default() });
        Ok(())
    }

    /// Checks the metric that ends.
    fn leave(&mut self) -> Result<(), String> {
        match (self.metric.take(), self.kind()) {
            (Some(metric), FamilyKind::Histogram) => metric.check(),
            _ => Ok(()),
        }
    }
}

/// What the type allows as a value.
fn value(sample: &Sample, kind: FamilyKind, suffix: &str) -> Result<(), String> {
    let (value, wanted) = (sample.value, |wanted: &str| {
        Err(format!("found {} in `{}`, expected {wanted}", quoted(&sample.text), sample.name))
    });
    match (kind, suffix) {
        (FamilyKind::Info, _) if value != 1.0 => wanted("1"),
        (FamilyKind::Summary, "") => {
            let quantile = sample.label("quantile").ok_or("found a quantile without the label `quantile`")?;
            if !float(quantile).is_ok_and(|quantile| (0.0..=1.0).contains(&quantile)) {
                return Err(format!("found quantile {}, expected one within 0 and 1", quoted(quantile)));
            }
            if value < 0.0 { wanted("a value of a quantile not below 0") } else { Ok(()) }
        }
        (_, "_bucket" | "_count") if value < 0.0 || value.fract() != 0.0 => wanted("a count"),
        (_, "_total" | "_sum") if value.is_nan() || value < 0.0 => wanted("a number not below 0"),
        (_, "_created") if !value.is_finite() => wanted("a time in seconds"),
        _ => Ok(()),
    }
}

impl Metric {
    fn bucket(&mut self, sample: &Sample) -> Result<(), String> {
        let name = &sample.name;
        let text = sample.label("le").ok_or_else(|| format!("found `{name}` without `le`"))?;
        let bound = float(text).map_err(|problem| format!("label `le` of `{name}`: {problem}"))?;
        if bound.is_nan() || (bound == f64::INFINITY && text != "+Inf") {
            return Err(format!("found `le` {} of `{name}`, expected a bound or `+Inf`", quoted(text)));
        }
        if let Some((before, count)) = self.bucket {
            if bound <= before {
                return Err(format!(
                    "found `le` {bound} of `{name}` behind {before}, expected them to ascend"
                ));
            }
            if sample.value < count {
                let value = sample.value;
                return Err(format!("found {value} in `{name}` behind {count}, expected cumulative counts"));
            }
        }
        let beyond = |value: &f64| value.is_nan() || *value > bound;
        if let Some(value) = sample.exemplar.as_ref().map(|exemplar| exemplar.value).filter(beyond) {
            return Err(format!("found exemplar {value} in `{name}` up to {bound}, expected it within"));
        }
        self.has_negative_bound |= bound < 0.0;
        self.bucket = Some((bound, sample.value));
        Ok(())
    }

    fn check(self) -> Result<(), String> {
        let problem = match (self.bucket, self.count) {
            (Some((f64::INFINITY, all)), Some(count)) if all != count => {
                format!("{all} up to `+Inf` but {count} as `_count`")
            }
            (Some((f64::INFINITY, _)), count) if count.is_some() != self.has_sum => {
                "only one of `_count` and `_sum`".to_owned()
            }
            (Some((f64::INFINITY, _)), _) if self.has_sum && self.has_negative_bound => {
                "a `_sum` though a bound is negative".to_owned()
            }
            (Some((f64::INFINITY, _)), _) => return Ok(()),
            _ => "no bucket up to `+Inf`".to_owned(),
        };
        Err(format!("histogram {}, which ends before this line, has {problem}", self.series))
    }
}
