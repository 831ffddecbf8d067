//! An engine that is ready to be measured.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Counter, Histogram};

use crate::{Engine, Row, text};

/// Does something on the thread of this number so many times; how long it took.
pub(super) type Work = dyn Fn(usize, u64) -> Duration + Send + Sync;

/// The attribute sets of a case.
pub(super) type Sets = Arc<[Box<[KeyValue]>]>;

/// Values over all default buckets; sums of them are exact in doubles.
const VALUES: [f64; 16] = [
    3.0, 7.0, 17.0, 31.0, 62.0, 80.0, 120.0, 260.0, 510.0, 800.0, 1200.0, 2600.0, 6000.0, 9000.0, 12000.0,
    40.0,
];

/// An engine, and what is done to it.
pub(super) struct Subject {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) work: Arc<Work>,
    /// The most times the work is done where only its outcome matters.
    pub(super) times_quick: u64,
    /// How many measurements its metrics must have; `None` if the work is something else.
    made: Option<AtomicU64>,
    /// What is done before its metrics are looked at, so that there are some: work, and how many times.
    refresh: Option<(Arc<Work>, u64)>,
}

impl Subject {
    /// A subject whose work is one measurement, after so many others.
    pub(super) fn recording(engine: Arc<dyn Engine>, before: u64, work: Arc<Work>) -> Self {
        Self { engine, work, times_quick: u64::MAX, made: Some(AtomicU64::new(before)), refresh: None }
    }

    /// A subject whose work is a collection; before each, outside of what is timed, every one of so many series that
    /// `recorded` measures with is measured once.
    pub(super) fn collecting(recorded: Self, series: u64) -> Self {
        let Self { engine, work: between, .. } = recorded;
        let work = collecting(engine.clone(), between.clone(), series);
        Self { engine, work, times_quick: 2, made: None, refresh: Some((between, series)) }
    }

    /// Takes note of measurements to come.
    pub(super) fn note(&self, times: u64) {
        if let Some(made) = &self.made {
            made.fetch_add(times, Ordering::Relaxed);
        }
    }

    /// Does the work so many times, outside of any timing.
    pub(super) fn warm_up(&self, times: u64) {
        self.note(times);
        (self.work)(0, times);
    }

    /// What the first reader gives out.
    pub(super) fn rows(&self) -> Result<Vec<Row>, String> {
        if let Some((work, times)) = &self.refresh {
            work(0, *times);
        }
        self.engine.collect(0)
    }

    /// That nothing was lost or counted twice.
    ///
    /// # Errors
    ///
    /// How many measurements were made, and how many are in the metrics.
    pub(super) fn check_total(&self) -> Result<(), String> {
        let Some(made) = &self.made else { return Ok(()) };
        let rows = self.rows()?;
        let (made, found) = (made.load(Ordering::Relaxed) as f64, rows.iter().map(Row::amount).sum::<f64>());
        if made == found {
            return Ok(());
        }
        let shown = text(rows.get(..3).unwrap_or(&rows));
        Err(format!("{made} measurements were made and {found} are in the metrics ({shown} ...)"))
    }
}

/// Measures with each set in turn, from the first on.
fn in_turn(sets: &[Box<[KeyValue]>], times: u64, mut measure: impl FnMut(&[KeyValue], f64)) -> Duration {
    let start = Instant::now();
    let mut left = times;
    let mut values = VALUES.iter().cycle();
    while left > 0 {
        for set in sets.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            measure(black_box(set), values.next().copied().unwrap_or_default());
            left -= 1;
        }
    }
    start.elapsed()
}

/// Counts in a register: what it takes depends on the processor alone.
pub(super) fn counting() -> Arc<Work> {
    Arc::new(|_, times| {
        let start = Instant::now();
        (0..times).for_each(|number| {
            black_box(number);
        });
        start.elapsed()
    })
}

/// Adds 1 with each set in turn.
pub(super) fn adding(counter: Counter<u64>, sets: Sets) -> Arc<Work> {
    Arc::new(move |_, times| in_turn(&sets, times, |set, _| counter.add(black_box(1), set)))
}

/// Records a value with each set in turn.
pub(super) fn recording(histogram: Histogram<f64>, sets: Sets) -> Arc<Work> {
    Arc::new(move |_, times| in_turn(&sets, times, |set, value| histogram.record(black_box(value), set)))
}

/// Adds 1 to a bound counter.
pub(super) fn adding_bound(counter: BoundCounter<u64>) -> Arc<Work> {
    Arc::new(move |_, times| {
        let start = Instant::now();
        for _ in 0..times {
            black_box(&counter).add(black_box(1));
        }
        start.elapsed()
    })
}

/// Records values with a bound histogram.
pub(super) fn recording_bound(histogram: BoundHistogram<f64>) -> Arc<Work> {
    Arc::new(move |_, times| {
        let start = Instant::now();
        for value in VALUES.iter().cycle().take(usize::try_from(times).unwrap_or(usize::MAX)) {
            black_box(&histogram).record(black_box(*value));
        }
        start.elapsed()
    })
}

fn collecting(engine: Arc<dyn Engine>, between: Arc<Work>, series: u64) -> Arc<Work> {
    Arc::new(move |thread, times| {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            between(thread, series);
            let start = Instant::now();
            let collected = engine.collect_only();
            took += start.elapsed();
            assert!(collected, "the engine cannot collect");
        }
        took
    })
}
