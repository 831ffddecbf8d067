//! Received points become contributions: resets, restarts, several writers, duplicates (data model, "Resets and gaps").

use smallvec::SmallVec;
use wasmeter_model::Timestamp;

use super::intervals::Intervals;
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
    writers: SmallVec<[Writer<P>; 1]>,
    /// The current value of a series whose points do not tell a total: a gauge, or the sum of received deltas.
    state: Option<Box<Writer<P>>>,
    /// Of received deltas.
    intervals: Option<Box<Intervals>>,
}

#[derive(Debug)]
struct Writer<P> {
    start: Timestamp,
    time: Timestamp,
    heard: Timestamp,
    /// It rests, or a writer with a later start, probably its successor, has appeared since this one was last heard from.
    superseded: bool,
    point: P,
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
        Self { writers: SmallVec::new(), state: None, intervals: None }
    }
}

impl<P> Received<P> {
    /// Takes a cumulative point in and returns what it means.
    ///
    /// # Errors
    ///
    /// The point is not newer than the last one of its writer, or there are too many writers.
    pub(crate) fn cumulative(
        &mut self,
        interval: (Timestamp, Timestamp),
        point: P,
        now: Timestamp,
        expiry: std::time::Duration,
    ) -> Result<Step<P>, Rejection> {
        match self.last(interval, now)? {
            Some(before) => Ok(Step::Since(std::mem::replace(before, point))),
            None => self.begin(interval, point, now, expiry).map(|()| Step::First),
        }
    }

    /// The last point of the writer of an interval, which the one that has come is to take the place of; `None` if that is its first:
    /// see [`Received::begin`].
    ///
    /// # Errors
    ///
    /// The interval is not newer than the last one of its writer.
    #[inline]
    pub(crate) fn last(
        &mut self,
        (start, time): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Option<&mut P>, Rejection> {
        let Some(writer) = self.writers.iter_mut().find(|writer| writer.start == start) else {
            return Ok(None);
        };
        if time <= writer.time {
            return Err(Rejection::DuplicateOrOutOfOrder);
        }
        (writer.time, writer.heard, writer.superseded) = (time, now, false);
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
        expiry: std::time::Duration,
    ) -> Result<(), Rejection> {
        if self.writers.len() >= WRITERS_MAX {
            // One that has been silent for long and has a successor will not come back.
            let idle =
                self.writers.iter().position(|writer| writer.superseded && now.since(writer.heard) > expiry);
            match idle {
                Some(at) => drop(self.writers.swap_remove(at)),
                None => return Err(Rejection::TooManyWriters),
            }
        }
        for writer in &mut self.writers {
            writer.superseded |= writer.start < start;
        }
        self.writers.push(Writer { start, time, heard: now, superseded: false, point });
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
            Ok(false)
        } else {
            self.intervals.get_or_insert_default().take(interval)
        }
    }

    /// The value of a gauge in place of the one before.
    ///
    /// # Errors
    ///
    /// The value is older than the one that is known.
    pub(crate) fn replace(&mut self, time: Timestamp, point: P, now: Timestamp) -> Result<(), Rejection> {
        if self.state.as_ref().is_some_and(|state| time < state.time) {
            return Err(Rejection::DuplicateOrOutOfOrder);
        }
        self.set(time, now, point);
        Ok(())
    }

    /// Makes a received delta part of the current value, with the value so far to add it to. Deltas come in any order.
    pub(crate) fn accumulate(&mut self, time: Timestamp, now: Timestamp, add: impl FnOnce(Option<&P>) -> P) {
        let before = self.state.as_ref();
        let point = add(before.map(|state| &state.point));
        let time = before.map_or(time, |state| state.time.max(time));
        self.set(time, now, point);
    }

    fn set(&mut self, time: Timestamp, heard: Timestamp, point: P) {
        let new = Writer { start: Timestamp::UNKNOWN, time, heard, superseded: false, point };
        match &mut self.state {
            Some(state) => **state = new,
            state => *state = Some(Box::new(new)),
        }
    }

    /// True if the total of some writer is known.
    pub(crate) fn has_baseline(&self) -> bool {
        !self.writers.is_empty()
    }

    /// Forgets the writers that have been silent for `expiry`.
    pub(crate) fn forget(&mut self, now: Timestamp, expiry: std::time::Duration) {
        self.writers.retain(|writer| now.since(writer.heard) <= expiry);
    }

    /// Forgets the writer with a start time, or all of them if there is none; true if others are left.
    pub(crate) fn end(&mut self, start: Timestamp) -> bool {
        let is_known = self.writers.iter().any(|writer| writer.start == start);
        self.writers.retain(|writer| is_known && writer.start != start);
        !self.writers.is_empty()
    }

    /// The same for a writer that may come back: it is no part of the current value any more, but its total is kept, so that
    /// only what is new counts then.
    pub(crate) fn rest(&mut self, start: Timestamp) -> bool {
        let is_known = self.writers.iter().any(|writer| writer.start == start);
        for writer in &mut self.writers {
            writer.superseded |= !is_known || writer.start == start;
        }
        self.state.take_if(|_| !is_known);
        self.writers.iter().any(|writer| !writer.superseded)
    }

    /// The current value and those of all writers that were heard from within `expiry` of `now` and are in service.
    pub(crate) fn live(
        &self,
        now: Timestamp,
        expiry: std::time::Duration,
    ) -> impl Iterator<Item = (&P, Timestamp)> {
        self.writers
            .iter()
            .chain(self.state.as_deref())
            .filter(move |writer| !writer.superseded && now.since(writer.heard) <= expiry)
            .map(|writer| (&writer.point, writer.time))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(start: u64, time: u64) -> (Timestamp, Timestamp) {
        (Timestamp::from_secs(start), Timestamp::from_secs(time))
    }

    fn take(source: &mut Received<i64>, start: u64, time: u64, value: i64) -> Result<Step<i64>, Rejection> {
        source.cumulative(at(start, time), value, Timestamp::from_secs(time), Duration::from_secs(300))
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
    fn a_series_of_one_writer_takes_one_block() {
        // Of totals that is all there is to it, and there are many of them.
        assert_eq!(size_of::<Received<wasmeter_model::Number>>(), 72);
    }
}
