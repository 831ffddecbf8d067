//! What a delta stream keeps of the series that it forgets with every collection: their places, for one interval.

use wasmeter_model::{Number, Temporality};

use super::*;
use crate::stream::{Output, Storage};
use crate::views::Aggregator;

/// A stream of deltas of a sum.
pub(crate) fn stream(limit: usize) -> Stream {
    let key = StreamKey {
        resource: Arc::default(),
        scope: Arc::default(),
        name: "s".into(),
        unit: "".into(),
        output: Output::Sum { monotonic: true, number: None },
        aggregator: Aggregator::Sum,
        temporality: Temporality::Delta,
        storage: Storage::Accumulated,
        duplicate: 0,
    };
    let description = Description::new("".into(), false, 0);
    Stream::new(key, description, Combine::Sum, limit, Timestamp(1))
}

fn slots(limit: usize) -> Slots {
    stream(limit).slots.into_inner()
}

fn set(number: i64) -> Attributes {
    [("number", number)].into_iter().collect()
}

fn finish(slots: &mut Slots, now: u64) {
    slots.begin_collection(Temporality::Delta, Timestamp(now));
    while slots.pass(1, |_, _| Passed::Collected) {}
    slots.end_collection();
}

/// Starts of the series there are.
fn starts(slots: &Slots) -> Vec<u64> {
    slots.iter_in(0..slots.places()).map(|slot| slot.start.0).collect()
}

#[test]
fn a_series_that_goes_on_is_a_new_one_in_its_old_place() {
    let mut slots = slots(10);
    let (id, _) = slots.acquire(&set(1), Timestamp(1));
    let slot = slots.get(id).unwrap();
    slot.add(Number::Int(5), None);
    (slot.touched, slot.fresh) = (true, false);
    finish(&mut slots, 10);
    assert!(slots.get(id).is_none() && slots.known(&set(1)).is_none());
    assert_eq!((slots.len(), starts(&slots)), (0, vec![]));
    slots.resume(id, Timestamp(10));
    let slot = slots.get(id).unwrap();
    assert!(slot.fresh && !slot.touched && slot.state.is_empty());
    assert_eq!((slots.len(), starts(&slots), slots.table.len()), (1, vec![10], 1));
}

#[test]
fn a_place_is_kept_for_one_interval() {
    let mut slots = slots(10);
    let (id, _) = slots.acquire(&set(1), Timestamp(1));
    finish(&mut slots, 10);
    finish(&mut slots, 20);
    slots.resume(id, Timestamp(20));
    assert!(slots.get(id).is_none());
    assert!(slots.index.is_empty() && slots.table.iter().all(Option::is_none));
    for interval in 3..100 {
        slots.acquire(&set(interval), Timestamp(1));
        finish(&mut slots, 10 * interval.unsigned_abs());
    }
    assert_eq!(slots.table.len(), 2, "one is kept, one is new");
}

#[test]
fn a_place_that_is_kept_takes_no_room_under_the_limit() {
    let mut slots = slots(2);
    let [old, other] = [1, 2].map(|number| slots.acquire(&set(number), Timestamp(1)).0);
    assert!(slots.acquire(&set(3), Timestamp(1)).1, "the overflow");
    finish(&mut slots, 10);
    slots.resume(old, Timestamp(10));
    assert!(slots.has_room());
    assert!(!slots.acquire(&set(4), Timestamp(10)).1, "there is room for one that is new");
    slots.resume(other, Timestamp(10));
    assert!(slots.get(other).is_none() && slots.acquire(&set(2), Timestamp(10)).1, "and then for no more");
    assert_eq!(slots.len(), 3);
    // The places of series that nothing was heard of make way first.
    assert!(slots.table.len() <= 4, "{} places", slots.table.len());
}

#[test]
fn a_limit_that_a_swap_lowers_holds_for_places_that_are_kept() {
    let mut slots = slots(2);
    let ids = [1, 2].map(|number| slots.acquire(&set(number), Timestamp(1)).0);
    finish(&mut slots, 10);
    slots.limit = 1;
    ids.iter().for_each(|id| slots.resume(*id, Timestamp(10)));
    assert_eq!(slots.len(), 1);
}

#[test]
fn routes_to_a_place_that_is_kept_count() {
    let mut slots = slots(10);
    let (id, _) = slots.acquire(&set(1), Timestamp(1));
    finish(&mut slots, 10);
    assert_eq!(slots.acquire(&set(1), Timestamp(10)), (id, false));
    assert!(!slots.release(id) && slots.release(id), "it had one route more");
    assert!(slots.end_if_unrouted(id, Timestamp(11), None));
}

#[test]
fn a_histogram_begins_empty_in_the_room_of_the_one_before_if_it_has_its_bounds() {
    let mut slots = slots(10);
    let (id, _) = slots.acquire(&set(1), Timestamp(1));
    let bounds = || Arc::from([1.0, 2.0]);
    let kept: Arc<[f64]> = bounds();
    slots.get(id).unwrap().explicit_of(&kept).unwrap().record(1.5);
    finish(&mut slots, 10);
    slots.resume(id, Timestamp(10));
    let histogram = slots.get(id).unwrap().explicit_of(&kept).unwrap();
    let totals = histogram.totals();
    let extremes = (totals.min(), totals.max(), totals.sum());
    assert_eq!((totals.count(), histogram.counts(), extremes), (0, &[0, 0, 0][..], (None, None, Some(0.0))));
    finish(&mut slots, 20);
    slots.resume(id, Timestamp(20));
    let other: Arc<[f64]> = Arc::from([5.0]);
    assert_eq!(slots.get(id).unwrap().explicit_of(&other).unwrap().bounds(), [5.0]);
}

