//! What a collection takes on one thread and on two, beside two collections at once that have nothing in common.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::Context;
use wasmeter_engine::Engine;
use wasmeter_model::Timestamp;
use wasmeter_otlp::wire::Names;
use wasmeter_prometheus::{Format, Options, render};

use super::scaling::median;
use super::{NAMES_BYTES_MAX, check_all, engine_of};
use crate::requests::{Flow, Kind, Load, Requests};

/// So many services, each of which has a stream of its own.
const SERVICES: usize = 8;
const SERIES_OF_SERVICE: usize = 25_000;
const SERIES: usize = SERVICES * SERIES_OF_SERVICE;
/// How often each is measured, in turns; the median counts.
const PASSES: usize = 21;

/// Nanoseconds a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collecting {
    pub(crate) services: usize,
    pub(crate) series: usize,
    /// On one thread.
    pub(crate) one: f64,
    /// On two.
    pub(crate) two: f64,
    /// Half of the series in an engine of their own each, which are collected at once.
    pub(crate) apart: f64,
    /// The median of `one / two` and of `apart / two` of each pass.
    pub(crate) times: f64,
    pub(crate) of_possible: f64,
}

/// An engine with all series of some services, which collects on so many threads.
fn filled(services: std::ops::Range<usize>, threads: usize) -> anyhow::Result<(Engine, Timestamp)> {
    let names = Names::new(NAMES_BYTES_MAX);
    let series = services.len() * SERIES_OF_SERVICE;
    let engine = engine_of(series, Vec::new(), NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN));
    let mut last = None;
    for service in services {
        let places = service * SERIES_OF_SERVICE..(service + 1) * SERIES_OF_SERVICE;
        let load = Load::even(Kind::Sum, Flow::Cumulative);
        let mut requests = Requests::of_service(&format!("shop-{service}"), load, places);
        let bodies: Vec<Vec<u8>> = requests.next().map(<[u8]>::to_vec).collect();
        for body in &bodies {
            let batch = names.read(body).context("a request is left to the decoder")?;
            engine.ingest_batch(&batch, Timestamp(requests.last().1));
        }
        last = Some(requests.last());
    }
    let last = last.context("there is no service")?;
    check_all(&engine, last, series)?;
    Ok((engine, Timestamp(last.1)))
}

/// How long a collection takes, without letting go of the frame.
fn collect(engine: &Engine, now: Timestamp) -> Duration {
    let begun = Instant::now();
    let frame = black_box(engine.collect(0, now));
    let took = begun.elapsed();
    drop(frame);
    took
}

/// What a page says of all series. Engines do not collect their streams in the same order.
fn said(engine: &Engine, now: Timestamp) -> Vec<String> {
    let page = render(&engine.collect(0, now), Format::Text, &Options::default());
    let mut lines: Vec<String> = page.text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// Both at once; how long the longer one took.
fn at_once(engines: &[Engine; 2], now: Timestamp) -> Duration {
    let start = Barrier::new(2);
    let collected = |engine: &Engine| {
        start.wait();
        collect(engine, now)
    };
    std::thread::scope(|scope| {
        let [first, second] = engines;
        let other = scope.spawn(|| collected(second));
        let took = collected(first);
        // A panic ends the scope with another one.
        took.max(other.join().unwrap_or_default())
    })
}

/// Measures all of it.
pub(super) fn measure() -> anyhow::Result<Collecting> {
    let ((one, now), (two, _)) = (filled(0..SERVICES, 1)?, filled(0..SERVICES, 2)?);
    let halves = [filled(0..SERVICES / 2, 1)?.0, filled(SERVICES / 2..SERVICES, 1)?.0];
    anyhow::ensure!(said(&one, now) == said(&two, now), "two threads collect something else than one");
    let per_series = |took: Duration| took.as_secs_f64() * 1e9 / SERIES as f64;
    let passes: Vec<[f64; 3]> = (0..PASSES)
        .map(|_| [collect(&one, now), collect(&two, now), at_once(&halves, now)].map(per_series))
        .collect();
    let of = |value: fn(&[f64; 3]) -> f64| median(passes.iter().map(value).collect());
    Ok(Collecting {
        services: SERVICES,
        series: SERIES,
        one: of(|pass| pass[0]),
        two: of(|pass| pass[1]),
        apart: of(|pass| pass[2]),
        times: of(|pass| pass[0] / pass[1]),
        of_possible: of(|pass| pass[2] / pass[1]),
    })
}
