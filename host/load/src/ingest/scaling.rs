//! What two threads take in at the same time, beside the same one after the other.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::Context;
use wasmeter_engine::Engine;
use wasmeter_model::Timestamp;
use wasmeter_otlp::wire::Names;

use super::{NAMES_BYTES_MAX, SERIES, check_all, engine};
use crate::requests::{Flow, Kind, Load, Requests};

/// Rounds of requests of each thread, each with a point of every one of its series.
const ROUNDS: usize = 20;
/// How often either is measured, in turns; the fastest counts.
const PASSES: usize = 5;

/// What the senders of two threads give.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    /// Whose series they send.
    pub(crate) case: &'static str,
    /// Points per second while one thread takes all in.
    pub(crate) one: f64,
    /// Points per second while each of two takes its own in.
    pub(crate) two: f64,
}

/// All requests of the next rounds, made before the clock starts.
fn bodies(requests: &mut Requests) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for _ in 0..ROUNDS {
        bodies.extend(requests.next().map(<[u8]>::to_vec));
    }
    bodies
}

fn take(bodies: &[Vec<u8>], names: &Names, engine: &Engine, now: Timestamp) -> anyhow::Result<()> {
    for body in bodies {
        let batch = names.read(body).context("a request is left to the decoder")?;
        engine.ingest_batch(&batch, now);
    }
    Ok(())
}

/// Takes each in on a thread of its own; how long the longer one took.
fn at_once(
    all: &[Vec<Vec<u8>>; 2],
    names: &Names,
    engine: &Engine,
    now: Timestamp,
) -> anyhow::Result<Duration> {
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        let threads = all.each_ref().map(|bodies| {
            scope.spawn(|| {
                start.wait();
                let begun = Instant::now();
                take(bodies, names, engine, now).map(|()| begun.elapsed())
            })
        });
        let times =
            threads.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked"))));
        let [first, second] = times;
        Ok(first?.max(second?))
    })
}

/// Two senders of these services, with series of their own.
pub(super) fn measure(case: &'static str, services: [&str; 2]) -> anyhow::Result<Scaling> {
    let (names, engine) = (Names::new(NAMES_BYTES_MAX), engine(2 * SERIES, Vec::new()));
    let [first, second] = services;
    let mut first = Requests::of_service(first, Load::even(Kind::Sum, Flow::Cumulative), 0..SERIES);
    let mut second =
        Requests::of_service(second, Load::even(Kind::Sum, Flow::Cumulative), SERIES..2 * SERIES);
    let points = (2 * SERIES * ROUNDS) as f64;
    let mut time = || {
        let all = [bodies(&mut first), bodies(&mut second)];
        (all, Timestamp(first.last().1))
    };
    // Nothing is known yet.
    let (all, now) = time();
    all.iter().try_for_each(|bodies| take(bodies, &names, &engine, now))?;
    let (mut one, mut two) = (Duration::MAX, Duration::MAX);
    for _ in 0..PASSES {
        let (all, now) = time();
        let begun = Instant::now();
        all.iter().try_for_each(|bodies| take(bodies, &names, &engine, now))?;
        one = one.min(begun.elapsed());
        let (all, now) = time();
        two = two.min(at_once(&all, &names, &engine, now)?);
    }
    check_all(&engine, first.last(), 2 * SERIES).context(case)?;
    Ok(Scaling { case, one: points / one.as_secs_f64(), two: points / two.as_secs_f64() })
}
