//! Where one thread leaves its measurements of one attribute set until a collection or a swap fetches them.

use thin_vec::ThinVec;
use wasmeter_model::{Attributes, Number, NumberKind, Timestamp};

use super::fence::{self, Patience};
use super::registers::Registers;
use super::staged::{Last, Shape, Staged};
use super::tally::{Reading, Tally};
use super::{Order, Owner};
use crate::aggregate::NumberSum;
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::sync::{Arc, UnsafeCell};

/// Where a measurement goes: a bit for the buffer, and two for what is kept.
mod way {
    /// Which of the two buffers.
    pub(super) const BUFFER: u8 = 1;
    /// Into a buffer rather than into the tally.
    pub(super) const STAGED: u8 = 2;
    /// With the time of the measurement.
    pub(super) const TIMED: u8 = 4;
}

/// Measurements of one source by one thread.
///
/// Only the total is kept if that is all the streams need. Otherwise there are two buffers: one is written to; to fetch, the other is
/// made ready and becomes the one, and once the thread is seen outside of a measurement, nobody writes to the first any more.
/// Either way a measurement takes no lock and no locked instruction, and waits for nobody.
#[derive(Debug)]
pub(crate) struct Cell {
    tally: Tally,
    way: AtomicU8,
    /// True while the thread is in the middle of a measurement.
    is_busy: AtomicBool,
    /// True if something was staged since the last time.
    is_dirty: AtomicBool,
    buffers: [UnsafeCell<Option<Box<Staged>>>; 2],
    /// The instrument.
    pub(super) owner: u64,
    /// Of the attributes in the order they are given in.
    pub(super) hash: u64,
    pub(super) attributes: Attributes,
    pub(super) order: Order,
}

// SAFETY: all but `buffers` is shareable by itself. The buffer that `way` names is touched by the one thread that records, and
// only while `is_busy`; the other one by the one thread that fetches, and only after `settle`, which see.
unsafe impl Sync for Cell {}

/// Empty room.
pub(crate) type Spare = Vec<Box<Staged>>;

/// The fetching side of a [`Cell`]. There is one for each cell.
#[derive(Debug)]
pub(crate) struct Tap {
    cell: Arc<Cell>,
    /// What was fetched so far.
    fetched: Reading,
}

impl Cell {
    fn new(owner: &Owner, hash: u64, attributes: Attributes, order: Order, shape: &Shape) -> Self {
        fence::prepare();
        let staged = (!shape.is_total_only()).then(|| Box::new(Staged::new(shape, owner.kind)));
        Self {
            tally: Tally::default(),
            way: AtomicU8::new(way_of(shape)),
            is_busy: AtomicBool::new(false),
            is_dirty: AtomicBool::new(false),
            buffers: [UnsafeCell::new(staged), UnsafeCell::new(None)],
            owner: owner.uid,
            hash,
            attributes,
            order,
        }
    }

    /// A cell and its other end.
    pub(super) fn pair(
        owner: &Owner,
        hash: u64,
        attributes: &Attributes,
        order: Order,
        shape: &Shape,
    ) -> (Arc<Self>, Tap) {
        let cell = Arc::new(Self::new(owner, hash, attributes.clone(), order, shape));
        (cell.clone(), Tap { cell, fetched: Reading::default() })
    }

    /// Leaves a finite measurement. False if the total would leave its range; then nothing is left.
    ///
    /// # Safety
    ///
    /// By one thread at a time only, and whatever another one did before must have happened before.
    #[inline(always)]
    pub(super) unsafe fn record(&self, value: Number, owner: &Owner, now: impl Fn() -> Timestamp) -> bool {
        let way = self.begin();
        if way & way::STAGED == 0 {
            let left = self.tally.add(value);
            self.end();
            return left;
        }
        if way & way::TIMED == 0 {
            // SAFETY: the caller's promise, and the thread is busy.
            unsafe { self.stage(way, Registers::of(value)) };
            return true;
        }
        // SAFETY: as above.
        unsafe { self.stage_timed(way, Registers::of(value), owner, now) }
    }

    /// As [`Cell::record`] where the time does not matter. If it does, nothing is left either.
    ///
    /// # Safety
    ///
    /// As [`Cell::record`].
    #[inline(always)]
    pub(super) unsafe fn record_untimed(&self, value: Number) -> bool {
        let way = self.begin();
        if way & way::STAGED == 0 {
            let left = self.tally.add(value);
            self.end();
            return left;
        }
        if way & way::TIMED != 0 {
            self.end();
            return false;
        }
        // SAFETY: the caller's promise, and the thread is busy.
        unsafe { self.stage(way, Registers::of(value)) };
        true
    }

