//! The protocol of cells, tallies and fences under a model checker: each test runs through every interleaving with up to three
//! preemptions, and through every value that a load may see in the memory model of Rust, older ones included.
//!
//! That two fetch from one cell at a time needs no model: what fetches takes the [`Tap`] by `&mut`, there is one for each cell, and
//! it stands under its instrument's lock.
//!
//! Each of these changes has been made, one at a time, and was noticed by at least one of the tests; stress tests on real threads
//! notice hardly one of them.
//!
//! - `Tap::settle`: no wait; no fence; `is_busy` loaded `Relaxed`.
//! - `Tap::turn`: `way` stored before the fresh buffer is in its place; `Relaxed`; `is_dirty` taken back only after it.
//! - `Tap::fetch_totals`: whether a thread has let go is asked last; a cell let go of although something is staged in it.
//! - `Cell::begin` and `Cell::end`: `is_busy` not stored; no fence; `way` loaded `Relaxed`; `is_busy` taken back `Relaxed`.
//! - `Cell::record_untimed`: the thread not busy while it stages.
//! - `Cell::stage_timed`: `way` not loaded anew after the time is known; a turn to totals meanwhile not respected.
//! - `Tally::write`: the version not made odd; not made even again; no fence; the last store `Relaxed`.
//! - `Tally::read`: the first load `Relaxed`; no fence; no second look at the version.

use loom::sync::Mutex;
use loom::thread as checked;
use thin_vec::{ThinVec, thin_vec};
use wasmeter_model::{Attributes, Number, NumberKind, Timestamp};

use super::cell::{Cell, Tap};
use super::staged::Shape;
use super::{Order, Owner};
use crate::aggregate::NumberSum;
use crate::sync::Arc;
use crate::views::Aggregator;

/// Runs `body` through every interleaving of its threads.
fn explore(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(3);
    model.check(body);
}

/// What threads are asked to keep.
#[derive(Clone, Copy, Debug)]
enum Keep {
    Total,
    Histogram,
    Timed,
}

impl Keep {
    fn shape(self) -> Shape {
        let mut shape = Shape::default();
        if let Self::Histogram | Self::Timed = self {
            let histogram =
                Aggregator::Explicit { boundaries: None, record_min_max: true, approximate: false };
            shape.include(&histogram, &[5.0].into());
            shape.include_total();
        }
        if let Self::Timed = self {
            shape.include(&Aggregator::LastValue, &[].into());
        }
        shape
    }
}

/// A cell of integers.
fn cell(keep: Keep) -> (Arc<Cell>, Tap) {
    Cell::pair(&Owner::new(NumberKind::Int), 0, &Attributes::empty(), Order::SORTED, &keep.shape())
}

/// Measures in turn. The values are powers of ten, so that a sum tells which of them are in it, and how often.
fn measure(cell: &Cell, values: &[i64]) {
    let owner = Owner::new(NumberKind::Int);
    for (place, value) in values.iter().enumerate() {
        let value = Number::Int(*value);
        // Every other one first as bound instruments do. SAFETY: only one thread of a model measures with a cell at a time.
        let is_left = place % 2 == 1 && unsafe { cell.record_untimed(value) };
        // SAFETY: as above.
        assert!(is_left || unsafe { cell.record(value, &owner, || Timestamp::from_secs(1)) });
    }
}

/// What was fetched.
#[derive(Debug, Default, PartialEq)]
struct Fetched {
    count: u64,
    sum: i128,
}

impl Fetched {
    fn take_in(&mut self, count: u64, total: NumberSum) {
        let NumberSum::Int(sum) = total else { panic!("an integer was measured") };
        let sum = sum.get();
        // As many ones among the digits as measurements.
        let digits = sum.to_string().bytes().map(|digit| u64::from(digit - b'0')).sum::<u64>();
        assert_eq!(digits, count, "count and total are of the same measurements");
        self.count += count;
        self.sum += sum;
    }

    fn totals(&mut self, taps: &mut ThinVec<Tap>) {
        Tap::fetch_totals(taps, NumberKind::Int, |count, total| self.take_in(count, total));
    }

