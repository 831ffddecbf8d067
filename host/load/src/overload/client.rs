//! A client that sends by the clock, one request at a time.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use wasmeter_otlp::Compression;

use crate::link::{Link, Sent, Transport};
use crate::requests::{Load, POINTS_PER_REQUEST, Requests};
use crate::standings::Standings;
use crate::wait;

/// How often requests are sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How many each client sends.
    pub(super) requests: usize,
    /// How long after the one before, at the earliest.
    pub(super) every: Duration,
    /// How many clients there are, which begin one after the other.
    pub(super) clients: usize,
}

impl Pace {
    /// How long requests are sent at this pace.
    pub(super) fn time(self) -> Duration {
        self.every.mul_f64(self.requests as f64)
    }
}

/// What a client does with a request that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    GivenUp,
    /// Sent again, when the refusal says, until it is taken: as OTLP has it. Meanwhile the next ones wait.
    SentAgain,
}

/// How often it is sent again.
const TIMES_MAX: usize = 60;

/// What became of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) taken: u64,
    /// Of these, those that were taken while there were others to be sent by the clock.
    pub(crate) taken_meanwhile: u64,
    pub(crate) refused: u64,
    /// Of the refused, those that do not say when to come back.
    pub(crate) refused_mutely: u64,
    /// When the last one was sent, since all clients began.
    pub(crate) sent_last: Duration,
}

impl Tally {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            taken: self.taken + other.taken,
            taken_meanwhile: self.taken_meanwhile + other.taken_meanwhile,
            refused: self.refused + other.refused,
            refused_mutely: self.refused_mutely + other.refused_mutely,
            sent_last: self.sent_last.max(other.sent_last),
        }
    }
}

/// A connection with series of its own, all of them in every request.
pub(super) struct Client {
    host: SocketAddr,
    /// `None` until something is to be sent: hosts close connections on which nothing happens, and making requests takes long.
    link: Option<Link>,
    transport: Transport,
    requests: Requests,
    /// Whether making a request costs more than sending it.
    is_costly: bool,
    /// Made before the clock starts, each with its round.
    prepared: VecDeque<(u64, Bytes)>,
    /// The rounds that were acknowledged, those that follow each other together.
    taken: Vec<Range<u64>>,
}

impl Client {
    pub(super) fn new(host: SocketAddr, transport: Transport, load: Load, place: usize) -> Self {
        let series = place * POINTS_PER_REQUEST..(place + 1) * POINTS_PER_REQUEST;
        let requests = Requests::new(load, series);
        let is_costly = transport.compression() != Compression::None || load.kind.has_buckets();
        let (prepared, taken) = (VecDeque::new(), Vec::new());
        Self { host, link: None, transport, requests, is_costly, prepared, taken }
    }

    fn make(&mut self) -> anyhow::Result<(u64, Bytes)> {
        let body = self.requests.next().next().context("a client has one request in each round")?;
        let body = self.transport.body(body)?;
        Ok((self.requests.last().0, body))
    }

    /// Makes so many requests in advance, if making them takes long. They are sent on a new connection.
    pub(super) fn prepare(&mut self, requests: usize) -> anyhow::Result<()> {
        self.link = None;
        self.prepared.clear();
        if self.is_costly {
            for _ in 0..requests {
                let made = self.make()?;
                self.prepared.push_back(made);
            }
        }
        Ok(())
    }

    fn link(&mut self) -> anyhow::Result<&mut Link> {
        match &mut self.link {
            Some(link) => Ok(link),
            none => Ok(none.insert(Link::to(self.host, self.transport)?)),
        }
    }

    /// The next request.
    fn next(&mut self) -> anyhow::Result<(u64, Bytes)> {
        self.prepared.pop_front().map_or_else(|| self.make(), Ok)
    }

    /// Sends one request that has to be taken.
    pub(super) fn send_taken(&mut self) -> anyhow::Result<()> {
        let (round, body) = self.next()?;
        self.link()?.send_taken(&body)?;
        self.is_taken(round);
        Ok(())
    }

    /// Sends at a pace that began for all clients at the same time.
    pub(super) fn send(
        &mut self,
        pace: Pace,
        refused: Refused,
        place: usize,
        begun: Instant,
    ) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let offset = pace.every.mul_f64(place as f64 / pace.clients as f64);
        for sent in 0..pace.requests {
            let (round, body) = self.next()?;
            wait::until(begun + offset + pace.every.mul_f64(sent as f64));
            tally.sent_last = begun.elapsed();
            for times in 1.. {
                let Sent::Refused { retry_after } = self.link()?.send(&body)? else {
                    self.is_taken(round);
                    tally.taken += 1;
                    tally.taken_meanwhile += u64::from(begun.elapsed() < pace.time());
                    break;
                };
                tally.refused += 1;
                tally.refused_mutely += u64::from(retry_after.is_none());
                match (refused, retry_after) {
                    (Refused::GivenUp, _) | (Refused::SentAgain, None) => break,
                    (Refused::SentAgain, Some(after)) => wait::until(Instant::now() + after),
                }
                ensure!(times < TIMES_MAX, "a request was refused {times} times");
            }
        }
        Ok(tally)
    }

    fn is_taken(&mut self, round: u64) {
        match self.taken.last_mut() {
            Some(rounds) if rounds.end == round => rounds.end += 1,
            _ => self.taken.push(round..round + 1),
        }
    }

    /// Adds where its series must stand, without the attributes that are not kept.
    pub(super) fn add_standings(&self, keep: &[&str], to: &mut Standings) {
        self.requests.add_standings(&self.taken, keep, to);
    }
}
