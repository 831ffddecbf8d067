//! Sources of which there is no news, or which say that they have ended.

use std::time::Duration;

use wasmeter_model::{Attributes, InstrumentKind, Origin, Temporality, Timestamp};

use super::{Entry, State};
use crate::lock;
use crate::source::{Source, SourceData};
use crate::stream::{Collection, Current, Storage};
use crate::views::Aggregator;

/// For how many times the expiry of an idle source its baseline is kept, where its series lives on: a day for an hour.
const BASELINE_EXPIRIES: u32 = 24;

impl State {
    /// True if a source may have expired, so that all of them are to be looked at.
    pub(crate) fn may_have_expired(&self, now: Timestamp) -> bool {
        now.as_secs() >= u64::from(self.quiet_until_secs)
    }

    /// True if there is something for [`State::expire`] to do in the next sources of a walk, so many at most. If not, `quiet_until` is put
    /// forward to when the first of them would expire without further news.
    pub(crate) fn has_expired_among_next(
        &mut self,
        now: Timestamp,
        expiry: Duration,
        most: usize,
        quiet_until: &mut Timestamp,
    ) -> bool {
        let baseline_expiry = expiry.saturating_mul(BASELINE_EXPIRIES);
        self.sources.walk(most).iter_mut().any(|source| {
            source.data.forget_writers(now, baseline_expiry);
            if matches!(source.data, SourceData::Recorded(_)) {
                return false;
            }
            let end = source.heard.after(if source.is_dormant { baseline_expiry } else { expiry });
            *quiet_until = end.min(*quiet_until);
            now > end
        })
    }

    /// Says when the first source expires, as far as there is no news until then: a source that is new or comes back has been heard of
    /// after the walk that found this out.
    pub(crate) fn set_quiet_until(&mut self, time: Timestamp) {
        self.quiet_until_secs = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    }

    /// Forgets received and observed sources without news for `expiry`, and returns how many. Measurements of this process
    /// persist (metrics SDK, "Instrument temporality", synchronous instruments).
    ///
    /// A source whose series lives on without it only becomes dormant: with its baseline gone, all that it ever counted would
    /// count a second time when it returns. What sends deltas has none and is forgotten.
    pub(crate) fn expire(&mut self, kind: InstrumentKind, now: Timestamp, expiry: Duration) -> usize {
        let before = self.sources.len();
        self.sources.retain(|source| {
            let baseline_expiry = expiry.saturating_mul(BASELINE_EXPIRIES);
            source.data.forget_writers(now, baseline_expiry);
            let silence = now.since(source.heard);
            if silence <= expiry || matches!(source.data, SourceData::Recorded(_)) {
                return true;
            }
            if !source.is_dormant {
                source.is_dormant = source.unroute(now) && source.data.has_baseline(kind);
            }
            source.is_dormant && silence <= baseline_expiry
        });
        before - self.sources.len()
    }

    /// Ends one writer of a source, because it says that its series has ended, and the series if no other writer is left.
    /// True if the source is forgotten. What was observed may come back, since it was only not there to be observed: where its
    /// series lives on without it, the source stays, dormant.
    pub(crate) fn end_source(
        &mut self,
        entry: &Entry,
        attributes: &Attributes,
        start: Timestamp,
        now: Timestamp,
        expiry: Duration,
    ) -> bool {
        let Some(source) = self.sources.get_mut(attributes) else { return false };
        let may_return = entry.instrument.origin == Origin::Observed;
        // As long as others are left, collections go on asking; what one of them has asked just now stays.
        if !source.data.has_others(start, may_return) {
            source.say_last_word(self.routing.resolved.streams.len(), now, expiry);
        }
        if source.data.end_writer(start, may_return) {
            return false;
        }
        if source.unroute(now) && may_return {
            source.is_dormant = true;
            return false;
        }
        self.sources.remove(attributes)
    }

    /// True if nothing has been heard of a received instrument for `expiry` and nothing is kept of it.
    pub(crate) fn is_abandoned(&self, now: Timestamp, expiry: Duration) -> bool {
        self.sources.is_empty() && now.since(self.heard) > expiry
    }
}

impl Source {
    /// Leaves what the source says now in the series that will end with it, since the next collection will not ask again.
    fn say_last_word(&mut self, streams: usize, now: Timestamp, expiry: Duration) {
        let last = Collection { number: Current::LAST_WORD, now };
        for (at, route) in self.routes.iter().enumerate() {
            let Some(route) = route.as_ref().filter(|route| route.stream.key.storage == Storage::Current)
            else {
                continue;
            };
            let (reader, key) = (at.checked_div(streams).unwrap_or(0), &route.stream.key);
            let is_total = key.aggregator == Aggregator::Sum;
            let mut slots = lock(&route.stream.slots);
            if let Some(slot) = slots.get(route.slot).filter(|slot| slot.routes == 1)
                && let Some((value, when)) = self.data.current(is_total, reader, last, expiry)
            {
                slot.set_current(Current::new(last.number, value, when));
            }
        }
    }

    /// Takes the routes away and ends the series that no other source leads to. True if what was counted of this source is
    /// part of something that goes on: a series that others still lead to, or deltas, of which the earlier ones are out of
    /// reach.
    pub(crate) fn unroute(&mut self, now: Timestamp) -> bool {
        let mut is_outlived = false;
        for route in std::mem::take(&mut self.routes).into_iter().flatten() {
            let key = &route.stream.key;
            let mut slots = lock(&route.stream.slots);
            let is_last = slots.release(route.slot);
            if is_last {
                slots.end_if_unrouted(route.slot, now, Some(Current::LAST_WORD));
            }
            let goes_on =
                key.temporality == Temporality::Delta || (!is_last && slots.get(route.slot).is_some());
            is_outlived |= goes_on && key.storage == Storage::Accumulated;
        }
        is_outlived
    }
}

impl SourceData {
    /// True if there are totals that later ones are compared with: received, or reported to an instrument of this kind.
    fn has_baseline(&self, kind: InstrumentKind) -> bool {
        match self {
            Self::Recorded(_) => false,
            Self::Observed(told) => told.has_baseline(kind),
            Self::Numbers(received) => received.has_baseline(),
            Self::Explicit(received) => received.has_baseline(),
            Self::Exponential(received) => received.has_baseline(),
        }
    }

    /// Forgets the baselines of writers that have been silent for `expiry`.
    fn forget_writers(&mut self, now: Timestamp, expiry: Duration) {
        match self {
            Self::Recorded(_) | Self::Observed(_) => {}
            Self::Numbers(received) => received.forget(now, expiry),
            Self::Explicit(received) => received.forget(now, expiry),
            Self::Exponential(received) => received.forget(now, expiry),
        }
    }

    /// True if writers are left without the one of a start time.
    fn has_others(&self, start: Timestamp, may_return: bool) -> bool {
        match self {
            Self::Recorded(_) | Self::Observed(_) => true,
            Self::Numbers(received) => received.has_others(start, may_return),
            Self::Explicit(received) => received.has_others(start, may_return),
            Self::Exponential(received) => received.has_others(start, may_return),
        }
    }

    /// Ends the writer of a start time; true if others are left.
    fn end_writer(&mut self, start: Timestamp, may_return: bool) -> bool {
        match self {
            Self::Recorded(_) | Self::Observed(_) => true,
            Self::Numbers(received) if may_return => received.rest(start),
            Self::Explicit(received) if may_return => received.rest(start),
            Self::Exponential(received) if may_return => received.rest(start),
            Self::Numbers(received) => received.end(start),
            Self::Explicit(received) => received.end(start),
            Self::Exponential(received) => received.end(start),
        }
    }
}
