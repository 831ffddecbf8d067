//! The rules of the format that span lines.

use std::collections::{BTreeMap, HashSet};

use super::Sample;
use super::cursor::{float, quoted};
use super::series::{identity, series_text};
use crate::{FamilyKind, Format};

/// The families read so far.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// Every name a sample of any family has or may have.
    claims: HashSet<String>,
    open: Option<Family>,
    /// Every series, see [`identity`].
    series: HashSet<String>,
}

/// The family whose lines are being read.
#[derive(Debug)]
struct Family {
    name: String,
    help: bool,
    kind: Option<FamilyKind>,
    sampled: bool,
    /// The histograms or summaries by their labels but `le` and `quantile`, see [`identity`].
    groups: BTreeMap<String, Group>,
}

/// One histogram or summary.
#[derive(Debug, Default)]
struct Group {
    /// What it is called in an error.
    series: String,
    last: Option<(f64, f64)>,
    count: Option<f64>,
}

impl Families {
    pub(super) fn help(&mut self, name: &str) -> Result<(), String> {
        let family = self.enter(name)?;
        if std::mem::replace(&mut family.help, true) {
            return Err(format!("found a second `# HELP {name}`, expected one"));
        }
        Ok(())
    }

    pub(super) fn kind(&mut self, name: &str, kind: FamilyKind) -> Result<(), String> {
        let family = self.enter(name)?;
        if family.sampled {
            return Err(format!("found `# TYPE {name}` behind samples of it, expected it before them"));
        }
        if family.kind.replace(kind).is_some() {
            return Err(format!("found a second `# TYPE {name}`, expected one"));
        }
        for suffix in kind.suffixes(Format::Text).iter().filter(|suffix| !suffix.is_empty()) {
            let claim = format!("{name}{suffix}");
            if !self.claims.insert(claim.clone()) {
                return Err(format!(
                    "found {} `{name}`, whose `{claim}` is another family",
                    kind.word(Format::Text)
                ));
            }
        }
        Ok(())
    }

    /// Takes a sample and tells the type of its family.
    pub(super) fn sample(&mut self, sample: &Sample) -> Result<FamilyKind, String> {
        let mine = |family: &Family| family.suffix(&sample.name).is_some();
        if !self.open.as_ref().is_some_and(mine) {
            self.enter(&sample.name)?;
        }
        let Some(family) = &mut self.open else {
            return Err("no family is open".to_owned());
        };
        family.sampled = true;
        let kind = *family.kind.get_or_insert(FamilyKind::Untyped);
        let Some(suffix) = family.suffix(&sample.name) else {
            let (word, name) = (kind.word(Format::Text), &sample.name);
            return Err(format!(
                "found sample `{name}` of the {word} `{name}`, expected `{name}_bucket`, `_sum` or `_count`"
            ));
        };
        let bound = match (kind, suffix) {
            (FamilyKind::Histogram, "_bucket") => Some("le"),
            (FamilyKind::Summary, "") => Some("quantile"),
            _ => None,
        };
        if !self.series.insert(identity(&sample.name, sample, None)) {
            let series = quoted(&series_text(&sample.name, sample, None));
            return Err(format!("found series {series} twice, expected each once"));
        }
        if matches!(kind, FamilyKind::Histogram | FamilyKind::Summary) {
            let name = &family.name;
            let group = family.groups.entry(identity("", sample, bound)).or_insert_with(|| Group {
                series: quoted(&series_text(name, sample, bound)),
                ..Group::default()
            });
            match (bound, suffix) {
                (Some(label), _) => group.bound(label, sample, kind)?,
                (None, "_count") => group.count = Some(sample.value),
                (None, _) => {}
            }
        }
        Ok(kind)
    }

    /// Checks the last family.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        match self.open.take() {
            Some(family) => family.check(),
            None => Ok(()),
        }
    }

    /// The family of a name: the open one, or a new one.
    fn enter(&mut self, name: &str) -> Result<&mut Family, String> {
        let family = match self.open.take() {
            Some(family) if family.name == name => family,
            other => {
                if let Some(other) = other {
                    other.check()?;
                }
                if !self.claims.insert(name.to_owned()) {
                    return Err(format!(
                        "found `{name}` again or in two families, expected all lines of a family together"
                    ));
                }
                Family {
                    name: name.to_owned(),
                    help: false,
                    kind: None,
                    sampled: false,
                    groups: BTreeMap::new(),
                }
            }
        };
        Ok(self.open.insert(family))
    }
}

impl Family {
    /// What a sample's name has behind the family's; `None` if it is not of this family.
    fn suffix(&self, sample: &str) -> Option<&'static str> {
        let suffix = sample.strip_prefix(self.name.as_str())?;
        let known = self.kind.unwrap_or(FamilyKind::Untyped).suffixes(Format::Text);
        known.iter().copied().find(|known| *known == suffix)
    }

    fn check(&self) -> Result<(), String> {
        if self.kind != Some(FamilyKind::Histogram) {
            return Ok(());
        }
        for group in self.groups.values() {
            let problem = match (group.last, group.count) {
                (Some((f64::INFINITY, all)), Some(count)) if all == count => continue,
                (Some((f64::INFINITY, all)), Some(count)) => {
                    format!("{all} up to `+Inf` but {count} as `_count`")
                }
                (Some((f64::INFINITY, _)), None) => "no `_count`".to_owned(),
                _ => "no bucket up to `+Inf`".to_owned(),
            };
            let series = &group.series;
            return Err(format!("histogram {series}, which ends before this line, has {problem}"));
        }
        Ok(())
    }
}

impl Group {
    fn bound(&mut self, label: &str, sample: &Sample, kind: FamilyKind) -> Result<(), String> {
        let name = &sample.name;
        let text = sample.label(label).ok_or_else(|| format!("found `{name}` without `{label}`"))?;
        let bound = float(text).map_err(|problem| format!("label `{label}` of `{name}`: {problem}"))?;
        if bound.is_nan() {
            return Err(format!("found `{label}` NaN of `{name}`, expected a bound"));
        }
        let cumulative = kind == FamilyKind::Histogram;
        if cumulative && (sample.value.is_nan() || sample.value < 0.0) {
            return Err(format!("found {} in `{name}`, expected a count", quoted(&sample.text)));
        }
        if let Some((before, count)) = self.last {
            if bound <= before {
                return Err(format!(
                    "found `{label}` {bound} of `{name}` behind {before}, expected them to ascend"
                ));
            }
            if cumulative && sample.value < count {
                let value = sample.value;
                return Err(format!("found {value} in `{name}` behind {count}, expected cumulative counts"));
            }
        }
        self.last = Some((bound, sample.value));
        Ok(())
    }
}
