//! What one worker does, and what it has recorded of it since its start.

use std::collections::BTreeMap;

use crate::random::Random;

/// The bounds that the semantic conventions advise for request durations, in seconds.
pub(crate) const DURATION_BOUNDS_SECS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What names a request's series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    /// The number in the path.
    pub(crate) order: u32,
    pub(crate) method: &'static str,
    pub(crate) status: u16,
}

/// Request durations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Durations {
    pub(crate) count: u64,
    pub(crate) sum_secs: f64,
    pub(crate) buckets: [u64; DURATION_BOUNDS_SECS.len() + 1],
}

impl Durations {
    fn record(&mut self, secs: f64) {
        let bucket = DURATION_BOUNDS_SECS.iter().filter(|bound| secs > **bound).count();
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
        self.count += 1;
        self.sum_secs += secs;
    }
}

/// What was recorded, added up: what must be found at the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) orders: u64,
    pub(crate) requests: u64,
    /// Open carts.
    pub(crate) carts: i64,
}

impl Totals {
    pub(crate) const fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.requests += other.requests;
        self.carts += other.carts;
    }
}

/// One worker of the shop.
#[derive(Debug)]
pub(crate) struct Service {
    random: Random,
    /// How many different orders there are.
    order_count: u32,
    /// Orders placed or changed, by number and method.
    pub(crate) orders: BTreeMap<(u32, &'static str), u64>,
    pub(crate) durations: BTreeMap<Request, Durations>,
    /// Open carts: those opened here less those closed here.
    pub(crate) carts: i64,
    pub(crate) queue_depth: i64,
}

impl Service {
    pub(crate) const fn new(seed: u64, order_count: u32) -> Self {
        Self {
            random: Random::new(seed),
            order_count,
            orders: BTreeMap::new(),
            durations: BTreeMap::new(),
            carts: 0,
            queue_depth: 0,
        }
    }

    /// Serves one request and records it.
    pub(crate) fn serve(&mut self) {
        let random = &mut self.random;
        // Numbers as a shop has them, not one after the other.
        let order = 10_000 + random.below(self.order_count) * 37;
        let (method, good) = match random.below(10) {
            0..=1 => ("POST", 201),
            2 => ("PUT", 200),
            _ => ("GET", 200),
        };
        let status = match random.below(100) {
            0..=1 => 500,
            2..=5 if method != "POST" => 404,
            _ => good,
        };
        // In 1/1024 s, so that sums are exact in any order.
        let ticks = if status == 500 { 900 + random.below(3000) } else { 3 + random.below(120) };
        let request = Request { order, method, status };
        self.durations.entry(request).or_default().record(f64::from(ticks) / 1024.0);
        if status == good && method != "GET" {
            *self.orders.entry((order, method)).or_default() += 1;
        }
        if random.percent(30) {
            self.carts += 1;
        } else if self.carts > 0 && random.percent(40) {
            self.carts -= 1;
        }
        self.queue_depth = i64::from(random.below(20));
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            orders: self.orders.values().sum(),
            requests: self.durations.values().map(|durations| durations.count).sum(),
            carts: self.carts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Durations, Service};

    #[test]
    fn every_request_is_in_one_series_and_one_bucket() {
        let mut service = Service::new(7, 50);
        for _ in 0..5000 {
            service.serve();
        }
        let totals = service.totals();
        assert_eq!(totals.requests, 5000);
        assert!(totals.orders > 0 && totals.orders < totals.requests);
        let in_buckets: u64 = service.durations.values().flat_map(|durations| durations.buckets).sum();
        assert_eq!(in_buckets, 5000);
        let mut paths: Vec<_> = service.durations.keys().map(|request| request.order).collect();
        paths.dedup();
        assert_eq!(paths.len(), 50);
    }

    #[test]
    fn an_upper_bound_belongs_to_its_bucket() {
        let mut durations = Durations::default();
        durations.record(0.25);
        durations.record(0.26);
        durations.record(11.0);
        assert_eq!(durations.buckets[6..8], [1, 1]);
        assert_eq!(durations.buckets[14], 1);
    }
}
