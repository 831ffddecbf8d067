//! Giving an instrument the routes of a generation (design: the swap rule).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use wasmeter_model::{Attributes, Timestamp};

use super::{Entry, State};
use crate::lock;
use crate::pipeline::Pipeline;
use crate::source::{Route, Source};
use crate::stream::{Collection, SlotId, Stream};
use crate::views::{OnFault, Resolved};

/// The Views' answers about an instrument, asked for before anything is changed.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) resolved: Resolved,
    pub(crate) mapped: HashMap<Attributes, Vec<Option<Attributes>>, RandomState>,
}

/// What rerouting did to the series.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rerouted {
    pub(crate) kept: u64,
    pub(crate) started: u64,
    pub(crate) ended: u64,
}

/// A series, wherever it is.
type Place = (*const Stream, SlotId);

fn place(route: &Route) -> Place {
    (Arc::as_ptr(&route.stream), route.slot)
}

impl State {
    /// Asks for the streams of a plan, routes every known source anew and ends the series that nothing leads to any more.
    ///
    /// All of it under the instrument's lock, so that each contribution goes by the old routes or by the new, never both.
    pub(crate) fn reroute(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        mut plan: Plan,
        swap: Collection,
        expiry: Duration,
        on_fault: OnFault<'_>,
    ) -> Rerouted {
        // Series of current values that are about to end are exported once more, as they are now.
        for reader in 0..pipelines.len() {
            self.contribute_current(&entry.instrument, reader, swap, expiry);
        }
        let mut old_routing = std::mem::take(&mut self.routing);
        self.routing.enter_streams(entry, pipelines, plan.resolved, swap.now);
        // All old routes go before any new one comes: the room they leave under a cardinality limit is then known.
        let mut candidates: HashMap<Place, Route, RandomState> = HashMap::default();
        let mut whole: HashSet<(Attributes, Place), RandomState> = HashSet::default();
        for source in self.sources.values_mut() {
            for route in source.routes.drain(..).flatten() {
                lock(&route.stream.slots).release(route.slot);
                if route.whole {
                    whole.insert((source.attributes.clone(), place(&route)));
                }
                candidates.insert(place(&route), route);
            }
        }
        let mut seen: HashSet<Place, RandomState> = HashSet::default();
        for source in self.sources.values_mut() {
            source.mapped = match plan.mapped.remove(&source.attributes) {
                Some(mapped) => mapped,
                None => self.routing.map(entry, &source.attributes, on_fault),
            };
            source.route(&self.routing, pipelines.len(), swap.now);
            for route in source.routes.iter_mut().flatten() {
                route.whole = whole.contains(&(source.attributes.clone(), place(route)));
                seen.insert(place(route));
            }
        }
        let mut rerouted = Rerouted::default();
        for (place, route) in &candidates {
            if seen.contains(place) {
                rerouted.kept += 1;
            } else if lock(&route.stream.slots).end_if_unrouted(route.slot, swap.now) {
                rerouted.ended += 1;
            }
        }
        rerouted.started = seen.iter().filter(|place| !candidates.contains_key(*place)).count() as u64;
        old_routing.leave_streams();
        rerouted
    }
}

impl super::Routing {
    /// Takes the streams of every reader into use.
    fn enter_streams(&mut self, entry: &Entry, pipelines: &[Pipeline], resolved: Resolved, now: Timestamp) {
        for pipeline in pipelines {
            let mut used: Vec<Arc<Stream>> = Vec::new();
            for (wanted, resource) in &resolved.streams {
                let mut planned = pipeline.plan(&entry.instrument, entry.form, wanted, resource);
                if let Some(notice) = planned.notice {
                    self.pending.push(notice.clone());
                    self.told.push(notice);
                }
                while used.iter().any(|stream| stream.key == planned.key) {
                    planned.key.duplicate += 1;
                }
                if planned.key.duplicate > 0 {
                    let notice = format!(
                        "the Views give it two streams named `{}`; both are exported",
                        planned.key.name
                    );
                    if !self.told.contains(&notice) {
                        self.pending.push(notice.clone());
                        self.told.push(notice);
                    }
                }
                used.push(pipeline.stream(planned.key, &entry.instrument, wanted, now));
            }
            self.streams.append(&mut used);
            self.as_received.push(None);
        }
        self.resolved = resolved;
    }

    /// What becomes of a set in each stream; a View that cannot answer is passed over.
    pub(crate) fn map(
        &self,
        entry: &Entry,
        attributes: &Attributes,
        on_fault: OnFault<'_>,
    ) -> Vec<Option<Attributes>> {
        let unmapped = || vec![Some(attributes.clone()); self.resolved.streams.len()];
        self.resolved.map(&entry.instrument, attributes, on_fault).unwrap_or_else(|_| unmapped())
    }
}

impl Source {
    /// Makes the routes for the mapped sets. Series that are new start at `start`.
    pub(crate) fn route(&mut self, routing: &super::Routing, readers: usize, start: Timestamp) {
        let streams = routing.resolved.streams.len();
        self.routes = Vec::with_capacity(readers * streams);
        for (at, stream) in routing.streams.iter().enumerate() {
            let mapped = self.mapped.get(at.checked_rem(streams).unwrap_or(0)).cloned().flatten();
            self.routes.push(mapped.map(|attributes| {
                let mut slots = lock(&stream.slots);
                Route::new(stream.clone(), &mut slots, attributes, start)
            }));
        }
    }
}
