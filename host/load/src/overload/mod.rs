//! More than a host can take: what it does with the surplus, what memory that costs, and whether what it took is exact.
//! `cargo xtask bench overload` runs this.
//!
//! On a processor of its own the host takes nearly as much as one processor can send, so it has a quarter of one: then it is the host that
//! has no time left, and not the clients, which have another.
//!
//! First all clients send in turn, a few at a time and as fast as they are answered, which gives the peak. Then all clients together send a multiple of
//! it, each by the clock and one request at a time, and give up what is refused. Then they send half of the peak, of which
//! nothing should be refused. At last they send too much again, and again what is refused when they are told to, as exporters do, until all
//! is taken. The scenarios are those of `compare`: where a client's series must stand follows from which of its requests
//! were taken.

mod client;
mod company;
mod page;

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use wasmeter_otlp::Compression;

use crate::compare::process::{Process, pin_self};
use crate::compare::program::{Binaries, Name, Program, Start};
use crate::compare::scenario::{Collector, SCENARIOS, Scenario, To};
use crate::link::Transport;
use crate::requests::{Kind, POINTS_PER_REQUEST};
use crate::standings::{Standings, Verdict};
use crate::wait;
use client::{Client, Pace, Refused, Tally};
use company::Company;
pub(crate) use page::{markdown, table};

/// How each scenario travels.
const TRANSPORTS: [Transport; 4] = [
    Transport::Http(Compression::None),
    Transport::Http(Compression::Gzip),
    Transport::Grpc(Compression::None),
    Transport::Grpc(Compression::Gzip),
];
/// Requests of each client before its series are state: one of deltas remembers sixteen intervals, and exponential buckets are as many as
/// the values that came have hit.
pub(super) const ROUNDS_OF_STATE: usize = 18;
/// How many requests are under way at the peak.
const SENDERS_AT_PEAK: usize = 8;
/// The most clients of the Collector, which would not answer more of them within the half minute that they wait.
pub(super) const COLLECTOR_CLIENTS_MAX: usize = 128;
/// What the Collector's limiter is told.
pub(super) const COLLECTOR_MEMORY_MIB: u64 = 2048;
/// Requests of each client at the peak, of sums and of histograms, unless they take longer than it may: more than are ever needed.
const REQUESTS_AT_PEAK: [usize; 2] = [20, 8];
/// How often wasmeter sends on where its series stand: the receiver keeps all of that.
const EVERY: Duration = Duration::from_secs(2);
/// How long the peak takes. What is sent on meanwhile is part of the work, so it is whole rounds of that.
const PEAK_TIME: Duration = Duration::from_secs(2 * EVERY.as_secs());
/// So much of what is asked for is enough: who sends by the clock is not always on time, and waits for refusals, too.
const OFFERED_MIN: f64 = 0.8;
/// Where series change, there is room for those of so many rounds, which are more than there are.
const ROUNDS_MAX: u64 = 400;

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
    /// Only what has a name that contains this: that of the scenario, a comma and how it travels.
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
    /// The part of its processor that the program used at the peak, and when it was too much.
    pub(crate) shares: [f64; 2],
    /// Points a second that were sent when it was too much, and that were taken of these.
    pub(crate) offered: f64,
    pub(crate) taken: f64,
    pub(crate) overload: Tally,
    pub(crate) half: Tally,
    /// Of clients that send again what is refused; `None` of who refuses nothing.
    pub(crate) again: Option<Again>,
    /// How many times the peak had to be sent; `None` where the host and the clients share processors.
    pub(crate) ratio_min: Option<f64>,
    /// Resident memory with the state of all series, before the peak.
    pub(crate) resident_bytes: u64,
    /// The most beyond that from then on.
    pub(crate) more_bytes_max: u64,
    /// Whether all series stand where what was acknowledged has them.
    pub(crate) verdict: Verdict,
}

/// What became of requests that were sent until they were taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Again {
    pub(crate) tally: Tally,
    /// Points a second that were taken as long as too much was sent by the clock.
    pub(crate) taken: f64,
    /// When all were.
    pub(crate) took: Duration,
}

impl Outcome {
    /// How many times the peak was sent.
    pub(crate) fn ratio(&self) -> f64 {
        self.offered / self.peak
    }

