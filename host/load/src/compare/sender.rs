//! Connections that send at the same time, each the points of series of its own, which are made before the clock starts.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use bytes::Bytes;

use wasmeter_otlp::Compression;

use super::program::Program;
use crate::grpc;
use crate::link::{Link, Transport};
use crate::requests::{Load, Requests};
use crate::standings::Standings;
use crate::wait;

/// Connections that send at a time.
const CONNECTIONS: usize = 4;

/// What one connection sends.
struct Share {
    requests: Requests,
    /// The requests of each round.
    rounds: Vec<Vec<Bytes>>,
}

/// All requests of a scenario in one compression, for every transport, program and level the same.
pub(super) struct Prepared {
    shares: Vec<Share>,
}

/// One connection to a program.
pub(super) struct Sending {
    link: Link,
    transport: Transport,
}

/// Which rounds are sent, and how fast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) from: usize,
    pub(super) rounds: usize,
    /// None: as fast as they are answered.
    pub(super) points_per_sec: Option<f64>,
}

impl Prepared {
    /// Makes the requests of so many rounds, of about so many series.
    pub(super) fn new(
        load: Load,
        compression: Compression,
        series: usize,
        rounds: usize,
    ) -> anyhow::Result<Self> {
        let share = series / CONNECTIONS;
        let framed = |body: &[u8]| grpc::compressed(compression, body);
        let shares = (0..CONNECTIONS).map(|place| {
            let mut requests = Requests::new(load, place * share..(place + 1) * share);
            let mut made = Vec::with_capacity(rounds);
            for _ in 0..rounds {
                made.push(requests.next().map(framed).collect::<anyhow::Result<_>>()?);
            }
            Ok(Share { requests, rounds: made })
        });
        Ok(Self { shares: shares.collect::<anyhow::Result<_>>()? })
    }

    /// Series that are sent in each round.
    pub(super) fn series(&self) -> usize {
        self.shares.iter().map(|share| share.requests.series()).sum()
    }

    /// Where all series stand after so many rounds, without the attributes that are not kept.
    pub(super) fn standings(&self, rounds: usize, keep: &[&str]) -> Standings {
        let (mut standings, taken) = (Standings::default(), 1..rounds as u64 + 1);
        for share in &self.shares {
            share.requests.add_standings(std::slice::from_ref(&taken), keep, &mut standings);
        }
        standings
    }

    /// Connects to a program.
    pub(super) fn connect(&self, program: &Program, transport: Transport) -> anyhow::Result<Vec<Sending>> {
        let host = program.otlp(transport);
        let sending = |_| Ok(Sending { link: Link::to(host, transport)?, transport });
        self.shares.iter().map(sending).collect()
    }

    /// Has every connection send its part of these rounds; what they took.
    ///
    /// # Errors
    ///
    /// A request was not taken.
    pub(super) fn send(&self, links: &mut [Sending], pace: Pace) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let send = |(place, (share, link)): (usize, (_, _))| {
                scope.spawn(move || Share::send(share, link, pace, place, begun))
            };
            let threads: Vec<_> = self.shares.iter().zip(links).enumerate().map(send).collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().map_err(|_| anyhow!("a sender panicked"))?)
        })?;
        Ok(begun.elapsed())
    }
}

impl Share {
    fn send(&self, to: &mut Sending, pace: Pace, place: usize, begun: Instant) -> anyhow::Result<()> {
        let bodies = self.rounds.iter().skip(pace.from).take(pace.rounds).flatten();
        let requests_per_round = self.rounds.first().context("no round")?.len();
        let every = pace.points_per_sec.map(|points_per_sec| {
            let rounds_per_sec = points_per_sec / (self.requests.series() * CONNECTIONS) as f64;
            Duration::from_secs_f64(1.0 / (rounds_per_sec * requests_per_round as f64))
        });
        for (sent, body) in bodies.enumerate() {
            if let Some(every) = every {
                // One connection after the other.
                wait::until(begun + every.mul_f64(sent as f64 + place as f64 / CONNECTIONS as f64));
            }
            to.link.send_taken(&to.transport.of_framed(body))?;
        }
        Ok(())
    }
}
