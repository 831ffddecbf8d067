//! Encoded requests of known series, by round: every series has a point in each. What a series counts is worked out from its number
//! and the round, so what all of them must stand at is known without the programs that are tested.

mod body;
mod series;
mod values;

use std::ops::{Add, Range};

use crate::standings::{Standing, Standings};
use body::{Body, Point};
use series::{Life, life, lives};
use values::sum_of;

pub(crate) use body::INSTRUMENT;
pub(crate) use values::{BOUNDS, Values};

/// Points of one request, as batching clients send them.
pub(crate) const POINTS_PER_REQUEST: usize = 1000;
/// When all series began that are there from the first round on.
pub(crate) const START: u64 = 1_700_000_000_000_000_000;
/// From one point of a series to the next.
const INTERVAL: u64 = 10_000_000_000;

/// What the points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Points of a monotonic sum of integers.
    Sum,
    /// Points of a gauge of doubles.
    Gauge,
    /// Points of a histogram of sixteen buckets with explicit bounds.
    Histogram,
    /// Points of an exponential histogram of sixteen buckets.
    Exponential,
}

impl Kind {
    /// Whether its points have buckets, which makes requests of them large and takes long to make.
    pub(crate) fn has_buckets(self) -> bool {
        matches!(self, Self::Histogram | Self::Exponential)
    }
}

/// What a point is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flow {
    /// All since the start of its series.
    Cumulative,
    /// All since the point before.
    Delta,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) kind: Kind,
    /// Says nothing about gauges.
    pub(crate) flow: Flow,
    pub(crate) values: Values,
    /// So many series, whose points follow each other, differ in `enduser.id` alone.
    pub(crate) users: usize,
    /// One in so many series is new in each round, in place of one that has no more points.
    pub(crate) new_every: Option<u64>,
}

impl Load {
    /// Series that stay and all count the rounds.
    pub(crate) const fn even(kind: Kind, flow: Flow) -> Self {
        Self { kind, flow, values: Values::Even, users: 1, new_every: None }
    }

    /// Series that stay and count each its own.
    pub(crate) const fn seeded(kind: Kind, flow: Flow) -> Self {
        Self { kind, flow, values: Values::Seeded, users: 1, new_every: None }
    }

    /// How many points of sums that stay cost as much to make, to hold and to take as one of these, about.
    pub(crate) fn weight(&self) -> usize {
        match (self.kind, self.new_every) {
            (_, Some(_)) => 4,
            (Kind::Histogram | Kind::Exponential, None) => 2,
            (Kind::Sum | Kind::Gauge, None) => 1,
        }
    }

    /// The point of a place in a round.
    fn point(&self, place: usize, round: u64) -> Point {
        let (_, life) = life(place, self.new_every, round);
        let at = |round: u64| START + round * INTERVAL;
        // The rounds of the series before this one's, and with it.
        let (before, with) = (round - 1 - life.begun, round - life.begun);
        let (from, begin) = match self.flow {
            Flow::Cumulative => (0, at(life.begun)),
            Flow::Delta => (before, at(round - 1)),
        };
        let (series, times) = (life.series, (begin, at(round)));
        match self.kind {
            Kind::Sum | Kind::Gauge => Point {
                place,
                series,
                begin: times.0,
                time: times.1,
                count: self.values.sum(series, with) - self.values.sum(series, from),
                sum: self.values.gauge(series, with),
                buckets: Default::default(),
            },
            Kind::Histogram | Kind::Exponential => {
                let mut buckets = self.values.buckets(series, with);
                for (count, from) in buckets.iter_mut().zip(self.values.buckets(series, from)) {
                    *count -= from;
                }
                Point::of_buckets(place, series, times, buckets)
            }
        }
    }

    /// Where a series stands after so many rounds of its own.
    fn standing(&self, series: usize, rounds: u64) -> Standing {
        match self.kind {
            Kind::Sum => Standing { value: self.values.sum(series, rounds) as f64, sum: None },
            Kind::Gauge => Standing { value: self.values.gauge(series, rounds), sum: None },
            Kind::Histogram | Kind::Exponential => {
                let buckets = self.values.buckets(series, rounds);
                Standing { value: buckets.iter().sum::<u64>() as f64, sum: Some(sum_of(&buckets)) }
            }
        }
    }

