//! A collection: what callbacks have observed, current values, then every stream into the frame.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use wasmeter_model::frame::{Frame, FrameBuilder};
use wasmeter_model::{Origin, Resource, Scope, Timestamp};

use super::Inner;
use crate::intake::Observations;
use crate::lock;
use crate::stream::Stream;

impl Inner {
    /// The frame of one reader, after its callbacks have run on this thread.
    pub(crate) fn collect(&self, reader: usize, now: Timestamp) -> Frame {
        if self.pipelines.get(reader).is_none() {
            return Frame::default();
        }
        if let Some(instrument) = self.inside_callback_of() {
            let message = "its callback collects, which would wait for the callback; nothing was collected, \
                           collect from elsewhere";
            self.notice(&instrument, message.to_owned());
            return Frame::default();
        }
        let _round = lock(&self.callback_round);
        let observations = self.run_callbacks(now);
        self.collect_observed(reader, observations, now)
    }

    /// The frame of one reader, with what callbacks have observed for it.
    pub(crate) fn collect_observed(
        &self,
        reader: usize,
        observations: Vec<Observations>,
        now: Timestamp,
    ) -> Frame {
        // Until here nothing is locked that a callback may want, and from here on no callback runs.
        let mut control = lock(&self.control);
        let Some(pipeline) = self.pipelines.get(reader) else { return Frame::default() };
        let collection = control.next(now);
        self.take_observations(reader, observations, collection);
        for entry in self.entries() {
            let mut state = lock(&entry.state);
            self.bring_up_to_date(&entry, &mut state, collection.now);
            let expired = state.expire(collection.now, self.limits.idle_expiry);
            self.sources.fetch_sub(expired, std::sync::atomic::Ordering::Relaxed);
            state.contribute_current(reader, collection, self.limits.current_expiry);
            let is_received = entry.instrument.origin == Origin::Received;
            if is_received && state.is_abandoned(collection.now, self.limits.idle_expiry) {
                self.retire(&entry, &mut state);
            }
        }
        let mut frame = FrameBuilder::new();
        let mut summaries = lock(&self.summaries);
        summaries.expire(collection.now, self.limits.current_expiry);
        let mut streams = pipeline.streams();
        // What ends comes before what may have taken its name.
        streams.sort_by_key(|stream| lock(&stream.slots).feeders > 0);
        streams.retain(|stream| {
            let mut slots = lock(&stream.slots);
            let has_points = slots.has_points(&stream.key, collection);
            if !has_points {
                slots.finish_collection(stream.key.temporality, collection.now);
            }
            has_points
        });
        let mut summaries_of = summaries.by_owner();
        for (resource, scopes) in grouped(streams, summaries.owners()) {
            let attributes = frame.attributes(&resource.attributes);
            frame.resource(attributes, &resource.schema_url, 0);
            for (scope, streams) in scopes {
                let attributes = frame.attributes(&scope.attributes);
                frame.scope(&scope.name, &scope.version, &scope.schema_url, attributes, 0);
                for stream in streams {
                    lock(&stream.slots).emit(&stream.key, collection, &mut frame);
                }
                let owner = (resource.clone(), scope);
                summaries_of.remove(&owner).into_iter().flatten().for_each(|metric| metric.emit(&mut frame));
            }
        }
        pipeline.forget_dead();
        frame.finish()
    }
}

type Scopes = Vec<(Arc<Scope>, Vec<Arc<Stream>>)>;

/// Streams by resource and scope, each in order of first appearance.
fn grouped(
    streams: Vec<Arc<Stream>>,
    owners: impl Iterator<Item = (Arc<Resource>, Arc<Scope>)>,
) -> Vec<(Arc<Resource>, Scopes)> {
    let mut groups: Vec<(Arc<Resource>, Scopes)> = Vec::new();
    let mut resources: HashMap<Arc<Resource>, usize, RandomState> = HashMap::default();
    let mut scopes: HashMap<(usize, Arc<Scope>), usize, RandomState> = HashMap::default();
    let streams = streams
        .into_iter()
        .map(|stream| (stream.key.resource.clone(), stream.key.scope.clone(), Some(stream)));
    let owners = owners.map(|(resource, scope)| (resource, scope, None));
    for (resource, scope, stream) in streams.chain(owners) {
        let at = *resources.entry(resource.clone()).or_insert_with(|| {
            groups.push((resource, Vec::new()));
            groups.len() - 1
        });
        let Some((_, group)) = groups.get_mut(at) else { continue };
        let place = *scopes.entry((at, scope.clone())).or_insert_with(|| {
            group.push((scope, Vec::new()));
            group.len() - 1
        });
        if let (Some((_, members)), Some(stream)) = (group.get_mut(place), stream) {
            members.push(stream);
        }
    }
    groups
}