    /// How many times the peak should have been sent, if less was.
    pub(crate) fn missed(&self) -> Option<f64> {
        self.ratio_min.filter(|min| self.ratio() < *min)
    }

    /// What is wrong with what wasmeter did, whatever the figures are.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.program != Name::Wasmeter {
            return None;
        }
        if !self.verdict.is_right() {
            return Some(self.verdict.text());
        }
        let again = self.again.map_or(Tally::default(), |again| again.tally);
        let mute = self.overload.refused_mutely + self.half.refused_mutely + again.refused_mutely;
        (mute > 0).then(|| format!("{mute} refusals do not say when to come back"))
    }
}

/// Has every client send at its pace.
fn all(clients: &mut [Client], pace: Pace, refused: Refused) -> anyhow::Result<(Tally, Duration)> {
    let begun = Instant::now();
    let tallies = std::thread::scope(|scope| {
        let send = |(place, client): (usize, _)| {
            scope.spawn(move || Client::send(client, pace, refused, place, begun))
        };
        let threads: Vec<_> = clients.iter_mut().enumerate().map(send).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?);
        joined.collect::<anyhow::Result<Vec<Tally>>>()
    })?;
    Ok((tallies.into_iter().fold(Tally::default(), Tally::and), begun.elapsed()))
}

/// Has all clients send requests, of which a few are under way at a time; how many points a second that are.
fn at_peak(clients: &mut [Client], requests: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let requests = std::thread::scope(|scope| {
        let send = |clients: &mut [Client]| {
            let mut sent = 0;
            for _ in 0..requests {
                for client in clients.iter_mut() {
                    if begun.elapsed() < PEAK_TIME {
                        client.send_taken()?;
                        sent += 1;
                    }
                }
            }
            Ok(sent)
        };
        let chunks = clients.chunks_mut(clients.len().div_ceil(SENDERS_AT_PEAK));
        let threads: Vec<_> = chunks.map(|clients| scope.spawn(move || send(clients))).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?);
        joined.sum::<anyhow::Result<u64>>()
    })?;
    Ok(points_per_sec(requests, begun.elapsed()))
}

/// The memory of a program that has nothing to do but to send on where all series stand, between two times that it does.
fn at_rest(process: &Process) -> anyhow::Result<u64> {
    // It may be at it with not all of them yet.
    wait::until(Instant::now() + EVERY * 2);
    let (begun, mut least) = (Instant::now(), u64::MAX);
    while begun.elapsed() < EVERY {
        least = least.min(process.resident_bytes()?);
        wait::pause();
    }
    Ok(least)
}

/// Makes so many requests of each client in advance.
fn prepare(clients: &mut [Client], requests: usize) -> anyhow::Result<()> {
    clients.iter_mut().try_for_each(|client| client.prepare(requests))
}

/// What keeps the program from having its processor to itself, if it has one.
fn in_company(options: &Options) -> anyhow::Result<Option<Company>> {
    options.processors.map(|(processor, _)| Company::on(processor)).transpose()
}

/// What a run came to, and the part of a processor that the program used meanwhile.
fn with_share<T>(program: &Program, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let (used, begun) = (program.process.busy()?, Instant::now());
    let outcome = run()?;
    let used = program.process.busy()?.saturating_sub(used);
    Ok((outcome, used.as_secs_f64() / begun.elapsed().as_secs_f64()))
}

/// The pace at which so many clients send so many points a second together.
fn paced(clients: usize, points_per_sec: f64, secs: f64) -> Pace {
    let every = (clients * POINTS_PER_REQUEST) as f64 / points_per_sec;
    Pace { requests: (secs / every).ceil() as usize, every: Duration::from_secs_f64(every), clients }
}

fn points_per_sec(requests: u64, took: Duration) -> f64 {
    (requests * POINTS_PER_REQUEST as u64) as f64 / took.as_secs_f64()
}

fn clients_of(name: Name, options: &Options) -> usize {
    match name {
        Name::Collector => options.clients.min(COLLECTOR_CLIENTS_MAX),
        _ => options.clients,
    }
}

