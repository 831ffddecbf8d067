//! The writers of one received series: mostly one, which then lies where the list would.

use wasmeter_model::Timestamp;

/// Who sends points of one start time, and the last of them.
#[derive(Debug)]
pub(super) struct Writer<P> {
    pub(super) start: Timestamp,
    pub(super) time: Timestamp,
    pub(super) heard: Timestamp,
    /// It rests, or a writer with a later start, probably its successor, has appeared since this one last told a time.
    pub(super) superseded: bool,
    pub(super) point: P,
}

/// All writers, in the order they came.
#[derive(Debug)]
pub(super) enum Writers<P> {
    One(Writer<P>),
    /// Any number of them.
    List(Vec<Writer<P>>),
}

impl<P> Default for Writers<P> {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl<P> Writers<P> {
    #[inline]
    pub(super) fn as_slice(&self) -> &[Writer<P>] {
        match self {
            Self::One(writer) => std::slice::from_ref(writer),
            Self::List(writers) => writers,
        }
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [Writer<P>] {
        match self {
            Self::One(writer) => std::slice::from_mut(writer),
            Self::List(writers) => writers,
        }
    }

    pub(super) fn push(&mut self, new: Writer<P>) {
        *self = match std::mem::take(self) {
            Self::One(first) => Self::List(vec![first, new]),
            Self::List(writers) if writers.is_empty() => Self::One(new),
            Self::List(mut writers) => {
                writers.push(new);
                Self::List(writers)
            }
        };
    }

    /// Forgets those for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Writer<P>) -> bool) {
        match self {
            Self::One(writer) if !keep(writer) => *self = Self::default(),
            Self::One(_) => {}
            Self::List(writers) => writers.retain(keep),
        }
    }

    /// Forgets the first for which `is_over` is true; false if there is none.
    pub(super) fn remove_first(&mut self, is_over: impl Fn(&Writer<P>) -> bool) -> bool {
        let Some(place) = self.as_slice().iter().position(is_over) else { return false };
        match self {
            Self::One(_) => *self = Self::default(),
            Self::List(writers) => drop(writers.remove(place)),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(start: u64) -> Writer<i64> {
        let (start, time, heard) = (Timestamp(start), Timestamp(0), Timestamp(0));
        Writer { start, time, heard, superseded: false, point: 0 }
    }

    fn starts(writers: &Writers<i64>) -> Vec<u64> {
        writers.as_slice().iter().map(|writer| writer.start.0).collect()
    }

    #[test]
    fn writers_come_and_go_whether_they_are_one_or_many() {
        let mut writers = Writers::default();
        assert!(starts(&writers).is_empty());
        for start in 1..=4 {
            writers.push(writer(start));
            assert_eq!(starts(&writers), (1..=start).collect::<Vec<_>>());
        }
        assert!(writers.remove_first(|writer| writer.start.0 > 1));
        assert!(!writers.remove_first(|writer| writer.start.0 == 2));
        assert_eq!(starts(&writers), [1, 3, 4]);
        writers.retain(|writer| writer.start.0 == 3);
        assert_eq!(starts(&writers), [3]);
        writers.retain(|_| false);
        writers.push(writer(7));
        writers.retain(|_| true);
        assert_eq!(starts(&writers), [7]);
        writers.as_mut_slice()[0].start = Timestamp(8);
        assert!(!writers.remove_first(|writer| writer.start.0 == 7));
        assert!(writers.remove_first(|writer| writer.start.0 == 8) && starts(&writers).is_empty());
        for start in [1, 2] {
            writers.push(writer(start));
        }
        assert_eq!(starts(&writers), [1, 2]);
    }

    #[test]
    fn one_takes_no_more_room_than_itself() {
        assert_eq!(size_of::<Writers<wasmeter_model::Number>>(), 48);
    }
}
