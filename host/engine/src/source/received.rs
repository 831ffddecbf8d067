//! Received points become contributions: resets, restarts, several writers, duplicates (data model, "Resets and gaps").

use std::time::Duration;

use wasmeter_model::Timestamp;

use super::intervals::Intervals;
use super::writers::{Writer, Writers};
use crate::report::Rejection;

/// The most writers of one identity at a time; a legitimate source has one, forked workers a few dozen.
const WRITERS_MAX: usize = 256;

/// The history of one received series.
///
/// By the data model a series has a single writer. Forked workers break that: they share all attributes and differ only
/// in the start time of their points. So there is one baseline for each start time, and each is subtracted only from its
/// own successors.
#[derive(Debug)]
pub(crate) struct Received<P> {
    writers: Writers<P>,
    /// What there is beside totals, which most series are.
    beside: Option<Box<Beside<P>>>,
}

/// What is known of a series whose points do not tell a total.
#[derive(Debug)]
enum Beside<P> {
    /// The current value of a gauge.
    State(Writer<P>),
    Deltas {
        intervals: Intervals,
        /// The sum of them, where it is the current value.
        state: Option<Box<Writer<P>>>,
    },
}

/// What a point means beside the one before it.
#[derive(Debug, PartialEq)]
pub(crate) enum Step<P> {
    /// The writer's first point, or its first after a reset: all of it counts.
    First,
    /// The point before, to subtract.
    Since(P),
}

impl<P> Default for Received<P> {
    fn default() -> Self {
        Self { writers: Writers::default(), beside: None }
    }
}

impl<P> Received<P> {
    /// Takes a cumulative point in and returns what it means. What `goes_on` says of the point before: see [`Received::last`].
    ///
    /// # Errors
    ///
    /// The point is not newer than the last one of its writer, or there are too many writers.
    #[inline]
    pub(crate) fn cumulative(
        &mut self,
        interval: (Timestamp, Timestamp),
        point: P,
        now: Timestamp,
        expiry: Duration,
        goes_on: impl FnOnce(&P) -> bool,
    ) -> Result<Step<P>, Rejection> {
        match self.last(interval, now, expiry, goes_on)? {
            Some(before) => Ok(Step::Since(std::mem::replace(before, point))),
            None => self.begin(interval, point, now, expiry).map(|()| Step::First),
        }
    }

    /// The last point of the writer of an interval, which the one that has come is to take the place of; `None` if that is its first:
    /// see [`Received::begin`].
    ///
    /// A writer of which nothing was taken for `expiry` may have had a wrong clock once, or its time stands still: what comes is taken
    /// whatever its time, if the point before `goes_on` in it. What has shrunk instead is a late one, and must not pass for a reset.
    ///
    /// # Errors
    ///
    /// The interval is not newer than the last one of its writer.
    #[inline]
    pub(crate) fn last(
        &mut self,
        (start, time): (Timestamp, Timestamp),
        now: Timestamp,
        expiry: Duration,
        goes_on: impl FnOnce(&P) -> bool,
    ) -> Result<Option<&mut P>, Rejection> {
        let writers = self.writers.as_mut_slice();
        let Some(at) = writers.iter().position(|writer| writer.start == start) else { return Ok(None) };
        let is_superseded = writers.get(at).is_some_and(|writer| writer.superseded)
            && is_before_successor(writers, (start, time));
        let Some(writer) = writers.get_mut(at) else { return Ok(None) };
        if time <= writer.time && !(now.since(writer.heard) > expiry && goes_on(&writer.point)) {
            return Err(Rejection::DuplicateOrOutOfOrder);
        }
        (writer.time, writer.heard, writer.superseded) = (time, now, is_superseded);
        Ok(Some(&mut writer.point))
    }

    /// Takes the first point of a writer in.
    ///
    /// # Errors
    ///
    /// There are too many writers.
    pub(crate) fn begin(
        &mut self,
        (start, time): (Timestamp, Timestamp),
        point: P,
        now: Timestamp,
        expiry: Duration,
    ) -> Result<(), Rejection> {
        if self.writers.as_slice().len() >= WRITERS_MAX {
            // One that has been silent for long and has a successor will not come back.
            let is_idle = |writer: &Writer<P>| writer.superseded && now.since(writer.heard) > expiry;
            if !self.writers.remove_first(is_idle) {
                return Err(Rejection::TooManyWriters);
            }
        }
        for writer in self.writers.as_mut_slice() {
            writer.superseded |= writer.start < start;
        }
        let superseded = is_before_successor(self.writers.as_slice(), (start, time));
        self.writers.push(Writer { start, time, heard: now, superseded, point });
        Ok(())
    }

