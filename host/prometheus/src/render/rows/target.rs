//! Resources: the labels that tell them apart, and `target_info` (compatibility specification, "Resource Attributes").

use std::collections::{BTreeMap, BTreeSet};

use wasmeter_model::frame::{Frame, ResourceRef};
use wasmeter_model::{Timestamp, ValueRef};

use crate::families::{Additive, Exemplars, Families, Series, SeriesTable, Value};
use crate::labels::{self, Label, Origin, SeriesLabels};
use crate::out::Out;
use crate::{FamilyKind, Options, Warning, names};

pub(in crate::render) const NAME: &str = "target_info";
const SERVICE: &str = "service.name";
const NAMESPACE: &str = "service.namespace";
const INSTANCE: &str = "service.instance.id";

/// `job` and `instance`, as far as the resource has what they are made of.
pub(super) fn identity<'a>(frame: &'a Frame, resource: &ResourceRef<'a>) -> Vec<Label<'a>> {
    let (mut service, mut namespace, mut instance) = Default::default();
    for (key, value) in frame.pairs(resource.attributes()) {
        match key {
            SERVICE => service = labels::value_text(value),
            NAMESPACE => namespace = labels::value_text(value),
            INSTANCE => instance = labels::value_text(value),
            _ => {}
        }
    }
    let job = match (service.is_empty(), namespace.is_empty()) {
        (true, _) => String::new().into(),
        (false, true) => service,
        (false, false) => format!("{namespace}/{service}").into(),
    };
    let named = [("job", SERVICE, job), ("instance", INSTANCE, instance)].into_iter();
    named
        .filter(|(_, _, value)| !value.is_empty())
        .map(|(name, key, value)| Label {
            name: name.to_owned(),
            key: key.into(),
            origin: Origin::Resource,
            value,
        })
        .collect()
}

/// The resources that have series on the page, in the order of the frame.
#[derive(Default)]
pub(super) struct Targets<'a> {
    resources: Vec<ResourceRef<'a>>,
    rows: BTreeSet<usize>,
}

impl<'a> Targets<'a> {
    pub(super) fn used(&mut self, resource: ResourceRef<'a>) {
        if self.rows.insert(resource.row()) {
            self.resources.push(resource);
        }
    }

    /// Adds the series of `target_info`, one for each pair of job and instance.
    pub(super) fn write(
        &self,
        frame: &'a Frame,
        options: &Options,
        families: &mut Families,
        page: &mut SeriesLabels,
        warnings: &mut Vec<Warning>,
    ) {
        let mut known = BTreeMap::<String, Vec<(String, String)>>::new();
        let mut conflicts = BTreeSet::new();
        for resource in &self.resources {
            let identity = identity(frame, resource);
            let others: Vec<_> = others(frame, options, resource, &identity);
            let mut target = Out::default();
            for (name, value) in labels::settle(&identity, &[], None) {
                labels::push(&mut target, &name, &value);
            }
            let target = target.into_string();
            let all = labels::settle(&identity, &others, None);
            let first = known.entry(target.clone()).or_insert_with(|| all.clone());
            if *first != all && conflicts.insert(target.clone()) {
                warnings.push(Warning::TargetInfoConflict { target });
            }
        }
        let value = Value::Int(1, Additive(false));
        let info = Series { value, start: Timestamp::UNKNOWN, exemplars: Exemplars::default() };
        // The empty resource has nothing to tell.
        let mut series = SeriesTable::default();
        for labels in known.into_values().filter(|labels| !labels.is_empty()) {
            let labels = page.fixed(&labels);
            series.add(labels, info.clone(), |out, labels| page.write(out, frame, labels));
        }
        families.add_reserved(NAME, FamilyKind::Info, "Target metadata", series);
    }
}

/// The attributes that are not in job and instance already.
fn others<'a>(
    frame: &'a Frame,
    options: &Options,
    resource: &ResourceRef<'a>,
    identity: &[Label<'_>],
) -> Vec<Label<'a>> {
    let has = |name: &str| identity.iter().any(|label| label.name == name);
    let (job, instance) = (has("job"), has("instance"));
    let told = |(key, _): &(&str, ValueRef<'_>)| match *key {
        SERVICE | NAMESPACE => job,
        INSTANCE => instance,
        _ => false,
    };
    frame
        .pairs(resource.attributes())
        .filter(|pair| !told(pair))
        .map(|(key, value)| Label::new(names::label(options.strategy, key), key, Origin::Resource, value))
        .collect()
}