    fn staged(&mut self, taps: &mut ThinVec<Tap>, select: impl Fn(&Tap) -> bool, keep: Keep) {
        let mut groups = [std::mem::take(taps)];
        let shape = keep.shape();
        Tap::exchange(&mut groups, select, &shape, NumberKind::Int, &mut Vec::new(), |_, staged, _| {
            self.take_in(staged.count, staged.total);
            if let Some(histogram) = staged.explicit(&[5.0]) {
                assert_eq!(histogram.counts.iter().sum::<u64>(), staged.count, "and so are the buckets");
                assert_eq!(NumberSum::Double(histogram.sum).get().as_f64(), staged.total.get().as_f64());
            }
        });
        let [group] = groups;
        *taps = group;
    }

    /// As a swap does: totals only if these were kept before, and so are the last ones.
    fn all(&mut self, taps: &mut ThinVec<Tap>, [before, then]: [Keep; 2]) {
        self.staged(taps, |_| true, then);
        if before.shape().is_total_only() {
            self.totals(taps);
        }
    }
}

#[test]
fn a_total_is_read_whole_while_a_thread_measures() {
    explore(|| {
        let (cell, tap) = cell(Keep::Total);
        let measuring = checked::spawn(move || measure(&cell, &[1, 10]));
        let mut taps = thin_vec![tap];
        let mut fetched = Fetched::default();
        fetched.totals(&mut taps);
        fetched.totals(&mut taps);
        measuring.join().unwrap();
        fetched.totals(&mut taps);
        assert_eq!(fetched, Fetched { count: 2, sum: 11 });
    });
}

/// A double is kept in two halves.
#[test]
fn the_halves_of_a_double_are_read_together() {
    use super::tally::Tally;

    const SMALL: f64 = 1.0 / (1u64 << 60) as f64;
    explore(|| {
        let tally = Arc::new(Tally::default());
        let theirs = tally.clone();
        let measuring = checked::spawn(move || {
            for value in [SMALL, 1.0] {
                assert!(theirs.add(Number::Double(value)));
            }
        });
        let (count, sum) = tally.read().since(Default::default(), NumberKind::Double);
        let NumberSum::Double(sum) = sum else { panic!("doubles were measured") };
        let expected = [[0.0, 0.0], [SMALL, 0.0], [1.0, SMALL]];
        assert_eq!(Some(&sum.halves()), expected.get(usize::try_from(count).unwrap()), "{count}");
        measuring.join().unwrap();
        assert_eq!(tally.read().since(Default::default(), NumberKind::Double).0, 2);
    });
}

/// A thread measures, another turns it from one shape to the other.
fn every_measurement_is_fetched_once(shapes: [Keep; 3]) {
    explore(move || {
        let [before, then, after] = shapes;
        let (cell, tap) = cell(before);
        let measuring = checked::spawn(move || measure(&cell, &[1, 10]));
        let mut taps = thin_vec![tap];
        let mut fetched = Fetched::default();
        fetched.all(&mut taps, [before, then]);
        fetched.all(&mut taps, [then, after]);
        measuring.join().unwrap();
        fetched.all(&mut taps, [after, Keep::Total]);
        fetched.totals(&mut taps);
        assert_eq!(fetched, Fetched { count: 2, sum: 11 }, "{shapes:?}");
    });
}

#[test]
fn a_swap_from_totals_to_histograms_and_back_loses_nothing() {
    every_measurement_is_fetched_once([Keep::Total, Keep::Histogram, Keep::Total]);
}

#[test]
fn a_swap_from_histograms_to_totals_and_back_loses_nothing() {
    every_measurement_is_fetched_once([Keep::Histogram, Keep::Total, Keep::Histogram]);
}

#[test]
fn a_swap_from_totals_to_last_values_to_histograms_loses_nothing() {
    every_measurement_is_fetched_once([Keep::Total, Keep::Timed, Keep::Histogram]);
}

#[test]
fn a_swap_from_last_values_to_totals_and_back_loses_nothing() {
    every_measurement_is_fetched_once([Keep::Timed, Keep::Total, Keep::Timed]);
}

#[test]
fn a_swap_from_histograms_to_last_values_and_back_loses_nothing() {
    every_measurement_is_fetched_once([Keep::Histogram, Keep::Timed, Keep::Histogram]);
}

