//! What two threads take in at the same time, beside the same one after the other, and beside what two threads take in that have
//! nothing in common: more than that the machine does not give, and how much it gives depends on who else is on it.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::Context;
use wasmeter_engine::Engine;
use wasmeter_model::Timestamp;
use wasmeter_otlp::wire::Names;

use super::{NAMES_BYTES_MAX, SERIES, check_all, engine};
use crate::requests::{Flow, Kind, Load, Requests};

/// Rounds of requests of each thread, each with a point of every one of its series.
const ROUNDS: usize = 10;
/// How often each is measured, in turns; the median counts.
const PASSES: usize = 21;

/// What the senders of two threads give, in points per second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    /// Whose series they send.
    pub(crate) case: &'static str,
    /// While one thread takes all in.
    pub(crate) one: f64,
    /// While each of two takes its own in.
    pub(crate) two: f64,
    /// The same, and each has an engine for itself.
    pub(crate) apart: f64,
    /// The median of `two / one` and of `two / apart` of each pass.
    pub(crate) times: f64,
    pub(crate) of_possible: f64,
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

/// What requests are read with, and what takes them in.
type Host = (Names, Engine);

fn host(series: usize) -> Host {
    (Names::new(NAMES_BYTES_MAX), engine(series, Vec::new()))
}

/// Takes each in on a thread of its own; how long the longer one took.
fn at_once(all: &[Vec<Vec<u8>>; 2], hosts: [&Host; 2], now: Timestamp) -> anyhow::Result<Duration> {
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        let [first, second] = all;
        let threads = [(first, hosts[0]), (second, hosts[1])].map(|(bodies, (names, engine))| {
            let start = &start;
            scope.spawn(move || {
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

/// Two senders, and the time of their last points.
struct Senders([Requests; 2]);

impl Senders {
    fn new([first, second]: [&str; 2]) -> Self {
        let load = Load::even(Kind::Sum, Flow::Cumulative);
        Self([
            Requests::of_service(first, load, 0..SERIES),
            Requests::of_service(second, load, SERIES..2 * SERIES),
        ])
    }

    fn next(&mut self) -> ([Vec<Vec<u8>>; 2], Timestamp) {
        let all = self.0.each_mut().map(bodies);
        (all, Timestamp(self.0[0].last().1))
    }
}

pub(super) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Two senders of these services, with series of their own.
pub(super) fn measure(case: &'static str, services: [&str; 2]) -> anyhow::Result<Scaling> {
    let (common, own) = (host(2 * SERIES), [host(SERIES), host(SERIES)]);
    let (mut together, mut apart) = (Senders::new(services), Senders::new(services));
    let points_per_sec = |took: Duration| (2 * SERIES * ROUNDS) as f64 / took.as_secs_f64();
    let one_after_the_other = |(all, now): ([Vec<Vec<u8>>; 2], Timestamp), hosts: [&Host; 2]| {
        let begun = Instant::now();
        for (bodies, (names, engine)) in all.iter().zip(hosts) {
            take(bodies, names, engine, now)?;
        }
        anyhow::Ok(begun.elapsed())
    };
    // Nothing is known yet.
    one_after_the_other(together.next(), [&common; 2])?;
    one_after_the_other(apart.next(), own.each_ref())?;
    let mut passes = Vec::new();
    for _ in 0..PASSES {
        let one = one_after_the_other(together.next(), [&common; 2])?;
        let (all, now) = together.next();
        let two = at_once(&all, [&common; 2], now)?;
        let (all, now) = apart.next();
        passes.push([one, two, at_once(&all, own.each_ref(), now)?].map(points_per_sec));
    }
    check_all(&common.1, together.0[0].last(), 2 * SERIES).context(case)?;
    for (_, engine) in &own {
        check_all(engine, apart.0[0].last(), SERIES).context("an engine for itself")?;
    }
    let of = |value: fn(&[f64; 3]) -> f64| median(passes.iter().map(value).collect());
    Ok(Scaling {
        case,
        one: of(|pass| pass[0]),
        two: of(|pass| pass[1]),
        apart: of(|pass| pass[2]),
        times: of(|pass| pass[1] / pass[0]),
        of_possible: of(|pass| pass[1] / pass[2]),
    })
}