/// Contributes to the series of a route, as the engine does.
fn contribute(slots: &mut Slots, id: SlotId) -> Option<&mut Slot> {
    slots.resume(id, Timestamp::UNKNOWN);
    let slot = slots.get(id)?;
    slot.add(Number::Int(1), None);
    slot.touched = true;
    Some(slot)
}

/// The starts and sets of what a collection comes to next.
fn pass(slots: &mut Slots, most: usize) -> Vec<(u64, Attributes)> {
    let mut passed = Vec::new();
    slots.pass(most, |slot, _| {
        passed.push((slot.start.0, slot.attributes.clone()));
        Passed::Collected
    });
    passed
}

#[test]
fn a_place_ahead_of_a_collection_is_of_its_interval_and_one_behind_of_the_next() {
    let mut slots = slots(10);
    let ids = [1, 2].map(|number| slots.acquire(&set(number), Timestamp(1)).0);
    finish(&mut slots, 10);
    contribute(&mut slots, ids[0]).unwrap();
    slots.begin_collection(Temporality::Delta, Timestamp(20));
    assert_eq!(pass(&mut slots, 1), [(10, set(1))]);
    for (id, start) in ids.into_iter().zip([20, 10]) {
        assert_eq!(contribute(&mut slots, id).unwrap().start.0, start);
    }
    let forgotten = ids.map(|id| slots.interval_at(id).forgotten_until.0);
    assert_eq!(forgotten, [20, 0], "nothing of the second one may have been exported");
    assert_eq!(pass(&mut slots, 9), [(10, set(2))]);
    slots.end_collection();
    assert_eq!((starts(&slots), slots.len()), (vec![20], 1));
    assert_eq!((slots.interval_start, slots.forgotten_until), (Timestamp(20), Timestamp(20)));
}

#[test]
fn a_series_that_is_new_during_a_collection_is_of_the_next_interval_wherever_there_is_room() {
    let mut slots = slots(10);
    let ids = [1, 2, 3].map(|number| slots.acquire(&set(number), Timestamp(1)).0);
    finish(&mut slots, 10);
    contribute(&mut slots, ids[0]).unwrap();
    finish(&mut slots, 20);
    assert_eq!(slots.free.len(), 2, "two places that were kept for an interval are free");
    contribute(&mut slots, ids[0]).unwrap();
    slots.begin_collection(Temporality::Delta, Timestamp(30));
    assert_eq!(slots.acquire_for_interval(&set(7), Timestamp(1)), (SlotId { index: 3, epoch: 4 }, false));
    assert_eq!(pass(&mut slots, 9), [(20, set(1))]);
    slots.end_collection();
    assert_eq!(starts(&slots), [30]);
    assert!(slots.acquire(&set(8), Timestamp(30)).0.index < 3);
}

#[test]
fn an_interval_has_its_own_room_while_the_one_before_is_collected() {
    let mut slots = slots(2);
    let ids = [1, 2].map(|number| slots.acquire(&set(number), Timestamp(1)).0);
    finish(&mut slots, 10);
    for id in ids {
        contribute(&mut slots, id).unwrap();
    }
    slots.begin_collection(Temporality::Delta, Timestamp(20));
    let (new, overflows) = slots.acquire_for_interval(&set(3), Timestamp(1));
    assert!(!overflows, "the next interval has no series yet");
    contribute(&mut slots, new).unwrap();
    assert_eq!(pass(&mut slots, 9), [(10, set(1)), (10, set(2))]);
    contribute(&mut slots, ids[1]).unwrap();
    assert!(contribute(&mut slots, ids[0]).is_none() && !slots.has_room());
    assert!(slots.acquire_for_interval(&set(1), Timestamp(1)).1, "and now has two");
    slots.end_collection();
    assert_eq!(starts(&slots), [20, 20, 20]);
}

#[test]
fn a_place_ahead_of_a_collection_takes_no_series_that_its_interval_has_no_room_for() {
    let mut slots = slots(2);
    let ids = [1, 2].map(|number| slots.acquire(&set(number), Timestamp(1)).0);
    finish(&mut slots, 10);
    contribute(&mut slots, ids[1]).unwrap();
    slots.limit = 1;
    slots.begin_collection(Temporality::Delta, Timestamp(20));
    assert!(contribute(&mut slots, ids[0]).is_none());
    assert!(slots.acquire_for_interval(&set(1), Timestamp(1)).1 && slots.has_room());
    assert_eq!(pass(&mut slots, 9), [(10, set(2))]);
    slots.end_collection();
    assert!(!slots.acquire_for_interval(&set(1), Timestamp(1)).1);
}

#[test]
fn what_a_collection_leaves_goes_on_and_takes_room() {
    let mut slots = slots(1);
    let (id, _) = slots.acquire(&set(1), Timestamp(1));
    contribute(&mut slots, id).unwrap();
    slots.begin_collection(Temporality::Delta, Timestamp(20));
    assert!(!slots.pass(1, |_, _| Passed::Left));
    slots.end_collection();
    assert_eq!((starts(&slots), slots.has_room()), (vec![1], false));
    assert_eq!(slots.forgotten_until, Timestamp::UNKNOWN, "nothing was exported");
    assert!(slots.acquire_for_interval(&set(2), Timestamp(1)).1);
}
