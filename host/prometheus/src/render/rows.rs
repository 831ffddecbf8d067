//! Reads a frame metric by metric and adds its points to families.

mod points;
mod target;

use std::collections::BTreeMap;

use wasmeter_model::Timestamp;
use wasmeter_model::frame::{Frame, MetricRef, PointRef, ScopeRef, SetId};

use crate::families::{Added, Exemplars, Families, Grid, Series, SeriesTable, Value};
use crate::labels::{self, Found, Label, Origin, SeriesLabels};
use crate::out::Out;
use crate::page::{Drop, DropReason, Warning};
use crate::{FamilyKind, Format, Options, TranslationStrategy, names};
use points::Form;
pub(super) use target::NAME as TARGET_INFO;

/// What a frame has to say on a page.
pub(super) struct Collected {
    pub(super) families: Families,
    pub(super) labels: SeriesLabels,
    pub(super) dropped: Vec<Drop>,
    pub(super) warnings: Vec<Warning>,
}

pub(super) fn collect(frame: &Frame, format: Format, options: &Options) -> Collected {
    let mut collector = Collector {
        frame,
        format,
        options,
        grid: Grid::new(options.exponential_scale_max, options.exponential_buckets_max),
        families: Families::new(format),
        targets: target::Targets::default(),
        labels: SeriesLabels::new(options.strategy),
        open_scope: None,
        dropped: BTreeMap::new(),
        merged: BTreeMap::new(),
        warnings: Vec::new(),
    };
    if options.target_info {
        collector.families.reserve(target::NAME);
    }
    for metric in frame.metrics() {
        collector.metric(&metric);
    }
    let Collector { mut families, mut labels, targets, dropped, merged, mut warnings, .. } = collector;
    warnings.extend(merged.into_iter().map(|(family, points)| Warning::DuplicateSeries { family, points }));
    if options.target_info {
        targets.write(frame, options, &mut families, &mut labels, &mut warnings);
    }
    let dropped = dropped.into_iter().map(|((metric, reason), points)| Drop { metric, reason, points });
    Collected { families, labels, dropped: dropped.collect(), warnings }
}

struct Collector<'a> {
    frame: &'a Frame,
    format: Format,
    options: &'a Options,
    grid: Grid,
    families: Families,
    targets: target::Targets<'a>,
    labels: SeriesLabels,
    /// The row of the scope that was read last: metrics come grouped by scope.
    open_scope: Option<usize>,
    /// How many points were dropped, by the metric's name.
    dropped: BTreeMap<(String, DropReason), u64>,
    /// How many points were added to others, by family.
    merged: BTreeMap<String, u64>,
    warnings: Vec<Warning>,
}

impl<'a> Collector<'a> {
    fn metric(&mut self, metric: &MetricRef<'a>) {
        let form = Form::of(self.frame, self.format, metric);
        if let Some(reason) = form.refusal {
            let refused = points::values(metric, form, self.grid).count();
            return self.drop(metric, reason, refused);
        }
        let mut values = points::values(metric, form, self.grid);
        // Whoever has no point that can be shown takes no name from others.
        while let Some((point, value)) = values.next() {
            match value {
                Ok(value) => return self.series(metric, form, (point, value), values),
                Err(reason) => self.drop(metric, reason, 1),
            }
        }
    }

