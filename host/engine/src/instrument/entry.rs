//! One instrument in service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use wasmeter_model::{Attributes, EntityRefs, Instrument, Origin, Timestamp};

use super::{Form, Key, Routing};
use crate::record::Owner;
use crate::report::Rejection;
use crate::source::Sources;
use crate::stream::{CHUNK, Collection, Storage};
use crate::turns::InTurn;

/// An instrument and everything that is known of its sources.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) instrument: Instrument,
    pub(crate) form: Form,
    /// What the cells of threads know of it.
    pub(crate) owner: Owner,
    /// Locked before any stream, never after one.
    pub(crate) state: InTurn<State>,
    /// Whether it feeds any stream under the generation in service; written under the lock of `state`.
    pub(crate) is_enabled: AtomicBool,
    /// One bit for each [`Rejection`] that has been told.
    told_refusals: AtomicU32,
}

const _: () = assert!(Rejection::ALL.len() <= u32::BITS as usize);

/// What changes about an instrument.
#[derive(Default)]
pub(crate) struct State {
    /// The generation whose Views made the routes; 0: none yet.
    pub(crate) generation: u64,
    /// True once the registry has forgotten the instrument; whoever still holds it looks it up again.
    pub(crate) retired: bool,
    /// No source expires before this second since the epoch.
    pub(super) quiet_until_secs: u32,
    /// When a point of a received instrument came in last, whether it was counted or not.
    pub(crate) heard: Timestamp,
    /// Of most instruments there is nothing.
    received: Option<Box<ReceivedBefore>>,
    pub(crate) routing: Routing,
    pub(crate) sources: Sources,
}

/// What came with points that were received before.
#[derive(Default)]
struct ReceivedBefore {
    /// The longest description, where that is longer than the instrument's own.
    description: Option<Arc<str>>,
    /// The bounds of the explicit histogram that was received last: all its sources share them, mostly for ever.
    bounds: Option<Arc<[f64]>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("generation", &self.generation)
            .field("sources", &self.sources.len())
            .finish()
    }
}

impl Entry {
    pub(crate) fn new(id: u64, instrument: Instrument, form: Form) -> Self {
        let owner = Owner::new(instrument.number);
        Self {
            id,
            instrument,
            form,
            owner,
            state: InTurn::default(),
            is_enabled: AtomicBool::new(false),
            told_refusals: AtomicU32::new(0),
        }
    }

    /// What makes it this instrument.
    pub(crate) fn key(&self) -> Key<'_> {
        Key::of(&self.instrument, self.form)
    }

    /// True the first time that a value is refused for this reason.
    pub(crate) fn is_first_refusal(&self, reason: Rejection) -> bool {
        let bit = 1 << reason as u8;
        self.told_refusals.load(Ordering::Relaxed) & bit == 0
            && self.told_refusals.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}

impl State {
    /// Takes note of what a sender says about the instrument; the longest description is chosen (data model, "Producer
    /// recommendations").
    pub(crate) fn hear_description(&mut self, entry: &Entry, description: &Arc<str>) {
        if description.len() > self.description(entry).len() {
            self.received.get_or_insert_default().description = Some(description.clone());
            self.routing.describe(description);
        }
    }

    /// The longest description heard.
    pub(crate) fn description<'a>(&'a self, entry: &'a Entry) -> &'a Arc<str> {
        let heard = self.received.as_ref().and_then(|received| received.description.as_ref());
        heard.unwrap_or(&entry.instrument.description)
    }

    /// Takes the bounds of the explicit histogram out that was received last; [`State::keep_bounds`] puts them back.
    pub(crate) fn take_bounds(&mut self) -> Option<Arc<[f64]>> {
        self.received.as_mut()?.bounds.take()
    }

    /// See [`State::take_bounds`].
    pub(crate) fn keep_bounds(&mut self, bounds: Option<Arc<[f64]>>) {
        self.received.get_or_insert_default().bounds = bounds;
    }

    /// Takes note of further facts about the instrument. Of several senders' the last ones count; a sender that says nothing
    /// takes nothing back.
    pub(crate) fn hear_metadata(&mut self, entry: &Entry, metadata: Attributes) {
        if !metadata.is_empty() && metadata != self.routing.metadata {
            self.routing.metadata = metadata;
            self.routing.annotate_all(entry);
        }
    }

    /// Takes note of the entities that a sender says the resource stands for.
    pub(crate) fn hear_entities(&mut self, entry: &Entry, entities: &EntityRefs, now: Timestamp) {
        if !entities.is_empty() && self.routing.entities.hear(entities, now) {
            self.routing.annotate_all(entry);
        }
    }

    /// Puts the current states of the sources into the slots of one reader's current streams.
    pub(crate) fn contribute_current(&mut self, reader: usize, collection: Collection, expiry: Duration) {
        if self.has_current(reader) {
            self.routing.contribute_current(self.sources.all(), reader, collection, expiry);
        }
    }

    /// As [`State::contribute_current`], those of the next sources of a walk, so many at most.
    pub(crate) fn contribute_current_of_next(
        &mut self,
        reader: usize,
        collection: Collection,
        expiry: Duration,
        most: usize,
    ) {
        self.routing.contribute_current(self.sources.walk(most), reader, collection, expiry);
    }

    /// True if some streams of a reader are made of the current states of the sources.
    pub(crate) fn has_current(&self, reader: usize) -> bool {
        let own = self.routing.streams.get(self.routing.places_of(reader)).unwrap_or_default();
        own.iter().any(|stream| stream.key.storage == Storage::Current)
    }

    /// How many of the sources may be worked on before others have the instrument, where their states are put into series. Received points
    /// of one request belong together: where Views may have them in one series, what that says is of all of them or of none.
    pub(crate) fn chunk_of_current(&self, entry: &Entry) -> usize {
        let is_merged = self.routing.resolved.streams.iter().any(|(stream, _)| !stream.attributes.is_empty());
        if entry.instrument.origin == Origin::Received && is_merged { usize::MAX } else { CHUNK }
    }
}
