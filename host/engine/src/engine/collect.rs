//! A collection: what callbacks have observed, current values, then every stream into the frame.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Scope, Timestamp};

use super::Inner;
use crate::filter::Verdict;
use crate::instrument::Form;
use crate::intake::Observations;
use crate::lock;
use crate::pipeline::Pipeline;
use crate::stream::{Collection, Entities, Stream};
use crate::summaries::Passing;

impl Inner {
    /// The frame of one reader, after its callbacks have run on this thread.
    pub(crate) fn collect(&self, reader: usize, now: Timestamp) -> Frame {
        if self.reader(reader).is_none() {
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
        let Some((place, pipeline)) = self.reader(reader) else { return Frame::default() };
        let collection = control.next(now);
        self.take_observations(place, observations, collection);
        for entry in self.entries() {
            let mut state = lock(&entry.state);
            self.bring_up_to_date(&entry, &mut state, collection.now);
            self.fetch(&entry, &mut state, collection.now);
            // Measurements of this process persist; there may be many.
            if entry.form != Form::Measurements || entry.instrument.kind.is_observable() {
                let expired = state.expire(entry.instrument.kind, collection.now, self.limits.idle_expiry);
                self.sources.fetch_sub(expired, std::sync::atomic::Ordering::Relaxed);
            }
            state.contribute_current(place, collection, self.limits.current_expiry);
            self.tell(&entry, &mut state);
            let is_aggregated = entry.instrument.origin.is_aggregated();
            if is_aggregated && state.is_abandoned(collection.now, self.limits.idle_expiry) {
                self.retire(&entry, &mut state);
            }
        }
        self.emit(&pipeline, collection)
    }

    /// What is in a reader's streams, which are left as after a collection. Whoever calls it holds `control`.
    pub(super) fn emit(&self, pipeline: &Pipeline, collection: Collection) -> Frame {
        let mut frame = pipeline.new_frame();
        let mut summaries = lock(&self.summaries);
        summaries.expire(collection.now, self.limits.current_expiry);
        let mut streams = pipeline.streams();
        // What ends comes before what may have taken its name.
        streams.sort_by_cached_key(|stream| lock(&stream.slots).feeders > 0);
        let filter = pipeline.filter();
        let mut passing = Vec::new();
        for stream in streams {
            let mut verdict = Verdict::of(filter, stream.key.metric());
            let mut slots = verdict.settle(filter, &stream, collection);
            if let Some(notice) = verdict.notice() {
                self.notice(&stream.key.name, notice);
            }
            if slots.to_export(&stream.key, collection).any(|attributes| verdict.passes(attributes)) {
                let entities = slots.entities.clone();
                drop(slots);
                passing.push((stream, verdict, entities));
            } else {
                // What does not pass has had its interval all the same.
                slots.finish_collection(stream.key.temporality, collection.now);
            }
        }
        for Group { resource, entities, scopes } in grouped(passing, summaries.passing(filter)) {
            let attributes = frame.attributes(&resource.attributes);
            frame.resource(attributes, &resource.schema_url, 0);
            frame.entities(entities.refs());
            for (scope, Members { streams, summaries }) in scopes {
                let attributes = frame.attributes(&scope.attributes);
                frame.scope(&scope.name, &scope.version, &scope.schema_url, attributes, 0);
                for (stream, mut verdict) in streams {
                    let mut slots = verdict.settle(filter, &stream, collection);
                    let names = slots.emit(&stream.key, collection, &verdict, &mut frame);
                    // Whoever measures or sends waits for what is done while the stream is locked.
                    drop(slots);
                    frame.name_points(&names);
                }
                summaries.iter().for_each(|summary| summary.emit(&mut frame));
            }
        }
        pipeline.forget_dead();
        pipeline.finish_frame(frame)
    }
}

/// What of a scope is exported.
#[derive(Default)]
struct Members<'a> {
    streams: Vec<(Arc<Stream>, Verdict)>,
    summaries: Vec<Passing<'a>>,
}

/// What of a resource is exported.
struct Group<'a> {
    resource: Arc<Resource>,
    /// What any of it was told last.
    entities: Entities,
    scopes: Vec<(Arc<Scope>, Members<'a>)>,
}

/// Streams and summaries by resource and scope, each in order of first appearance.
fn grouped<'a>(
    streams: Vec<(Arc<Stream>, Verdict, Entities)>,
    summaries: Vec<Passing<'a>>,
) -> Vec<Group<'a>> {
    let mut groups = Groups::default();
    for (stream, verdict, entities) in streams {
        let members = groups.members(stream.key.resource.clone(), stream.key.scope.clone(), &entities);
        members.streams.push((stream, verdict));
    }
    for summary in summaries {
        let (resource, scope) = summary.owner();
        groups.members(resource, scope, summary.entities()).summaries.push(summary);
    }
    groups.in_order
}

#[derive(Default)]
struct Groups<'a> {
    in_order: Vec<Group<'a>>,
    resources: HashMap<Arc<Resource>, usize, RandomState>,
    scopes: HashMap<(usize, Arc<Scope>), usize, RandomState>,
}

impl<'a> Groups<'a> {
    fn members(
        &mut self,
        resource: Arc<Resource>,
        scope: Arc<Scope>,
        entities: &Entities,
    ) -> &mut Members<'a> {
        let at = *self.resources.entry(resource).or_insert_with_key(|resource| {
            let resource = resource.clone();
            self.in_order.push(Group { resource, entities: Entities::default(), scopes: Vec::new() });
            self.in_order.len() - 1
        });
        let Group { entities: known, scopes, .. } = &mut self.in_order[at];
        known.hear_all(entities);
        let place = *self.scopes.entry((at, scope)).or_insert_with_key(|(_, scope)| {
            scopes.push((scope.clone(), Members::default()));
            scopes.len() - 1
        });
        &mut scopes[place].1
    }
}
