//! More than a host can take: what it does with the surplus, what memory that costs, and whether what it took is exact.
//! `cargo xtask bench overload` runs this.
//!
//! First all clients send in turn, a few at a time and as fast as they are answered, which gives the peak. Then all clients together send a multiple of
//! it, each by the clock and one request at a time, and give up what is refused. Then they send half of the peak, of which
//! nothing should be refused. The scenarios are those of `compare` whose series stay: what a client's series must stand at follows
//! from which of its requests were taken.

mod client;
mod page;

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use wasmeter_otlp::Compression;

use crate::compare::process::pin_self;
use crate::compare::program::{Binaries, Name, Program, Start};
use crate::compare::scenario::{Collector, SCENARIOS, Scenario, To};
use crate::link::Transport;
use crate::requests::{Kind, POINTS_PER_REQUEST};
use crate::standings::{Standings, Verdict};
use client::{Client, Pace, Tally};
pub(crate) use page::{markdown, table};

/// How the first scenario travels, and the others: making compressed requests takes much longer than sending them.
const TRANSPORTS: [Transport; 4] = [
    Transport::Http(Compression::None),
    Transport::Http(Compression::Gzip),
    Transport::Grpc(Compression::None),
    Transport::Grpc(Compression::Gzip),
];
const TRANSPORTS_OF_OTHERS: [Transport; 2] =
    [Transport::Http(Compression::None), Transport::Grpc(Compression::Gzip)];
/// How many requests are under way at the peak.
const SENDERS_AT_PEAK: usize = 8;
/// What the Collector's limiter is told.
pub(super) const COLLECTOR_MEMORY_MIB: u64 = 2048;
/// Requests of each client at the peak.
const REQUESTS_AT_PEAK: usize = 20;

/// What to run.
pub(crate) struct Options {
    pub(crate) binaries: Binaries,
    /// The processor of the program under test, and that of the clients; `None` leaves it to the system.
    pub(crate) processors: Option<(usize, usize)>,
    pub(crate) clients: usize,
    /// How many times the peak is sent.
    pub(crate) factor: f64,
    /// How long.
    pub(crate) secs: f64,
    /// Only the scenarios whose name contains this.
    pub(crate) filter: Option<String>,
}

/// What became of a scenario's load on one transport.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) scenario: &'static str,
    pub(crate) program: Name,
    pub(crate) transport: Transport,
    /// Points a second that were answered when there were never many requests under way.
    pub(crate) peak: f64,
    /// Points a second that were sent when it was too much, and that were taken of these.
    pub(crate) offered: f64,
    pub(crate) taken: f64,
    pub(crate) overload: Tally,
    pub(crate) half: Tally,
    /// Resident memory with the state of all series, before.
    pub(crate) resident_bytes: u64,
    /// The most beyond that, while it was too much.
    pub(crate) more_bytes_max: u64,
    /// Whether all series stand where what was acknowledged has them.
    pub(crate) verdict: Verdict,
}

impl Outcome {
    /// What is wrong with what wasmeter did, whatever the figures are.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.program != Name::Wasmeter {
            return None;
        }
        if !self.verdict.is_right() {
            return Some(self.verdict.text());
        }
        let mute = self.overload.refused_mutely + self.half.refused_mutely;
        (mute > 0).then(|| format!("{mute} refusals do not say when to come back"))
    }
}

/// Has every client send at its pace.
fn all(clients: &mut [Client], pace: Pace) -> anyhow::Result<(Tally, Duration)> {
    let begun = Instant::now();
    let tallies = std::thread::scope(|scope| {
        let send =
            |(place, client): (usize, _)| scope.spawn(move || Client::send(client, pace, place, begun));
        let threads: Vec<_> = clients.iter_mut().enumerate().map(send).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?);
        joined.collect::<anyhow::Result<Vec<Tally>>>()
    })?;
    Ok((tallies.into_iter().fold(Tally::default(), Tally::and), begun.elapsed()))
}

/// Has all clients send so many requests, of which a few are under way at a time.
fn at_peak(clients: &mut [Client]) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let send = |clients: &mut [Client]| {
            (0..REQUESTS_AT_PEAK).try_for_each(|_| clients.iter_mut().try_for_each(Client::send_taken))
        };
        let chunks = clients.chunks_mut(clients.len().div_ceil(SENDERS_AT_PEAK));
        let threads: Vec<_> = chunks.map(|clients| scope.spawn(move || send(clients))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?)
    })?;
    Ok(begun.elapsed())
}

/// The pace at which so many clients send so many points a second together.
fn paced(clients: usize, points_per_sec: f64, secs: f64) -> Pace {
    let every = (clients * POINTS_PER_REQUEST) as f64 / points_per_sec;
    Pace { requests: (secs / every).ceil() as usize, every: Duration::from_secs_f64(every), clients }
}