    /// Leaves a measurement in a buffer, apart so that a sum does not carry the weight of that.
    ///
    /// # Safety
    ///
    /// As [`Cell::record`], and the thread is busy and has found `way`.
    #[inline(never)]
    unsafe fn stage(&self, way: u8, value: Registers) {
        self.buffer(way).with_mut(|buffer| {
            // SAFETY: this is the buffer that `way` names, and the thread is busy; whoever fetches has left it alone since.
            if let Some(staged) = unsafe { &mut *buffer } {
                staged.record_untimed(value);
            }
        });
        self.is_dirty.store(true, Ordering::Relaxed);
        self.end();
    }

    /// The buffer that `way` names.
    #[inline(always)]
    fn buffer(&self, way: u8) -> &UnsafeCell<Option<Box<Staged>>> {
        let [first, second] = &self.buffers;
        if way & way::BUFFER == 0 { first } else { second }
    }

    /// The thread is busy from here on; returns where it may write to.
    #[inline(always)]
    fn begin(&self) -> u8 {
        self.is_busy.store(true, Ordering::Relaxed);
        fence::light();
        self.way.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn end(&self) {
        self.is_busy.store(false, Ordering::Release);
    }

    /// As [`Cell::stage`] where the time matters, or did when the thread looked.
    ///
    /// # Safety
    ///
    /// As [`Cell::stage`].
    #[inline(never)]
    unsafe fn stage_timed(
        &self,
        mut way: u8,
        value: Registers,
        owner: &Owner,
        now: impl Fn() -> Timestamp,
    ) -> bool {
        let mut time = None;
        while way & way::TIMED != 0 && time.is_none() {
            // Not while the thread is busy, since this is not our code.
            self.end();
            time = Some(now());
            way = self.begin();
        }
        let value = value.number();
        let mut left = true;
        if way & way::STAGED == 0 {
            // A swap came between.
            left = self.tally.add(value);
        } else {
            let last = time.filter(|_| way & way::TIMED != 0);
            let last = last.map(|time| Last { value, time, order: owner.next_order() });
            self.buffer(way).with_mut(|buffer| {
                // SAFETY: this is the buffer that `way` names, and the thread is busy; whoever fetches has left it alone since.
                if let Some(staged) = unsafe { &mut *buffer } {
                    staged.record(value, last);
                }
            });
            self.is_dirty.store(true, Ordering::Relaxed);
        }
        self.end();
        left
    }
}

fn way_of(shape: &Shape) -> u8 {
    match shape {
        shape if shape.is_total_only() => 0,
        shape if shape.has_time() => way::STAGED | way::TIMED,
        _ => way::STAGED,
    }
}

impl Tap {
    /// Calls `then` with the counts and totals that were left since the last time, and lets go of the cells that no thread writes any more.
    pub(crate) fn fetch_totals(
        taps: &mut ThinVec<Self>,
        kind: NumberKind,
        mut then: impl FnMut(u64, NumberSum),
    ) {
        taps.retain_mut(|tap| {
            // Asked first: whatever the thread did before it let go is then seen below.
            let is_abandoned = tap.is_abandoned();
            if let Some((count, total)) = tap.fetch_total(kind) {
                then(count, total);
            }
            !is_abandoned || tap.is_dirty()
        });
    }

    /// True if no thread will write to the cell any more. What was written happened before then.
    fn is_abandoned(&mut self) -> bool {
        // The count is a plain load, and seldom is there a need for more.
        Arc::strong_count(&self.cell) == 1 && Arc::get_mut(&mut self.cell).is_some()
    }

    fn fetch_total(&mut self, kind: NumberKind) -> Option<(u64, NumberSum)> {
        let reading = self.cell.tally.read();
        if reading == self.fetched {
            return None;
        }
        Some(reading.since(std::mem::replace(&mut self.fetched, reading), kind))
    }

    /// True if something was staged since the last time.
    pub(crate) fn is_dirty(&self) -> bool {
        self.cell.is_dirty.load(Ordering::Relaxed)
    }

