//! Who produced a series: the page's own resource, or what its labels say ("Prometheus and OpenMetrics Compatibility", Resource
//! Attributes and Instrumentation Scope).

use std::collections::HashMap;

use wasmeter_guest::frame::Resource;
use wasmeter_guest::{Attributes, Scope};

use crate::page::{Family, Labels};

/// The family that is about resources and not about what they measure.
const TARGET_INFO: &str = "target_info";
const SCOPE_PREFIX: &str = "otel_scope_";

/// The resources of a page.
pub(crate) struct Owners {
    /// That of series which name none.
    own: Attributes,
    /// What the page says about them, by job and instance.
    targets: HashMap<(String, String), Attributes>,
}

/// A series without what its labels say about its owner.
pub(crate) struct Owned {
    pub(crate) resource: Resource,
    pub(crate) scope: Scope,
    pub(crate) attributes: Attributes,
}

fn of<'a>(labels: &'a Labels, name: &str) -> &'a str {
    labels.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
}

impl Owners {
    /// `own` is what the operator says the page is of. What `target_info` says without job and instance is of the page, too.
    pub(crate) fn new(own: Attributes, families: &[Family]) -> Self {
        let mut owners = Self { own, targets: HashMap::new() };
        let infos = families.iter().filter(|family| is_target_info(family));
        for labels in infos.flat_map(|family| &family.series).map(|series| &series.labels) {
            let (job, instance) = (of(labels, "job"), of(labels, "instance"));
            let said = labels.iter().filter(|(key, _)| key != "job" && key != "instance");
            let said = said.map(|(key, value)| (key.clone(), value.clone()));
            if job.is_empty() && instance.is_empty() {
                for (key, value) in said {
                    if !owners.own.contains(&key) {
                        owners.own.set(key, value);
                    }
                }
            } else {
                let mut attributes: Attributes = said.collect();
                name_service(&mut attributes, job, instance);
                owners.targets.insert((job.to_owned(), instance.to_owned()), attributes);
            }
        }
        owners
    }

    /// Whether a family only says something about resources.
    pub(crate) fn is_about_owners(&self, family: &Family) -> bool {
        is_target_info(family)
    }

    /// Who produced a series with these labels, and which attributes are left of them.
    pub(crate) fn of(&self, labels: &Labels) -> Owned {
        let key = (of(labels, "job").to_owned(), of(labels, "instance").to_owned());
        let target = self.targets.get(&key);
        let mut scope = Scope::default();
        let mut attributes = Vec::with_capacity(labels.len());
        for (key, value) in labels {
            match key.strip_prefix(SCOPE_PREFIX) {
                Some("name") => scope.name.clone_from(value),
                Some("version") => scope.version.clone_from(value),
                Some("schema_url") => scope.schema_url.clone_from(value),
                Some(other) => drop(scope.attributes.set(other, value.as_str())),
                None if target.is_some() && (key == "job" || key == "instance") => {}
                None => attributes.push((key.as_str(), value.as_str())),
            }
        }
        let resource = Resource { attributes: target.unwrap_or(&self.own).clone(), ..Resource::default() };
        Owned { resource, scope, attributes: attributes.into_iter().collect() }
    }
}

fn is_target_info(family: &Family) -> bool {
    family.name == TARGET_INFO
}

/// Says what a job and an instance are, unless it has been said.
fn name_service(attributes: &mut Attributes, job: &str, instance: &str) {
    let (namespace, name) = job.rsplit_once('/').unwrap_or(("", job));
    for (key, value) in
        [("service.namespace", namespace), ("service.name", name), ("service.instance.id", instance)]
    {
        if !value.is_empty() && !attributes.contains(key) {
            attributes.set(key, value);
        }
    }
}