fn measure(name: Name, start: &Start<'_>, options: &Options) -> anyhow::Result<Outcome> {
    let program = Program::start(name, start)?;
    let (transport, load) = (start.transport, start.scenario.load);
    let host = program.otlp(transport);
    let many = clients_of(name, options);
    let mut clients: Vec<_> = (0..many).map(|place| Client::new(host, transport, load, place)).collect();
    let tell = |phase| eprintln!("{}, {}, {}: {phase}", start.scenario.name, transport.name(), name.text());
    tell("the first points");
    for _ in 0..ROUNDS_OF_STATE {
        clients.iter_mut().try_for_each(Client::send_taken)?;
    }
    let resident_bytes = at_rest(&program.process)?;
    program.process.forget_resident_bytes_max()?;
    let requests_at_peak = REQUESTS_AT_PEAK[usize::from(load.kind.has_buckets())];
    prepare(&mut clients, requests_at_peak)?;
    tell("the peak");
    let busy = in_company(options)?;
    let (peak, share_at_peak) = with_share(&program, || at_peak(&mut clients, requests_at_peak))?;
    // Making requests takes longer than sending them, and nobody is measured meanwhile.
    drop(busy);

    let too_much = paced(many, peak * options.factor, options.secs);
    prepare(&mut clients, too_much.requests)?;
    tell("too much");
    let busy = in_company(options)?;
    let ((overload, took), share) = with_share(&program, || all(&mut clients, too_much, Refused::GivenUp))?;
    drop(busy);
    // All of them would have begun one more after as long as lies between two of different clients.
    let sending = overload.sent_last + too_much.every.div_f64(many as f64);
    let offered = points_per_sec(overload.taken + overload.refused, sending);
    let taken = points_per_sec(overload.taken, took);

    let pace = paced(many, peak / 2.0, options.secs / 2.0);
    prepare(&mut clients, pace.requests)?;
    tell("half of the peak");
    let busy = in_company(options)?;
    let (half, _) = all(&mut clients, pace, Refused::GivenUp)?;
    drop(busy);
    let again = match overload.refused {
        0 => None,
        _ => {
            prepare(&mut clients, too_much.requests)?;
            tell("too much again, and again what is refused");
            let _busy = in_company(options)?;
            let (tally, took) = all(&mut clients, too_much, Refused::SentAgain)?;
            Some(Again { tally, taken: points_per_sec(tally.taken_meanwhile, too_much.time()), took })
        }
    };

    let more_bytes_max = program.process.resident_bytes_max()?.saturating_sub(resident_bytes);

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
        shares: [share_at_peak, share],
        offered,
        taken,
        overload,
        half,
        again,
        ratio_min: options.processors.map(|_| options.factor * OFFERED_MIN),
        resident_bytes,
        more_bytes_max,
        verdict: Verdict::of(&start.scenario.expected(sent), &said.standings),
    })
}

/// What is run; the Collector stands beside the host in the first scenario.
fn cases(options: &Options) -> Vec<(&'static Scenario, Transport, Name)> {
    let has_program = |name: &Name| options.binaries.of(*name).is_some();
    let is_asked_for = |(scenario, transport, _): &(&Scenario, Transport, Name)| {
        let name = format!("{}, {}", scenario.name, transport.name());
        options.filter.as_ref().is_none_or(|text| name.contains(text))
    };
    let is_wanted = |(_, scenario): &(usize, &Scenario)| {
        // A page of histograms of as many series as clients have takes half a gigabyte, which tells more of the page than of overload.
        let is_page_long = scenario.to == To::Page && scenario.load.kind == Kind::Histogram;
        !is_page_long && scenario.collector != Collector::Receives
    };
    let cases = |(place, scenario): (usize, &'static Scenario)| {
        let names: &[_] = match place {
            0 => &[Name::Wasmeter, Name::Collector],
            _ => &[Name::Wasmeter],
        };
        TRANSPORTS
            .iter()
            .flat_map(move |transport| names.iter().map(move |name| (scenario, *transport, *name)))
    };
    let scenarios = SCENARIOS.iter().enumerate().filter(is_wanted);
    scenarios.flat_map(cases).filter(is_asked_for).filter(|(.., name)| has_program(name)).collect()
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
            every: EVERY,
            gives_way: true,
            series: scenario.load.series(clients_of(name, options) * POINTS_PER_REQUEST, ROUNDS_MAX),
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