/// A collection fetches only from cells that say they were written to.
#[test]
fn what_a_collection_passes_by_the_next_one_fetches() {
    explore(|| {
        let (cell, tap) = cell(Keep::Histogram);
        let measuring = checked::spawn(move || measure(&cell, &[1, 10]));
        let mut taps = thin_vec![tap];
        let mut fetched = Fetched::default();
        for _ in 0..2 {
            fetched.staged(&mut taps, Tap::is_dirty, Keep::Histogram);
        }
        measuring.join().unwrap();
        fetched.staged(&mut taps, Tap::is_dirty, Keep::Histogram);
        assert_eq!(fetched, Fetched { count: 2, sum: 11 });
    });
}

/// A cell is let go of once its thread has, but not before all of it is fetched.
fn a_thread_that_ends_leaves_nothing_behind(keep: Keep) {
    explore(move || {
        let (cell, tap) = cell(keep);
        // Lets go of the cell when it ends.
        let measuring = checked::spawn(move || measure(&cell, &[1, 10]));
        let mut taps = thin_vec![tap];
        let mut fetched = Fetched::default();
        for _ in 0..2 {
            fetched.totals(&mut taps);
            fetched.staged(&mut taps, Tap::is_dirty, keep);
        }
        measuring.join().unwrap();
        fetched.totals(&mut taps);
        fetched.staged(&mut taps, Tap::is_dirty, keep);
        fetched.totals(&mut taps);
        assert_eq!(fetched, Fetched { count: 2, sum: 11 });
        assert!(taps.is_empty(), "nobody writes there any more");
    });
}

#[test]
fn a_thread_that_ends_leaves_no_total_behind() {
    a_thread_that_ends_leaves_nothing_behind(Keep::Total);
}

#[test]
fn a_thread_that_ends_leaves_no_histogram_behind() {
    a_thread_that_ends_leaves_nothing_behind(Keep::Histogram);
}

/// An instrument, as far as it matters here: one generation after the other, and what each was given.
struct Instrument {
    taps: ThinVec<Tap>,
    keeps: Keep,
    generations: Vec<Fetched>,
}

impl Instrument {
    fn collect(&mut self) {
        let current = self.generations.last_mut().unwrap();
        current.totals(&mut self.taps);
        if !self.keeps.shape().is_total_only() {
            current.staged(&mut self.taps, Tap::is_dirty, self.keeps);
        }
    }

    fn swap(&mut self, keep: Keep) {
        self.generations.last_mut().unwrap().all(&mut self.taps, [self.keeps, keep]);
        self.keeps = keep;
        self.generations.push(Fetched::default());
    }
}

/// One thread measures, one swaps and one collects. What is measured before the swap goes to the generation before, what is
/// measured after it to the one after, and all else to one of them.
fn each_measurement_goes_to_one_generation(before: Keep, after: Keep) {
    explore(move || {
        let (cell, tap) = cell(before);
        measure(&cell, &[1]);
        let instrument =
            Instrument { taps: thin_vec![tap], keeps: before, generations: vec![Fetched::default()] };
        let instrument = Arc::new(Mutex::new(instrument));
        let theirs = cell.clone();
        let measuring = checked::spawn(move || measure(&theirs, &[10]));
        let collected = instrument.clone();
        let collecting = checked::spawn(move || collected.lock().unwrap().collect());
        instrument.lock().unwrap().swap(after);
        measuring.join().unwrap();
        collecting.join().unwrap();
        measure(&cell, &[100]);
        let mut instrument = instrument.lock().unwrap();
        instrument.collect();
        let [old, new] = &instrument.generations[..] else { panic!("one swap") };
        assert_eq!(old.sum % 10, 1, "measured before the swap");
        assert_eq!(new.sum / 100, 1, "measured after it");
        assert_eq!((old.count + new.count, old.sum + new.sum), (3, 111));
    });
}

#[test]
fn each_total_goes_to_one_generation() {
    each_measurement_goes_to_one_generation(Keep::Total, Keep::Histogram);
}

#[test]
fn each_histogram_goes_to_one_generation() {
    each_measurement_goes_to_one_generation(Keep::Histogram, Keep::Total);
}

#[test]
fn each_last_value_goes_to_one_generation() {
    each_measurement_goes_to_one_generation(Keep::Timed, Keep::Histogram);
}