    /// Takes note of a delta interval; true if it overlaps another one, so that several processes write the series. Points
    /// without a time cannot be told apart and all count.
    ///
    /// # Errors
    ///
    /// The very same interval has been seen: a repeated request.
    pub(crate) fn delta(&mut self, interval: (Timestamp, Timestamp)) -> Result<bool, Rejection> {
        if interval.1.is_unknown() {
            return Ok(false);
        }
        let none = || Box::new(Beside::Deltas { intervals: Intervals::default(), state: None });
        let beside = &mut **self.beside.get_or_insert_with(none);
        if let Beside::Deltas { intervals, .. } = beside {
            return intervals.take(interval);
        }
        let mut intervals = Intervals::default();
        let overlaps = intervals.take(interval);
        if let Beside::State(state) = std::mem::replace(beside, Beside::Deltas { intervals, state: None }) {
            beside.set(state);
        }
        overlaps
    }

    fn state(&self) -> Option<&Writer<P>> {
        match self.beside.as_deref()? {
            Beside::State(state) => Some(state),
            Beside::Deltas { state, .. } => state.as_deref(),
        }
    }

    /// The value of a gauge in place of the one before.
    ///
    /// # Errors
    ///
    /// The value is older than the one that is known, which has not been that for `expiry` yet.
    pub(crate) fn replace(
        &mut self,
        time: Timestamp,
        point: P,
        now: Timestamp,
        expiry: Duration,
    ) -> Result<(), Rejection> {
        if self.state().is_some_and(|state| time < state.time && now.since(state.heard) <= expiry) {
            return Err(Rejection::DuplicateOrOutOfOrder);
        }
        self.set(time, now, point);
        Ok(())
    }

    /// Makes a received delta part of the current value, with the value so far to add it to. Deltas come in any order.
    pub(crate) fn accumulate(&mut self, time: Timestamp, now: Timestamp, add: impl FnOnce(Option<&P>) -> P) {
        let before = self.state();
        let point = add(before.map(|state| &state.point));
        let time = before.map_or(time, |state| state.time.max(time));
        self.set(time, now, point);
    }

    fn set(&mut self, time: Timestamp, heard: Timestamp, point: P) {
        let new = Writer { start: Timestamp::UNKNOWN, time, heard, superseded: false, point };
        match &mut self.beside {
            Some(beside) => beside.set(new),
            beside => *beside = Some(Box::new(Beside::State(new))),
        }
    }

    /// True if the total of some writer is known.
    pub(crate) fn has_baseline(&self) -> bool {
        !self.writers.as_slice().is_empty()
    }

    /// Forgets the writers that have been silent for `expiry`.
    pub(crate) fn forget(&mut self, now: Timestamp, expiry: Duration) {
        self.writers.retain(|writer| now.since(writer.heard) <= expiry);
    }

    /// What [`Received::end`] will say, or [`Received::rest`] where those that rest are none any more.
    pub(crate) fn has_others(&self, start: Timestamp, may_rest: bool) -> bool {
        let is_left = |writer: &Writer<P>| writer.start != start && !(may_rest && writer.superseded);
        self.is_known(start) && self.writers.as_slice().iter().any(is_left)
    }

    /// Forgets the writer with a start time, or all of them if there is none; true if others are left.
    pub(crate) fn end(&mut self, start: Timestamp) -> bool {
        let is_known = self.is_known(start);
        self.writers.retain(|writer| is_known && writer.start != start);
        self.has_baseline()
    }

    /// The same for a writer that may come back: it is no part of the current value any more, but its total is kept, so that
    /// only what is new counts then.
    pub(crate) fn rest(&mut self, start: Timestamp) -> bool {
        let is_known = self.is_known(start);
        for writer in self.writers.as_mut_slice() {
            writer.superseded |= !is_known || writer.start == start;
        }
        if !is_known {
            match self.beside.as_deref_mut() {
                Some(Beside::Deltas { state, .. }) => *state = None,
                _ => self.beside = None,
            }
        }
        self.writers.as_slice().iter().any(|writer| !writer.superseded)
    }

    fn is_known(&self, start: Timestamp) -> bool {
        self.writers.as_slice().iter().any(|writer| writer.start == start)
    }

    /// The current value and those of all writers that were heard from within `expiry` of `now` and are in service.
    pub(crate) fn live(&self, now: Timestamp, expiry: Duration) -> impl Iterator<Item = (&P, Timestamp)> {
        self.writers
            .as_slice()
            .iter()
            .chain(self.state())
            .filter(move |writer| !writer.superseded && now.since(writer.heard) <= expiry)
            .map(|writer| (&writer.point, writer.time))
    }
}

