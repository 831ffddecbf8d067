//! Streams that stay locked while one contribution after the other goes to them.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Routing;
use crate::lock;
use crate::stream::{Slots, Stream};
use crate::sync::MutexGuard;

/// The streams of an instrument, each locked from the first contribution to it until [`Open::close`].
///
/// Whoever locks several streams does it in the order of their readers. Of several streams of one reader only one is locked at a time,
/// since other instruments that feed them may have them in another order.
pub(crate) struct Open<'a> {
    /// As in [`Routing`].
    streams: &'a [Arc<Stream>],
    has_one_a_reader: bool,
    locked: SmallVec<[Option<MutexGuard<'a, Slots>>; 2]>,
}

impl<'a> Open<'a> {
    /// Nothing is locked yet. `streams` are those of `routing`.
    pub(crate) fn new(routing: &Routing, streams: &'a [Arc<Stream>]) -> Self {
        let has_one_a_reader = routing.resolved.streams.len() <= 1;
        Self { streams, has_one_a_reader, locked: streams.iter().map(|_| None).collect() }
    }

    /// Streams of which none stays locked.
    pub(crate) fn none() -> Self {
        Self { streams: &[], has_one_a_reader: true, locked: SmallVec::new() }
    }

    /// The series of the stream that routes at this place lead to, if it is `stream`. With `None` no stream is locked.
    #[inline]
    pub(super) fn slots(&mut self, at: usize, stream: &Arc<Stream>) -> Option<&mut Slots> {
        match self.streams.get(at) {
            Some(own) if Arc::ptr_eq(own, stream) => {
                if self.locked.get(at).is_none_or(Option::is_none) {
                    self.lock(at, own);
                }
                self.locked.get_mut(at)?.as_deref_mut()
            }
            _ => {
                self.close();
                None
            }
        }
    }

    fn lock(&mut self, at: usize, stream: &'a Stream) {
        if !self.has_one_a_reader || self.locked.iter().skip(at).any(Option::is_some) {
            self.close();
        }
        if let Some(place) = self.locked.get_mut(at) {
            *place = Some(lock(&stream.slots));
        }
    }

    /// Unlocks all: before anything else is locked or asked.
    pub(crate) fn close(&mut self) {
        self.locked.fill_with(|| None);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use wasmeter_model::{Attributes, Timestamp};

    use super::*;
    use crate::stream::stream_of_test;

    fn streams() -> [Arc<Stream>; 3] {
        std::array::from_fn(|_| Arc::new(stream_of_test(10)))
    }

    fn are_locked(streams: &[Arc<Stream>]) -> Vec<bool> {
        streams.iter().map(|stream| stream.slots.is_locked()).collect()
    }

    fn open(streams: &[Arc<Stream>], has_one_a_reader: bool) -> Open<'_> {
        Open { has_one_a_reader, ..Open::new(&Routing::default(), streams) }
    }

    #[test]
    fn streams_stay_locked_in_the_order_of_their_readers() {
        let streams = streams();
        let mut open = open(&streams, true);
        let mut lock = |at: usize| {
            assert!(open.slots(at, &streams[at]).is_some());
            are_locked(&streams)
        };
        assert_eq!(lock(0), [true, false, false]);
        assert_eq!(lock(2), [true, false, true]);
        assert_eq!(lock(0), [true, false, true]);
        assert_eq!(lock(1), [false, true, false], "it comes before the third");
        assert_eq!(lock(2), [false, true, true]);
        open.close();
        assert_eq!(are_locked(&streams), [false; 3]);
    }

    #[test]
    fn of_several_streams_of_a_reader_one_is_locked_at_a_time() {
        let streams = streams();
        let mut open = open(&streams, false);
        for at in [0, 1, 1, 2, 0] {
            assert!(open.slots(at, &streams[at]).is_some());
            assert_eq!(are_locked(&streams), [at == 0, at == 1, at == 2]);
        }
    }

    #[test]
    fn for_what_leads_elsewhere_nothing_is_locked() {
        let (streams, other) = (streams(), Arc::new(stream_of_test(1)));
        let mut open = open(&streams, true);
        let set: Attributes = [("a", 1i64)].into_iter().collect();
        let slots = open.slots(0, &streams[0]);
        assert!(slots.is_some_and(|slots| !slots.acquire(&set, Timestamp(1)).1));
        assert!(open.slots(1, &other).is_none() && open.slots(3, &other).is_none());
        assert_eq!(are_locked(&streams), [false; 3]);
        assert!(lock(&streams[0].slots).known(&set).is_some());
        assert!(Open::none().slots(0, &streams[0]).is_none());
    }
}
