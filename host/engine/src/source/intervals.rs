//! The intervals of received deltas, to tell a repeated request and several writers (data model, "Overlap").

use std::collections::VecDeque;

use wasmeter_model::Timestamp;

use crate::report::Rejection;

/// How many are remembered of one process, whose intervals follow each other: a repeated request is a matter of minutes.
const REMEMBERED: usize = 16;
/// And of several, since each has an interval of its own for the same time.
const REMEMBERED_OF_SEVERAL: usize = 64;

/// The last intervals of one series, from start to time; neither need be known.
#[derive(Debug, Default)]
pub(super) struct Intervals {
    last: VecDeque<(Timestamp, Timestamp)>,
    /// The latest time of all there were.
    until: Timestamp,
    /// True once two of them overlapped.
    are_of_several: bool,
}

impl Intervals {
    /// Takes note of an interval; true if it overlaps another one, so that several processes write the series.
    ///
    /// # Errors
    ///
    /// The very same interval has been seen: a repeated request.
    pub(super) fn take(&mut self, interval: (Timestamp, Timestamp)) -> Result<bool, Rejection> {
        let (start, time) = interval;
        let mut overlaps = false;
        // One that begins where all others had ended, and takes any time, is new and overlaps none.
        if start.is_unknown() || start < self.until || time <= self.until {
            if self.last.contains(&interval) {
                return Err(Rejection::DuplicateOrOutOfOrder);
            }
            let mut known = self.last.iter().filter(|(known, _)| !known.is_unknown());
            overlaps = !start.is_unknown() && known.any(|known| start < known.1 && known.0 < time);
        }
        self.are_of_several |= overlaps;
        if self.last.len() >= if self.are_of_several { REMEMBERED_OF_SEVERAL } else { REMEMBERED } {
            self.last.pop_front();
        }
        self.last.push_back(interval);
        self.until = self.until.max(time);
        Ok(overlaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: u64, time: u64) -> (Timestamp, Timestamp) {
        (Timestamp::from_secs(start), Timestamp::from_secs(time))
    }

    #[test]
    fn a_repeated_delta_request_is_recognised() {
        let mut intervals = Intervals::default();
        assert_eq!(intervals.take(at(1, 2)), Ok(false));
        assert_eq!(intervals.take(at(2, 3)), Ok(false));
        assert_eq!(intervals.take(at(1, 2)), Err(Rejection::DuplicateOrOutOfOrder));
    }

    #[test]
    fn intervals_that_touch_do_not_overlap() {
        let mut intervals = Intervals::default();
        for (start, time, overlaps) in
            [(10, 20, false), (20, 30, false), (40, 50, false), (25, 35, true), (0, 60, false), (1, 60, true)]
        {
            assert_eq!(intervals.take(at(start, time)), Ok(overlaps), "{start}..{time}");
        }
    }

    #[test]
    fn a_repeated_interval_is_recognised_whatever_it_is() {
        let mut intervals = Intervals::default();
        let all = [(1, 2), (2, 2), (2, 3), (0, 4), (3, 4), (4, 5)];
        for (start, time) in all {
            assert!(intervals.take(at(start, time)).is_ok(), "{start}..{time}");
        }
        for (start, time) in all {
            assert!(intervals.take(at(start, time)).is_err(), "{start}..{time}");
        }
    }

    #[test]
    fn it_remembers_more_of_several_processes_and_never_much() {
        let (mut one, mut several) = (Intervals::default(), Intervals::default());
        for second in 10..1000 {
            assert_eq!(one.take(at(second, second + 1)), Ok(false));
            assert_eq!(several.take(at(second, second + 2)), Ok(second > 10));
        }
        assert!(one.take(at(984, 985)).is_err() && one.take(at(983, 984)).is_ok());
        assert!(several.take(at(936, 938)).is_err() && several.take(at(935, 937)).is_ok());
        assert_eq!((one.last.len(), several.last.len()), (16, 64));
    }
}