/// True if an interval ended before a writer with a later start had begun: then that is its successor, and not one beside it.
fn is_before_successor<P>(writers: &[Writer<P>], (start, time): (Timestamp, Timestamp)) -> bool {
    !time.is_unknown() && writers.iter().any(|writer| writer.start > start && writer.start >= time)
}

impl<P> Beside<P> {
    fn set(&mut self, new: Writer<P>) {
        match self {
            Self::State(state) => *state = new,
            Self::Deltas { state: Some(state), .. } => **state = new,
            Self::Deltas { state, .. } => *state = Some(Box::new(new)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: u64, time: u64) -> (Timestamp, Timestamp) {
        (Timestamp::from_secs(start), Timestamp::from_secs(time))
    }

    fn take(source: &mut Received<i64>, start: u64, time: u64, value: i64) -> Result<Step<i64>, Rejection> {
        let (now, expiry) = (Timestamp::from_secs(time), Duration::from_secs(300));
        source.cumulative(at(start, time), value, now, expiry, |before| value >= *before)
    }

    #[test]
    fn interleaved_writers_have_a_baseline_each() {
        let mut source = Received::default();
        assert_eq!(take(&mut source, 1, 10, 5), Ok(Step::First));
        assert_eq!(take(&mut source, 2, 10, 50), Ok(Step::First));
        assert_eq!(take(&mut source, 1, 11, 6), Ok(Step::Since(5)));
        assert_eq!(take(&mut source, 2, 11, 51), Ok(Step::Since(50)));
        assert_eq!(
            source.live(Timestamp::from_secs(11), Duration::from_secs(300)).count(),
            2,
            "the older writer spoke again, so it is no predecessor"
        );
    }

    #[test]
    fn a_restart_replaces_the_state_and_a_late_point_of_the_old_process_does_not_count_twice() {
        let mut source = Received::default();
        assert_eq!(take(&mut source, 1, 10, 5), Ok(Step::First));
        assert_eq!(take(&mut source, 20, 21, 1), Ok(Step::First));
        assert_eq!(
            source
                .live(Timestamp::from_secs(21), Duration::from_secs(300))
                .map(|(value, _)| *value)
                .collect::<Vec<_>>(),
            [1]
        );
        assert_eq!(take(&mut source, 1, 10, 5), Err(Rejection::DuplicateOrOutOfOrder));
    }

    #[test]
    fn deltas_without_a_time_cannot_be_told_apart_and_all_count() {
        let mut source = Received::<i64>::default();
        for _ in 0..2 {
            assert_eq!(source.delta(at(0, 0)), Ok(false));
        }
        assert_eq!((source.delta(at(1, 2)).is_ok(), source.delta(at(1, 2)).is_ok()), (true, false));
    }

    #[test]
    fn a_value_that_was_replaced_stays_what_deltas_are_added_to_and_ends_alone() {
        let mut source = Received::<i64>::default();
        let values = |source: &Received<i64>| -> Vec<i64> {
            let live = source.live(Timestamp::from_secs(3), Duration::from_secs(300));
            live.map(|(value, _)| *value).collect()
        };
        let (now, expiry) = (Timestamp::from_secs(1), Duration::from_secs(300));
        source.replace(now, 5, now, expiry).unwrap();
        assert_eq!(source.delta(at(1, 2)), Ok(false));
        assert_eq!(values(&source), [5]);
        source.accumulate(Timestamp::from_secs(2), Timestamp::from_secs(2), |before| before.unwrap() + 3);
        assert_eq!(values(&source), [8]);
        assert!(!source.rest(Timestamp::UNKNOWN));
        assert!(values(&source).is_empty());
        assert_eq!(source.delta(at(1, 2)), Err(Rejection::DuplicateOrOutOfOrder), "intervals are remembered");
        source
            .accumulate(Timestamp::from_secs(3), Timestamp::from_secs(3), |before| before.map_or(1, |_| 100));
        assert_eq!(values(&source), [1]);
    }

    #[test]
    fn a_value_that_rests_is_no_value_any_more() {
        let mut source = Received::<i64>::default();
        let now = Timestamp::from_secs(1);
        source.replace(now, 5, now, Duration::from_secs(300)).unwrap();
        assert_eq!(source.live(now, Duration::from_secs(300)).count(), 1);
        assert!(!source.rest(Timestamp::UNKNOWN));
        assert_eq!(source.live(now, Duration::from_secs(300)).count(), 0);
    }

    #[test]
    fn a_series_of_one_writer_takes_one_block() {
        // Of totals that is all there is to it, and there are many of them.
        assert_eq!(size_of::<Received<wasmeter_model::Number>>(), 56);
    }
}