    /// Where a series stands of which the points of these rounds were taken, if it had any; `end` is the round of its last point.
    fn stands_at(&self, life: Life, end: u64, taken: &[Range<u64>]) -> Option<Standing> {
        // Rounds of its own: before the first taken one, and with the last.
        let mut parts = taken.iter().filter_map(|taken| {
            let (from, to) = (taken.start.max(life.begun + 1), taken.end.min(end + 1));
            (from < to).then(|| (from - 1 - life.begun, to - 1 - life.begun))
        });
        let at = |rounds| self.standing(life.series, rounds);
        match self.flow {
            Flow::Delta if self.kind != Kind::Gauge => {
                parts.map(|(before, with)| at(with) - at(before)).reduce(Add::add)
            }
            // What was not taken is part of what came after it.
            _ => parts.next_back().map(|(_, with)| at(with)),
        }
    }

    /// How many series there have been by a round where so many are sent at a time.
    pub(crate) fn series(&self, at_a_time: usize, round: u64) -> usize {
        (0..at_a_time).map(|place| life(place, self.new_every, round).0 as usize + 1).sum()
    }
}

/// What comes in another order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shuffled {
    /// Whole requests, as where many clients send, each in an order of its own; and the points in each, as of clients that have none.
    Requests { and_points: bool },
    /// All points, as if a request had points of any client.
    Points,
}

struct Random(u64);

impl Random {
    /// Below a number.
    fn below(&mut self, end: usize) -> usize {
        // Knuth's generator of 64 bits, of which the upper ones are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0) * end as u128) >> 64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}

/// Requests of one kind of points, of so many series.
pub(crate) struct Requests {
    service: String,
    load: Load,
    places: Vec<usize>,
    bodies: Vec<Body>,
    round: u64,
}

impl Requests {
    pub(crate) fn new(load: Load, series: std::ops::Range<usize>) -> Self {
        Self::of_service("shop", load, series)
    }

    /// The same of a service of this name.
    pub(crate) fn of_service(service: &str, load: Load, series: std::ops::Range<usize>) -> Self {
        Self::of(service, load, series.collect())
    }

    /// The same points in another order, which is told by `seed`.
    pub(crate) fn shuffled(load: Load, series: std::ops::Range<usize>, what: Shuffled, seed: u64) -> Self {
        let mut random = Random(seed);
        let places: Vec<_> = match what {
            Shuffled::Points => {
                let mut places: Vec<_> = series.collect();
                random.shuffle(&mut places);
                places
            }
            Shuffled::Requests { and_points } => {
                let places: Vec<_> = series.collect();
                let mut requests: Vec<_> = places.chunks(POINTS_PER_REQUEST).map(<[_]>::to_vec).collect();
                random.shuffle(&mut requests);
                if and_points {
                    requests.iter_mut().for_each(|places| random.shuffle(places));
                }
                requests.concat()
            }
        };
        Self::of("shop", load, places)
    }

    fn of(service: &str, load: Load, places: Vec<usize>) -> Self {
        let bodies =
            places.chunks(POINTS_PER_REQUEST).map(|places| Body::new(service, &load, places)).collect();
        Self { service: service.to_owned(), load, places, bodies, round: 0 }
    }

    /// Has the next round be the one behind this one.
    pub(crate) fn go_on_from(&mut self, round: u64) {
        self.round = round;
    }

    pub(crate) fn series(&self) -> usize {
        self.places.len()
    }

    /// The next point of every series.
    pub(crate) fn next(&mut self) -> impl Iterator<Item = &[u8]> {
        self.round += 1;
        let Self { service, load, places, bodies, round } = self;
        for (body, places) in bodies.iter_mut().zip(places.chunks(POINTS_PER_REQUEST)) {
            body.put(service, load, places.iter().map(|place| load.point(*place, *round)));
        }
        bodies.iter().map(|body| &body.bytes[..])
    }

    /// Adds where the series stand of which the points of these rounds were taken, without the attributes that are not kept; if
    /// none is named, all are.
    pub(crate) fn add_standings(&self, taken: &[Range<u64>], keep: &[&str], to: &mut Standings) {
        let Load { new_every, users, .. } = self.load;
        let last = taken.last().map_or(0, |rounds| rounds.end.saturating_sub(1));
        for place in self.places.iter().copied() {
            for (life, end) in lives(place, new_every, last) {
                if let Some(standing) = self.load.stands_at(life, end, taken) {
                    to.add(series::name(place, life.series, users, keep), standing);
                }
            }
        }
    }

    /// How many rounds there were, and when the last one was, in nanoseconds since the epoch.
    pub(crate) fn last(&self) -> (u64, u64) {
        (self.round, START + self.round * INTERVAL)
    }

    /// Bytes of a point, about.
    pub(crate) fn bytes_per_point(&self) -> f64 {
        self.bodies.iter().map(|body| body.bytes.len()).sum::<usize>() as f64 / self.places.len() as f64
    }
}

#[cfg(test)]
mod tests;
