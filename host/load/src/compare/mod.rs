//! Whole programs under the same load: wasmeter beside the OpenTelemetry Collector. `cargo xtask bench compare` runs this.
//!
//! The program under test has one processor, the sender another. A sender has several connections, each with series of its
//! own, and sends on each as fast as it is answered; work is fixed, time is measured. Afterwards the totals on the program's
//! page are compared with what was acknowledged.

mod page;
pub(crate) mod program;
mod raw;
pub(crate) mod scenario;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use bytes::Bytes;
use wasmeter_otlp::Compression;

use crate::http::fetch;
use crate::link::{Link, Transport};
use crate::requests::Requests;
pub(crate) use page::{markdown, table};
use program::Program;
pub(crate) use raw::lines;
use scenario::{SCENARIOS, Scenario};

/// How the same requests travel.
const TRANSPORTS: [Transport; 4] = [
    Transport::Http(Compression::None),
    Transport::Http(Compression::Gzip),
    Transport::Http(Compression::Zstd),
    Transport::Grpc,
];
/// Connections that send at a time.
const CONNECTIONS: usize = 4;
/// Rounds that are sent before the clock starts: all series are known then, and the program is warm.
const ROUNDS_BEFORE: usize = 2;

/// What to run.
pub(crate) struct Options {
    pub(crate) wasmeter: PathBuf,
    /// None: only wasmeter runs.
    pub(crate) collector: Option<PathBuf>,
    /// The processor of the program under test, and that of the sender; `None` leaves it to the system.
    pub(crate) processors: Option<(usize, usize)>,
    pub(crate) series: usize,
    /// How many points each series gets.
    pub(crate) rounds: usize,
    /// Only the scenarios whose name contains this.
    pub(crate) filter: Option<String>,
}

/// What a program made of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) scenario: &'static str,
    pub(crate) transport: Transport,
    pub(crate) program: &'static str,
    /// Acknowledged, while the clock ran.
    pub(crate) points: u64,
    pub(crate) took: Duration,
    /// Processor time of the program.
    pub(crate) busy: Duration,
    pub(crate) resident_bytes_max: u64,
    /// What was acknowledged, and what its page says; the latter is `None` where nothing is kept.
    pub(crate) total: (f64, Option<f64>),
}

impl Outcome {
    pub(crate) fn points_per_sec(&self) -> f64 {
        self.points as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn is_right(&self) -> bool {
        self.total.1.is_none_or(|found| found == self.total.0)
    }
}

/// A connection, its series, and their requests, made before the clock starts.
struct Sender {
    to: Link,
    transport: Transport,
    requests: Requests,
    rounds: Vec<Vec<Bytes>>,
}

impl Sender {
    /// Makes the requests of so many rounds.
    fn prepare(&mut self, rounds: usize) -> anyhow::Result<()> {
        self.rounds.clear();
        for _ in 0..rounds {
            let transport = self.transport;
            let bodies = self.requests.next().map(|body| transport.body(body));
            self.rounds.push(bodies.collect::<anyhow::Result<_>>()?);
        }
        Ok(())
    }

    /// Sends what was prepared.
    fn send(&mut self) -> anyhow::Result<()> {
        self.rounds.iter().flatten().try_for_each(|body| self.to.send_taken(body))
    }
}

/// Has every sender do something at the same time.
fn all(
    senders: &mut [Sender],
    work: impl Fn(&mut Sender) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = senders.iter_mut().map(|sender| scope.spawn(move || work(sender))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a sender panicked"))?)
    })
}

fn measure(
    scenario: &Scenario,
    transport: Transport,
    name: &'static str,
    program: Program,
    options: &Options,
) -> anyhow::Result<Outcome> {
    let share = options.series / CONNECTIONS;
    let mut senders = (0..CONNECTIONS)
        .map(|place| {
            let series = place * share..(place + 1) * share;
            let requests = Requests::new(scenario.kind, scenario.flow, series);
            let to = Link::to(program.otlp(transport), transport)?;
            Ok(Sender { to, transport, requests, rounds: Vec::new() })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    senders.iter_mut().try_for_each(|sender| sender.prepare(ROUNDS_BEFORE))?;
    all(&mut senders, Sender::send).context("before the clock starts")?;
    senders.iter_mut().try_for_each(|sender| sender.prepare(options.rounds))?;
    let (busy, begun) = (program.busy()?, Instant::now());
    all(&mut senders, Sender::send)?;
    let took = begun.elapsed();
    let busy = program.busy()?.saturating_sub(busy);
    let series = (share * CONNECTIONS) as u64;
    // Every series stands at the number of its points, however they were sent.
    let expected = (series * (options.rounds + ROUNDS_BEFORE) as u64) as f64;
    let found = match program.page {
        Some(page) if scenario.keeps_state(name) => Some(total(&fetch(page, "/metrics")?)?),
        _ => None,
    };
    Ok(Outcome {
        scenario: scenario.name,
        transport,
        program: name,
        points: series * options.rounds as u64,
        took,
        busy,
        resident_bytes_max: program.resident_bytes_max()?,
        total: (expected, found),
    })
}

/// The sum of all series of the load on a page.
pub(crate) fn total(page: &str) -> anyhow::Result<f64> {
    let samples = wasmeter_prometheus::parse_page(page)?;
    let ours = samples.iter().filter(|sample| {
        sample.name.starts_with("http_server_requests")
            && !sample.name.ends_with("_bucket")
            && !sample.name.ends_with("_sum")
    });
    Ok(ours.map(|sample| sample.value).sum())
}

/// Runs every scenario with every compression in every program.
///
/// # Errors
///
/// A program does not start or does not take what is sent.
pub(crate) fn run(options: &Options, mut tell: impl FnMut(&Outcome)) -> anyhow::Result<Vec<Outcome>> {
    let folder = std::env::temp_dir().join(format!("wasmeter-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    if let Some((_, sender)) = options.processors {
        program::pin_self(sender)?;
    }
    let mut outcomes = Vec::new();
    let is_wanted =
        |scenario: &&Scenario| options.filter.as_ref().is_none_or(|text| scenario.name.contains(text));
    for scenario in SCENARIOS.iter().filter(is_wanted) {
        for transport in TRANSPORTS {
            let processor = options.processors.map(|(program, _)| program);
            let ours = Program::wasmeter(&options.wasmeter, &folder, scenario, options.series, processor)?;
            let theirs = |file: &PathBuf| Program::collector(file, &folder, scenario, processor);
            outcomes.push(
                measure(scenario, transport, scenario::WASMETER, ours, options)
                    .with_context(|| format!("wasmeter, {}", scenario.name))?,
            );
            outcomes.last().into_iter().for_each(&mut tell);
            if let Some(file) = &options.collector {
                outcomes.push(
                    measure(scenario, transport, scenario::COLLECTOR, theirs(file)?, options)
                        .with_context(|| format!("the Collector, {}", scenario.name))?,
                );
                outcomes.last().into_iter().for_each(&mut tell);
            }
        }
    }
    // What is left of it is in the system's folder for such things.
    let _removed = std::fs::remove_dir_all(&folder);
    Ok(outcomes)
}