fn points_per_sec(requests: u64, took: Duration) -> f64 {
    (requests * POINTS_PER_REQUEST as u64) as f64 / took.as_secs_f64()
}

fn measure(name: Name, start: &Start<'_>, options: &Options) -> anyhow::Result<Outcome> {
    let program = Program::start(name, start)?;
    let (transport, load) = (start.transport, start.scenario.load);
    let host = program.otlp(transport);
    let clients = (0..options.clients).map(|place| Client::new(host, transport, load, place));
    let mut clients = clients.collect::<anyhow::Result<Vec<_>>>()?;
    for client in &mut clients {
        client.send_taken()?;
    }
    clients.iter_mut().try_for_each(|client| client.prepare(REQUESTS_AT_PEAK))?;
    let took = at_peak(&mut clients)?;
    let many = options.clients;
    let peak = points_per_sec((many * REQUESTS_AT_PEAK) as u64, took);

    let pace = paced(many, peak * options.factor, options.secs);
    clients.iter_mut().try_for_each(|client| client.prepare(pace.requests))?;
    program.process.forget_resident_bytes_max()?;
    let resident_bytes = program.process.resident_bytes()?;
    let (overload, took) = all(&mut clients, pace)?;
    let more_bytes_max = program.process.resident_bytes_max()?.saturating_sub(resident_bytes);
    let (offered, taken) =
        (points_per_sec(overload.taken + overload.refused, took), points_per_sec(overload.taken, took));

    let pace = paced(many, peak / 2.0, options.secs / 2.0);
    clients.iter_mut().try_for_each(|client| client.prepare(pace.requests))?;
    let (half, _) = all(&mut clients, pace)?;

    let mut sent = Standings::default();
    clients.iter().for_each(|client| client.add_standings(start.scenario.keep, &mut sent));
    // A program that is told to end waits for its clients.
    drop(clients);
    let said = program.finish(&(0..0))?.context("the program keeps nothing")?;
    Ok(Outcome {
        scenario: start.scenario.name,
        program: name,
        transport,
        peak,
        offered,
        taken,
        overload,
        half,
        resident_bytes,
        more_bytes_max,
        verdict: Verdict::of(&start.scenario.expected(sent), &said.standings),
    })
}

/// What is run: the scenarios whose series stay, since new ones are state and take what memory they take; the Collector stands
/// beside the host in the first of them.
fn cases(options: &Options) -> Vec<(&'static Scenario, Transport, Name)> {
    let has_program = |name: &Name| options.binaries.of(*name).is_some();
    let is_wanted = |(_, scenario): &(usize, &Scenario)| {
        let is_asked_for = options.filter.as_ref().is_none_or(|text| scenario.name.contains(text));
        let stays = scenario.load.new_every.is_none();
        // A page of histograms of as many series as clients have takes half a gigabyte, which tells more of the page than of overload.
        let is_page_long = scenario.to == To::Page && scenario.load.kind == Kind::Histogram;
        is_asked_for && stays && !is_page_long && scenario.collector != Collector::Receives
    };
    let cases = |(place, scenario): (usize, &'static Scenario)| {
        let (transports, names): (&[_], &[_]) = match place {
            0 => (&TRANSPORTS, &[Name::Wasmeter, Name::Collector]),
            _ => (&TRANSPORTS_OF_OTHERS, &[Name::Wasmeter]),
        };
        transports
            .iter()
            .flat_map(move |transport| names.iter().map(move |name| (scenario, *transport, *name)))
    };
    let scenarios = SCENARIOS.iter().enumerate().filter(is_wanted);
    scenarios.flat_map(cases).filter(|(.., name)| has_program(name)).collect()
}

/// Runs every program on every transport.
///
/// # Errors
///
/// The program does not start, or answers otherwise than by taking or refusing a request.
pub(crate) fn run(options: &Options, mut tell: impl FnMut(&Outcome)) -> anyhow::Result<Vec<Outcome>> {
    let folder = std::env::temp_dir().join(format!("wasmeter-overload-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    if let Some((_, clients)) = options.processors {
        pin_self(clients)?;
    }
    let mut outcomes = Vec::new();
    for (scenario, transport, name) in cases(options) {
        let start = Start {
            binaries: &options.binaries,
            folder: &folder,
            processor: options.processors.map(|(program, _)| program),
            scenario,
            transport,
            series: options.clients * POINTS_PER_REQUEST,
            memory_limit_mib: Some(COLLECTOR_MEMORY_MIB),
        };
        let outcome = measure(name, &start, options)
            .with_context(|| format!("{}, {}, {}", scenario.name, transport.name(), name.text()))?;
        tell(&outcome);
        outcomes.push(outcome);
    }
    // What is left of it is in the system's folder for such things.
    let _removed = std::fs::remove_dir_all(&folder);
    Ok(outcomes)
}