    /// Fetches what was staged, of all cells that `select` names, and leaves room of `shape` in its place. `spare` is where empty
    /// room is taken from. Calls `then` with the place of a cell's group and what it held.
    ///
    /// Whatever is measured from the end of this on is in the new room, whole.
    pub(crate) fn exchange(
        groups: &mut [ThinVec<Self>],
        select: impl Fn(&Self) -> bool,
        shape: &Shape,
        kind: NumberKind,
        spare: &mut Spare,
        mut then: impl FnMut(usize, Box<Staged>, &mut Spare),
    ) {
        for tap in groups.iter_mut().flatten().filter(|tap| select(tap)) {
            let make = || spare.pop().unwrap_or_else(|| Box::new(Staged::new(shape, kind)));
            let fresh = (!shape.is_total_only()).then(make);
            // SAFETY: the cells were settled the last time they were turned, right below.
            unsafe { tap.turn(fresh, shape) };
        }
        Self::settle(groups.iter().flatten());
        for (place, taps) in groups.iter_mut().enumerate() {
            for tap in taps {
                // SAFETY: the cells have just been settled.
                if let Some(staged) = unsafe { tap.take() } {
                    then(place, staged, spare);
                }
            }
        }
    }

    /// The buffer that the cell does not name.
    fn other(&self) -> (u8, &UnsafeCell<Option<Box<Staged>>>) {
        let other = (self.cell.way.load(Ordering::Relaxed) & way::BUFFER) ^ way::BUFFER;
        let [first, second] = &self.cell.buffers;
        (other, if other == 0 { first } else { second })
    }

    /// Sends the thread to the other buffer, which will be `fresh`.
    ///
    /// # Safety
    ///
    /// The cell has been settled since it was last turned.
    unsafe fn turn(&mut self, fresh: Option<Box<Staged>>, shape: &Shape) {
        let (other, buffer) = self.other();
        // SAFETY: the thread does not write to this buffer, by the caller's promise, and this is the only fetching side.
        buffer.with_mut(|buffer| unsafe { *buffer = fresh });
        self.cell.is_dirty.store(false, Ordering::Relaxed);
        self.cell.way.store(way_of(shape) | other, Ordering::Release);
    }

    /// Waits until no measurement goes where it went before the cells were turned.
    fn settle<'a>(turned: impl Iterator<Item = &'a Self>) {
        // A thread that gets busy after this loads the new `way`; one that got busy before is seen.
        fence::heavy();
        for tap in turned {
            let mut patience = Patience::default();
            while tap.cell.is_busy.load(Ordering::Acquire) {
                patience.wait();
            }
        }
    }

    /// What the thread has staged in the buffer that it was sent away from.
    ///
    /// # Safety
    ///
    /// As [`Tap::turn`].
    unsafe fn take(&mut self) -> Option<Box<Staged>> {
        let (_, buffer) = self.other();
        // SAFETY: as in `turn`.
        buffer.with_mut(|buffer| unsafe { (*buffer).take() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::Aggregator;

    /// One thread measures, another fetches and changes the shape all the time: nothing is lost, nothing is counted twice.
    #[test]
    fn every_measurement_is_fetched_once_whatever_the_shape() {
        let owner = Owner::new(NumberKind::Int);
        let total = Shape::default();
        let mut histogram = Shape::default();
        histogram.include(
            &Aggregator::Explicit { boundaries: None, record_min_max: true, approximate: false },
            &[10.0].into(),
        );
        histogram.include_total();
        let mut timed = histogram.clone();
        timed.include(&Aggregator::LastValue, &[].into());
        let (cell, tap) = Cell::pair(&owner, 0, &Attributes::empty(), Order::SORTED, &total);
        let mut groups = [thin_vec::thin_vec![tap]];
        let measurements = 400_000i64;
        let (mut count, mut sum, mut bucketed) = (0, 0, 0);
        std::thread::scope(|scope| {
            let measuring = scope.spawn(|| {
                for value in 1..=measurements {
                    // SAFETY: this is the only thread that measures.
                    assert!(unsafe { cell.record(Number::Int(value), &owner, || Timestamp::from_secs(1)) });
                }
            });
            let shapes = [&histogram, &timed, &total, &total, &histogram, &total];
            for shape in shapes.into_iter().cycle() {
                let is_last = measuring.is_finished();
                Tap::exchange(
                    &mut groups,
                    |_| true,
                    shape,
                    NumberKind::Int,
                    &mut Vec::new(),
                    |_, staged, _| {
                        count += staged.count;
                        let Number::Int(added) = staged.total.get() else { unreachable!() };
                        sum += added;
                        let buckets = staged.explicit(&[10.0]).unwrap();
                        assert_eq!(buckets.counts.iter().sum::<u64>(), staged.count);
                        bucketed += staged.count;
                    },
                );
                if let Some((more, NumberSum::Int(added))) = groups[0][0].fetch_total(NumberKind::Int) {
                    count += more;
                    sum += i64::try_from(added.get()).unwrap();
                }
                if is_last {
                    break;
                }
            }
        });
        assert_eq!(count, measurements.unsigned_abs());
        assert_eq!(sum, measurements * (measurements + 1) / 2);
        assert!(bucketed <= count);
    }
}
