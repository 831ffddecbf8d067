//! What observers have said so far, so that what they do not say any more has ended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wasmeter_model::frame::{Frame, FrameBuilder, MetricRef, PointKind};
use wasmeter_model::{Attributes, EntityRefs, Resource, Scope, Timestamp};

use super::Observers;
use super::complete::complete;
use super::ends::ends;
use crate::plugin::Plugin;

/// The series that the observers of one host have in service, by the files of the observers: so they outlive the builds.
#[derive(Debug)]
pub struct ObservedSeries {
    resource: Resource,
    known: Mutex<HashMap<PathBuf, Known>>,
}

/// What an observation came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// What the observer said, with what it left open.
    pub frame: Frame,
    /// The ends of the series it says nothing about any more; empty if there are none.
    pub ended: Frame,
    /// How many points are left out because another observer has the same series.
    pub duplicates: u64,
}

/// What one observer said last.
#[derive(Debug, Default)]
struct Known {
    metrics: HashMap<Metric, HashMap<Attributes, Series>>,
    /// When it last said something.
    heard: Timestamp,
    observations: u64,
}

/// What makes metrics the same to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Metric {
    pub(super) resource: Arc<Resource>,
    pub(super) scope: Arc<Scope>,
    /// In lower case, as names differ by more than case.
    pub(super) name: Arc<str>,
    pub(super) unit: Arc<str>,
    pub(super) kind: PointKind,
    pub(super) monotonic: bool,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    start: Timestamp,
    /// The observation that last had it.
    seen: u64,
}

impl ObservedSeries {
    /// None yet. `resource` is what the host is: what is observed belongs to it unless the observer says otherwise.
    pub fn new(resource: Resource) -> Self {
        Self { resource, known: Mutex::default() }
    }

    /// Completes what a plugin observed at `now`, and finds out what has ended.
    pub fn take(&self, plugin: &Plugin, frame: Frame, now: Timestamp) -> Taken {
        self.take_from(plugin.file(), &plugin.identity().name, frame, now)
    }

    fn take_from(&self, file: &Path, name: &str, frame: Frame, now: Timestamp) -> Taken {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = all.remove(file).unwrap_or_default();
        let frame = complete(frame, &self.resource, name, known.heard, now);
        known.heard = now;
        known.observations += 1;
        let mut owners = Owners::default();
        let mut duplicates = Vec::new();
        for metric in frame.metrics() {
            let it = owners.metric(&frame, metric);
            let metrics = known.metrics.entry(it.clone()).or_default();
            for point in metric.all_points() {
                let (attributes, _) = frame.attributes(point.attributes());
                if point.is_ended() {
                    metrics.remove(&attributes);
                } else if !metrics.contains_key(&attributes) && is_known(&all, &it, &attributes) {
                    duplicates.push((metric.row(), point.row()));
                } else {
                    metrics.insert(attributes, Series { start: point.start(), seen: known.observations });
                }
            }
        }
        let ended = ends(known.forget_unseen(), now);
        all.insert(file.to_owned(), known);
        if duplicates.is_empty() {
            return Taken { frame, ended, duplicates: 0 };
        }
        let mut kept = FrameBuilder::new();
        // Both are in the order of the frame.
        let mut left_out = duplicates.iter().copied().peekable();
        kept.append(&frame, |metric, point| left_out.next_if_eq(&(metric.row(), point.row())).is_none());
        Taken { frame: kept.finish(), ended, duplicates: duplicates.len() as u64 }
    }

    /// The ends of what others than these observers said, at `now`; empty if there are none. They are not known any more.
    pub fn keep_only(&self, observers: &Observers, now: Timestamp) -> Frame {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let serves = |file: &Path| observers.plugins().iter().any(|plugin| plugin.file() == file);
        let gone = all.extract_if(|file, _| !serves(file)).flat_map(|(_, known)| known.metrics);
        ends(gone.map(|(metric, series)| (metric, starts(series))), now)
    }
}

/// Whether any observer has the series.
fn is_known(all: &HashMap<PathBuf, Known>, metric: &Metric, attributes: &Attributes) -> bool {
    all.values().any(|other| other.metrics.get(metric).is_some_and(|series| series.contains_key(attributes)))
}

fn starts(series: HashMap<Attributes, Series>) -> Vec<(Attributes, Timestamp)> {
    series.into_iter().map(|(attributes, series)| (attributes, series.start)).collect()
}

impl Known {
    /// Forgets what the last observation did not have, and says what that was.
    fn forget_unseen(&mut self) -> Vec<(Metric, Vec<(Attributes, Timestamp)>)> {
        let last = self.observations;
        let mut gone = Vec::new();
        self.metrics.retain(|metric, series| {
            let unseen: HashMap<_, _> = series.extract_if(|_, series| series.seen != last).collect();
            if !unseen.is_empty() {
                gone.push((metric.clone(), starts(unseen)));
            }
            !series.is_empty()
        });
        gone
    }
}

/// The resources and scopes of a frame, each made once.
#[derive(Default)]
struct Owners {
    last: Option<(usize, Arc<Resource>, Arc<Scope>)>,
}

impl Owners {
    fn metric(&mut self, frame: &Frame, metric: MetricRef<'_>) -> Metric {
        let scope = metric.scope();
        let (resource, scope) = match &self.last {
            Some((row, resource, known)) if *row == scope.row() => (resource.clone(), known.clone()),
            _ => {
                let resource = scope.resource();
                let resource = Arc::new(Resource {
                    attributes: frame.attributes(resource.attributes()).0,
                    schema_url: resource.schema_url().into(),
                    entities: EntityRefs::NONE,
                });
                let known = Arc::new(Scope {
                    name: scope.name().into(),
                    version: scope.version().into(),
                    schema_url: scope.schema_url().into(),
                    attributes: frame.attributes(scope.attributes()).0,
                });
                self.last = Some((scope.row(), resource.clone(), known.clone()));
                (resource, known)
            }
        };
        Metric {
            resource,
            scope,
            name: metric.name().to_ascii_lowercase().into(),
            unit: metric.unit().into(),
            kind: metric.kind(),
            monotonic: metric.monotonic(),
        }
    }
}
