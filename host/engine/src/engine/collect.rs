//! A collection: what callbacks have observed, current values, then every stream into the frame.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use wasmeter_model::frame::{Frame, FrameBuilder};
use wasmeter_model::{Resource, Scope, Timestamp};

use super::Inner;
use crate::filter::{MetricFilter, Verdict};
use crate::instrument::{Entry, Form, State};
use crate::intake::Observations;
use crate::lock;
use crate::pipeline::Pipeline;
use crate::stream::{CHUNK, Collection, Emission, Entities, Stream};
use crate::summaries::Passing;
use crate::sync::MutexGuard;

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
            if entry.form == Form::Measurements {
                let now = collection.now;
                state = self.in_chunks(&entry, state, |state| self.fetch_next(&entry, state, now, CHUNK));
            }
            // Measurements of this process persist; there may be many.
            if entry.form != Form::Measurements || entry.instrument.kind.is_observable() {
                let (now, expiry) = (collection.now, self.limits.idle_expiry);
                let mut has_expired = false;
                state = self.in_chunks(&entry, state, |state| {
                    has_expired |= state.has_expired_among_next(now, expiry, CHUNK);
                });
                if has_expired {
                    let expired = state.expire(entry.instrument.kind, now, expiry);
                    self.sources.fetch_sub(expired, std::sync::atomic::Ordering::Relaxed);
                }
            }
            if state.has_current(place) {
                let (chunk, expiry) = (state.chunk_of_current(&entry), self.limits.current_expiry);
                state = self.in_chunks(&entry, state, |state| {
                    state.contribute_current_of_next(place, collection, expiry, chunk);
                });
            }
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
        let mut streams = pipeline.streams();
        // What ends comes before what may have taken its name.
        streams.sort_by_cached_key(|stream| lock(&stream.slots).feeders > 0);
        let filter = pipeline.filter();
        let mut passing = Vec::new();
        for stream in streams {
            let mut verdict = Verdict::of(filter, stream.key.metric());
            let exported = self.has_export(&stream, filter, &mut verdict, collection);
            if let Some(entities) = exported {
                passing.push((stream, verdict, entities));
                continue;
            }
            if let Some(notice) = verdict.notice() {
                self.notice(&stream.key.name, notice);
            }
            lock(&stream.slots).begin_collection(stream.key.temporality, collection.now);
            while stream.slots.lock_in_turn().pass_over(&stream.key, collection, &verdict) {
                self.between_chunks();
            }
            lock(&stream.slots).end_collection();
        }
        let summaries = {
            let mut summaries = lock(&self.summaries);
            summaries.expire(collection.now, self.limits.current_expiry);
            summaries.passing(filter)
        };
        for Group { resource, entities, scopes } in grouped(passing, summaries) {
            let attributes = frame.attributes(&resource.attributes);
            frame.resource(attributes, &resource.schema_url, 0);
            frame.entities(entities.refs());
            for (scope, Members { streams, summaries }) in scopes {
                let attributes = frame.attributes(&scope.attributes);
                frame.scope(&scope.name, &scope.version, &scope.schema_url, attributes, 0);
                for (stream, mut verdict) in streams {
                    self.emit_stream(&stream, filter, &mut verdict, collection, &mut frame);
                    if let Some(notice) = verdict.notice() {
                        self.notice(&stream.key.name, notice);
                    }
                }
                summaries.into_iter().for_each(|summary| summary.emit(&mut frame));
            }
        }
        pipeline.forget_dead();
        pipeline.finish_frame(frame)
    }

    /// Has `work` go through the sources of an instrument, a part of them at a time, and whoever waits for the instrument have it in
    /// between.
    fn in_chunks<'a>(
        &self,
        entry: &'a Entry,
        mut state: MutexGuard<'a, State>,
        mut work: impl FnMut(&mut State),
    ) -> MutexGuard<'a, State> {
        state.sources.begin_walk();
        loop {
            work(&mut state);
            if state.sources.is_walked() {
                return state;
            }
            drop(state);
            self.between_chunks();
            state = entry.state.lock_in_turn();
        }
    }

    /// What is known of the entities of a stream, if any of its series has something to export that passes the filter.
    fn has_export(
        &self,
        stream: &Stream,
        filter: Option<&dyn MetricFilter>,
        verdict: &mut Verdict,
        collection: Collection,
    ) -> Option<Entities> {
        let mut at = 0;
        loop {
            let places = at..at + CHUNK;
            let slots = verdict.settle(filter, stream, collection, places.clone());
            if at >= slots.places() {
                return None;
            }
            at = places.end;
            if slots.to_export(&stream.key, collection, places).any(|attributes| verdict.passes(attributes)) {
                return Some(slots.entities.clone());
            }
            drop(slots);
            self.between_chunks();
        }
    }

    /// Writes a stream into the frame, chunk by chunk: see [`CHUNK`].
    fn emit_stream(
        &self,
        stream: &Stream,
        filter: Option<&dyn MetricFilter>,
        verdict: &mut Verdict,
        collection: Collection,
        frame: &mut FrameBuilder,
    ) {
        let key = &stream.key;
        let (mut emission, mut names) = (Emission { key, collection, is_open: false }, Vec::new());
        lock(&stream.slots).begin_collection(key.temporality, collection.now);
        for at in (0..).step_by(CHUNK) {
            let mut slots = verdict.settle(filter, stream, collection, at..at + CHUNK);
            let is_more = slots.emit(&mut emission, verdict, frame, &mut names);
            // Whoever measures or sends waits for what is done while the stream is locked.
            drop(slots);
            frame.name_points(&names);
            names.clear();
            if !is_more {
                break;
            }
            self.between_chunks();
        }
        lock(&stream.slots).end_collection();
    }

    /// Called whenever a collection has let go of a lock it is about to take again: here is where others come in between.
    #[cfg(not(all(test, not(loom))))]
    #[expect(clippy::unused_self, reason = "tests have something to do here")]
    fn between_chunks(&self) {}

    #[cfg(all(test, not(loom)))]
    fn between_chunks(&self) {
        let step = lock(&self.between_chunks).take();
        if let Some(mut step) = step {
            step();
            *lock(&self.between_chunks) = Some(step);
        }
    }
}

/// What of a scope is exported.
#[derive(Default)]
struct Members {
    streams: Vec<(Arc<Stream>, Verdict)>,
    summaries: Vec<Passing>,
}

/// What of a resource is exported.
struct Group {
    resource: Arc<Resource>,
    /// What any of it was told last.
    entities: Entities,
    scopes: Vec<(Arc<Scope>, Members)>,
}

/// Streams and summaries by resource and scope, each in order of first appearance.
fn grouped(streams: Vec<(Arc<Stream>, Verdict, Entities)>, summaries: Vec<Passing>) -> Vec<Group> {
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
struct Groups {
    in_order: Vec<Group>,
    resources: HashMap<Arc<Resource>, usize, RandomState>,
    scopes: HashMap<(usize, Arc<Scope>), usize, RandomState>,
}

impl Groups {
    fn members(&mut self, resource: Arc<Resource>, scope: Arc<Scope>, entities: &Entities) -> &mut Members {
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

#[cfg(all(test, not(loom)))]
mod tests;
