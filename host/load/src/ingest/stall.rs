//! How long a request waits because a collection is under way.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context;
use wasmeter_engine::Engine;
use wasmeter_model::Timestamp;
use wasmeter_otlp::wire::Names;

use super::{NAMES_BYTES_MAX, check, engine};
use crate::requests::{Flow, Kind, Load, Requests};

/// Rounds of requests, each with a point of every series.
const ROUNDS: usize = 3;

/// What one number of series gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stall {
    pub(crate) series: usize,
    /// The longest a request of a thousand points took while nothing was collected.
    pub(crate) alone_max: Duration,
    /// The longest while everything was collected once in every round.
    pub(crate) collected_max: Duration,
    /// The longest of those collections.
    pub(crate) collection_max: Duration,
}

/// The longest that taking one request in took. `begin` is called before each round.
fn longest(
    requests: &mut Requests,
    names: &Names,
    engine: &Engine,
    mut begin: impl FnMut(),
) -> anyhow::Result<Duration> {
    let mut longest = Duration::ZERO;
    for _ in 0..ROUNDS {
        let bodies: Vec<Vec<u8>> = requests.next().map(<[u8]>::to_vec).collect();
        let now = Timestamp(requests.last().1);
        begin();
        for body in &bodies {
            let begun = Instant::now();
            let batch = names.read(body).context("a request is left to the decoder")?;
            engine.ingest_batch(&batch, now);
            longest = longest.max(begun.elapsed());
        }
    }
    Ok(longest)
}

/// Takes requests in on this thread while another one collects.
pub(super) fn measure(series: usize) -> anyhow::Result<Stall> {
    let names = Names::new(NAMES_BYTES_MAX);
    let (mut requests, engine) =
        (Requests::new(Load::even(Kind::Sum, Flow::Cumulative), 0..series), engine(series, Vec::new()));
    longest(&mut requests, &names, &engine, || {})?;
    let alone_max = longest(&mut requests, &names, &engine, || {})?;
    let (begin, rounds) = mpsc::sync_channel(ROUNDS);
    let now = Timestamp(requests.last().1);
    let (collected_max, collection_max) = std::thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            for () in rounds {
                let begun = Instant::now();
                let frame = engine.collect(0, now);
                longest = longest.max(begun.elapsed());
                drop(frame);
            }
            longest
        });
        // Whoever cannot be told has panicked, which joining it shows.
        let taken = longest(&mut requests, &names, &engine, || begin.send(()).unwrap_or_default());
        drop(begin);
        (taken, collector.join().unwrap_or_default())
    });
    check(&engine, &requests).context("while being collected")?;
    Ok(Stall { series, alone_max, collected_max: collected_max?, collection_max })
}
