//! Where a source's contributions go in one stream of one reader.

use std::sync::Arc;

use wasmeter_model::{Attributes, Temporality, Timestamp};

use crate::stream::{Slot, SlotId, Slots, Storage, Stream};

/// The way from a source to its series.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) stream: Arc<Stream>,
    /// The set as the Views map it.
    pub(crate) attributes: Attributes,
    pub(crate) slot: SlotId,
    overflows: bool,
    /// True if the series holds everything this source has contributed since it began.
    pub(crate) whole: bool,
    /// Boxed, since there are many routes and few that were changed.
    changed: Option<Box<Changed>>,
}

/// Why a source goes another way than it went before, or than it should.
#[derive(Clone, Debug, Default)]
struct Changed {
    /// When a swap sent the source this way; unknown if it always went this way.
    since: Timestamp,
    /// Where the Views want the source that could not be merged there and goes as received.
    wanted: Option<(Arc<Stream>, Attributes)>,
}

impl Route {
    /// A route to the series of `attributes`. A cumulative series is made if need be; one of a delta stream comes to be
    /// with its first contribution, so that sets without any take no room under the cardinality limit.
    pub(crate) fn new(
        stream: Arc<Stream>,
        slots: &mut Slots,
        attributes: Attributes,
        start: Timestamp,
    ) -> Self {
        let (slot, overflows) = match stream.key.temporality {
            Temporality::Cumulative => slots.acquire(&attributes, start),
            Temporality::Delta => (slots.known(&attributes).unwrap_or(SlotId::NOWHERE), false),
        };
        Self { stream, attributes, slot, overflows, whole: true, changed: None }
    }

    /// When a swap sent the source this way; unknown if it always went this way.
    pub(crate) fn since(&self) -> Timestamp {
        self.changed.as_ref().map_or(Timestamp::UNKNOWN, |changed| changed.since)
    }

    /// Takes down when a swap sent the source this way.
    pub(crate) fn set_since(&mut self, since: Timestamp) {
        if since != self.since() {
            self.changed.get_or_insert_default().since = since;
        }
    }

    /// Has this route stand in for the one that another one is, or stands in for.
    pub(crate) fn stand_in_for(&mut self, other: &Self) {
        let wanted = other.changed.as_ref().and_then(|changed| changed.wanted.clone());
        let wanted = wanted.unwrap_or_else(|| (other.stream.clone(), other.attributes.clone()));
        self.changed.get_or_insert_default().wanted = Some(wanted);
    }

    /// True if this route stands in for one to the series of `attributes`.
    pub(crate) fn stands_for(&self, stream: &Arc<Stream>, attributes: &Attributes) -> bool {
        let wanted = self.changed.as_ref().and_then(|changed| changed.wanted.as_ref());
        wanted.is_some_and(|wanted| Arc::ptr_eq(&wanted.0, stream) && wanted.1 == *attributes)
    }

    /// True if the series is cumulative, has been exported, and began at `time` or later: its start cannot move any more.
    /// `slots` are those of its stream.
    pub(crate) fn begins_after(&self, slots: &mut Slots, time: Timestamp) -> bool {
        let key = &self.stream.key;
        key.temporality == Temporality::Cumulative
            && key.storage == Storage::Accumulated
            && slots.get(self.slot).is_some_and(|slot| !slot.fresh && time <= slot.start)
    }

    /// The stream, and the way to the series in it.
    #[inline]
    pub(crate) fn split(&mut self) -> (&Arc<Stream>, Way<'_>) {
        let Self { stream, attributes, slot, overflows, whole, changed } = self;
        (stream, Way { attributes, slot, overflows, whole: *whole, changed: changed.as_deref() })
    }
}

/// A route apart from its stream, which is locked meanwhile.
pub(crate) struct Way<'a> {
    attributes: &'a Attributes,
    slot: &'a mut SlotId,
    overflows: &'a mut bool,
    /// As in [`Route`].
    pub(crate) whole: bool,
    changed: Option<&'a Changed>,
}

impl Way<'_> {
    /// The series. A delta stream forgets idle series and its overflow with every collection: then a place is sought
    /// again, for a series that starts with the interval.
    pub(crate) fn slot<'a>(
        &mut self,
        temporality: Temporality,
        slots: &'a mut Slots,
    ) -> Option<&'a mut Slot> {
        let id = self.arrive(temporality, slots);
        slots.get(id)
    }

    /// As [`Way::slot`], by its id.
    #[inline]
    pub(crate) fn arrive(&mut self, temporality: Temporality, slots: &mut Slots) -> SlotId {
        let is_delta = temporality == Temporality::Delta;
        let since = self.changed.map_or(Timestamp::UNKNOWN, |changed| changed.since);
        if is_delta {
            slots.resume(*self.slot, since);
        }
        let is_stale = slots.get(*self.slot).is_none();
        if is_stale || (is_delta && *self.overflows && slots.has_room()) {
            slots.release(*self.slot);
            (*self.slot, *self.overflows) = slots.acquire_for_interval(self.attributes, since);
        }
        *self.slot
    }
}