    /// Adds the points of a metric: one that can be shown, and those behind it.
    fn series(
        &mut self,
        metric: &MetricRef<'a>,
        form: Form,
        (first, value): (PointRef<'a>, Value),
        others: impl Iterator<Item = (PointRef<'a>, Result<Value, DropReason>)>,
    ) {
        let strategy = self.options.strategy;
        let Some(name) = names::family(strategy, metric.name(), metric.unit(), form.suffix) else {
            return self.drop_all(metric, DropReason::InvalidName, others);
        };
        let (name, unit) = (name.full, name.unit);
        let Some(family) = self.families.open(&name, form.kind) else {
            return self.drop_all(metric, DropReason::TypeConflict, others);
        };
        if let Some((kept, ignored)) = family.describe(metric.description()) {
            self.warnings.push(Warning::HelpConflict { family: name.clone(), kept, ignored });
        }
        if self.format == Format::OpenMetrics
            && let Some((kept, ignored)) = family.measure(&unit)
        {
            self.warnings.push(Warning::UnitConflict { family: name.clone(), kept, ignored });
        }
        let scope = metric.scope();
        if self.open_scope.replace(scope.row()) != Some(scope.row()) {
            self.labels.open_scope(shared_labels(self.frame, self.options, &scope));
        }
        self.labels.open_metric(reserved(form.kind));
        family.series.reserve(metric.points().len());
        let mut alike = Alike::beginning(&family.series);
        let (mut merged, mut refused, mut unshown) = (0, 0, BTreeMap::new());
        // Faster than a loop, which would ask at each point which kind there is.
        std::iter::once((first, Ok(value))).chain(others).for_each(|(point, value)| {
            let value = match value {
                Ok(value) => value,
                Err(reason) => return *unshown.entry(reason).or_default() += 1,
            };
            let series = match self.format {
                Format::Text => bare(value),
                Format::OpenMetrics => whole(strategy, form.kind, &point, value),
            };
            let Found { labels, group } = self.labels.of(self.frame, point.attributes());
            if alike.is_another(point.attributes(), group) {
                return family.series.push(labels, series);
            }
            let write = |out: &mut Out, labels| self.labels.write(out, self.frame, labels);
            match family.series.add(labels, series, write) {
                Added::New => {}
                Added::Merged => merged += 1,
                Added::Refused => refused += 1,
            }
        });
        if merged > 0 {
            *self.merged.entry(name).or_default() += merged;
        }
        self.drop(metric, DropReason::DuplicateSeries, refused);
        unshown.into_iter().for_each(|(reason, points)| self.drop(metric, reason, points));
        self.targets.used(scope.resource());
    }

    /// Drops the points of a metric for one reason, but for those that have one of their own.
    fn drop_all(
        &mut self,
        metric: &MetricRef<'a>,
        reason: DropReason,
        others: impl Iterator<Item = (PointRef<'a>, Result<Value, DropReason>)>,
    ) {
        let mut points = BTreeMap::from([(reason, 1)]);
        others.for_each(|(_, value)| *points.entry(value.err().unwrap_or(reason)).or_default() += 1);
        points.into_iter().for_each(|(reason, points)| self.drop(metric, reason, points));
    }

    fn drop(&mut self, metric: &MetricRef<'a>, reason: DropReason, points: usize) {
        if points > 0 {
            *self.dropped.entry((metric.name().to_owned(), reason)).or_default() += points as u64;
        }
    }
}

/// Tells as long as it can that no two series of a family have the same labels, without looking at any.
struct Alike {
    /// The set of the last series, and the group that all have been of so far.
    last: Option<(SetId, usize)>,
    holds: bool,
}

impl Alike {
    /// For a metric that is about to be added to these series: with others there, its labels have to be looked at.
    fn beginning(series: &SeriesTable) -> Self {
        Self { last: None, holds: series.is_empty() }
    }

    /// Whether the labels of this set are certain to be new: sets of a frame differ, here they ascend besides, and those of a
    /// group have labels that differ as they do.
    fn is_another(&mut self, set: SetId, group: Option<usize>) -> bool {
        let is_like = |group| self.last.is_none_or(|(last, known)| last < set && known == group);
        self.holds = self.holds && group.is_some_and(is_like);
        self.last = group.map(|group| (set, group));
        self.holds
    }
}

/// A series of which only the value is shown.
fn bare(value: Value) -> Series {
    Series { value, start: Timestamp::UNKNOWN, exemplars: Exemplars::default() }
}

/// A series with all that its type may show.
fn whole(strategy: TranslationStrategy, kind: FamilyKind, point: &PointRef<'_>, value: Value) -> Series {
    let exemplars = match kind {
        FamilyKind::Counter | FamilyKind::Histogram => Exemplars::new(strategy, &value, point.exemplars()),
        _ => Exemplars::default(),
    };
    Series { start: point.start(), exemplars, value }
}

/// The label that the type itself adds; an attribute must not be mistaken for it.
fn reserved(kind: FamilyKind) -> Option<&'static str> {
    match kind {
        FamilyKind::Histogram => Some("le"),
        FamilyKind::Summary => Some("quantile"),
        _ => None,
    }
}

/// What all series of a scope carry: job and instance, chosen resource attributes, and the scope.
fn shared_labels<'a>(frame: &'a Frame, options: &Options, scope: &ScopeRef<'a>) -> Vec<Label<'a>> {
    let resource = scope.resource();
    let mut labels = target::identity(frame, &resource);
    if let Some(chosen) = &options.resource_labels {
        let pairs = frame.pairs(resource.attributes()).filter(|(key, _)| chosen.contains(key));
        labels.extend(pairs.map(|(key, value)| {
            Label::new(names::label(options.strategy, key), key, Origin::Resource, value)
        }));
    }
    if options.scope_labels {
        labels.extend(scope_labels(frame, options, scope));
    }
    labels
}

fn scope_labels<'a>(frame: &'a Frame, options: &Options, scope: &ScopeRef<'a>) -> Vec<Label<'a>> {
    const FIELDS: [&str; 3] = ["otel_scope_name", "otel_scope_version", "otel_scope_schema_url"];
    let texts = [scope.name(), scope.version(), scope.schema_url()];
    let fields = FIELDS.into_iter().zip(texts).map(|(name, text)| Label {
        name: name.to_owned(),
        key: name.into(),
        origin: Origin::Scope,
        value: text.into(),
    });
    let attributes = frame.pairs(scope.attributes()).map(|(key, value)| {
        let key = format!("otel_scope_{key}");
        Label {
            name: names::label(options.strategy, &key),
            key: key.into(),
            origin: Origin::Scope,
            value: labels::value_text(value),
        }
    });
    // Attributes that would pass for a field are dropped, as specified.
    fields.chain(attributes.filter(|label| !FIELDS.contains(&label.name.as_str()))).collect()
}
