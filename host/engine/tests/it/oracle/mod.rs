//! The oracle: random histories, seeded, through the engine's public face only, and what must come out of them by plain
//! counting over all that was measured. Nothing here knows of routes, slots or baselines.
//!
//! The gate runs the same cases every time. `ORACLE_SEED=n` runs others, `ORACLE_RUNS=n` more of them. A failure is told
//! with its seed and the shortest history that still fails.

mod explicit;
mod exponential;
mod received;
mod recorded;
mod threads;

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use wasmeter_engine::Engine;
use wasmeter_model::frame::{ExponentialRef, Frame, HistogramRef};

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, expected a number")))
}

/// Tries `cases` values of a strategy; `test` panics or gives an error if a property does not hold.
fn check<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: Debug,
{
    let seed = from_environment("ORACLE_SEED").unwrap_or(17);
    let cases = from_environment("ORACLE_RUNS").map_or(cases, |runs| u32::try_from(runs).unwrap_or(u32::MAX));
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 4096,
        ..Config::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, test) {
        panic!("replay with ORACLE_SEED={seed}: {failure}");
    }
}

/// The only histogram of a frame; none if it has none.
fn histogram<'a>(frame: &'a Frame) -> Option<HistogramRef<'a>> {
    let mut all = frame.metrics().flat_map(|metric| metric.histograms().collect::<Vec<_>>());
    let first = all.next();
    assert!(all.next().is_none(), "one series");
    first
}

/// Likewise of exponential ones.
fn exponential_histogram<'a>(frame: &'a Frame) -> Option<ExponentialRef<'a>> {
    let mut all = frame.metrics().flat_map(|metric| metric.exponentials().collect::<Vec<_>>());
    let first = all.next();
    assert!(all.next().is_none(), "one series");
    first
}

/// A collection of each of the first two readers.
fn collect_both(engine: &Engine, secs: u64) -> [Frame; 2] {
    [0, 1].map(|reader| engine.collect(reader, crate::support::at(secs)))
}
