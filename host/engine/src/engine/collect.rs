//! A collection: what callbacks have observed, current values, then every stream into the frame.

mod groups;
mod idle;
mod spans;

use std::sync::Arc;

use wasmeter_model::Timestamp;
use wasmeter_model::frame::{Frame, FrameBuilder};

use super::Inner;
use crate::filter::{MetricFilter, Verdict};
use crate::instrument::{Entry, Form, State};
use crate::intake::Observations;
use crate::lock;
use crate::pipeline::Pipeline;
use crate::stream::{CHUNK, Collection, Emission, Entities, Stream};
use crate::sync::MutexGuard;
use groups::{Member, Piece, grouped};

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
        let collection = self.next(&mut control, now);
        self.take_observations(place, observations, collection);
        for entry in self.entries() {
            let mut state = lock(&entry.state);
            self.bring_up_to_date(&entry, &mut state, collection.now);
            if entry.form == Form::Measurements {
                let now = collection.now;
                state = self.in_chunks(&entry, state, |state| self.fetch_next(&entry, state, now, CHUNK));
            }
            // Measurements of this process persist; there may be many.
            let may_expire = entry.form != Form::Measurements || entry.instrument.kind.is_observable();
            if may_expire && state.may_have_expired(collection.now) {
                state = self.expire(&entry, state, collection.now);
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
        let frame = self.emit(&pipeline, collection);
        self.forget_for_idle_readers(collection.now);
        frame
    }

    /// What is in a reader's streams, which are left as after a collection. Whoever calls it holds `control`.
    pub(super) fn emit(&self, pipeline: &Pipeline, collection: Collection) -> Frame {
        let mut streams = pipeline.streams();
        // What ends comes before what may have taken its name.
        streams.sort_by_cached_key(|stream| lock(&stream.slots).feeders > 0);
        let filter = pipeline.filter();
        let mut passing = Vec::new();
        for stream in streams {
            let mut verdict = Verdict::of(filter, stream.key.metric());
            let exported = self.has_export(&stream, filter, &mut verdict, collection);
            if let Some((entities, places)) = exported {
                passing.push((Member::Stream(stream, verdict, places), entities));
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
        let mut summaries = {
            let mut summaries = lock(&self.summaries);
            summaries.expire(collection.now, self.limits.current_expiry);
            summaries.now()
        };
        summaries.retain_mut(|summary| summary.filter(filter));
        let frame = self.write(grouped(passing, summaries), filter, collection, pipeline);
        pipeline.forget_dead();
        pipeline.settle(collection.now);
        pipeline.finish_frame(frame)
    }

    /// Writes pieces behind each other, those of one resource or scope under one row.
    fn write_span(
        &self,
        span: Vec<Piece>,
        filter: Option<&dyn MetricFilter>,
        collection: Collection,
        frame: &mut FrameBuilder,
    ) {
        let (mut owner, mut scope) = (None, None);
        for piece in span {
            if owner.as_ref().is_none_or(|open| !Arc::ptr_eq(open, &piece.owner)) {
                let attributes = frame.kept(&piece.owner.resource.attributes);
                frame.resource(attributes, &piece.owner.resource.schema_url, 0);
                frame.entities(piece.owner.entities.refs());
                (owner, scope) = (Some(piece.owner), None);
            }
            if scope.as_ref().is_none_or(|open| !Arc::ptr_eq(open, &piece.scope)) {
                let attributes = frame.kept(&piece.scope.attributes);
                let of = &piece.scope;
                frame.scope(&of.name, &of.version, &of.schema_url, attributes, 0);
                scope = Some(piece.scope);
            }
            match piece.member {
                Member::Stream(stream, mut verdict, _) => {
                    self.emit_stream(&stream, filter, &mut verdict, collection, frame);
                    if let Some(notice) = verdict.notice() {
                        self.notice(&stream.key.name, notice);
                    }
                }
                Member::Summary(summary) => summary.emit(frame),
            }
        }
    }

    /// Forgets sources without news.
    fn expire<'a>(
        &self,
        entry: &'a Entry,
        state: MutexGuard<'a, State>,
        now: Timestamp,
    ) -> MutexGuard<'a, State> {
        let expiry = self.limits.idle_expiry;
        let (mut has_expired, mut quiet_until) = (false, now.after(expiry));
        let mut state = self.in_chunks(entry, state, |state| {
            has_expired |= state.has_expired_among_next(now, expiry, CHUNK, &mut quiet_until);
        });
        if has_expired {
            let expired = state.expire(entry.instrument.kind, now, expiry);
            self.sources.fetch_sub(expired, std::sync::atomic::Ordering::Relaxed);
            quiet_until = now;
        }
        state.set_quiet_until(quiet_until);
        state
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

    /// What is known of the entities of a stream and how many places it has, if any of its series has something to export that passes
    /// the filter.
    fn has_export(
        &self,
        stream: &Stream,
        filter: Option<&dyn MetricFilter>,
        verdict: &mut Verdict,
        collection: Collection,
    ) -> Option<(Entities, usize)> {
        let mut at = 0;
        loop {
            let places = at..at + CHUNK;
            let slots = verdict.settle(filter, stream, collection, places.clone());
            if at >= slots.places() {
                return None;
            }
            at = places.end;
            if slots.to_export(&stream.key, collection, places).any(|attributes| verdict.passes(attributes)) {
                return Some((slots.entities.clone(), slots.places()));
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
        let mut emission = Emission { key, collection, is_open: false };
        lock(&stream.slots).begin_collection(key.temporality, collection.now);
        for at in (0..).step_by(CHUNK) {
            let mut slots = verdict.settle(filter, stream, collection, at..at + CHUNK);
            let is_more = slots.emit(&mut emission, verdict, frame);
            drop(slots);
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

#[cfg(all(test, not(loom)))]
mod tests;
