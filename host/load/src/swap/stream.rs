//! What goes on while plugins are swapped: one thread sends, another looks at the page.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, ensure};
use wasmeter_prometheus::{Sample, parse_page};

use super::requests::Requests;
use crate::http::Connection;

/// How often the page is fetched.
const SCRAPE_INTERVAL: Duration = Duration::from_millis(40);
/// Every so manieth page is read, five in a second: reading all of them would be the larger load.
const PAGES_PER_LOOK: u64 = 5;
/// How long a number of scrapes may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long something took each time, before the swaps and during them.
#[derive(Default)]
pub(super) struct Latencies {
    pub(super) quiet: Vec<Duration>,
    pub(super) swapping: Vec<Duration>,
}

/// What a sender did.
#[derive(Default)]
pub(super) struct Sent {
    /// How many requests were accepted as a whole.
    pub(super) requests: u64,
    /// From when a request was due until it was answered: one that waits for the one before it is late, too.
    pub(super) latencies: Latencies,
}

/// What a scraper saw.
#[derive(Default)]
pub(super) struct Scraped {
    pub(super) latencies: Latencies,
    /// How often a value was less than before, or a series gone.
    pub(super) resets: u64,
}

/// The threads.
pub(super) struct Stream {
    state: Arc<State>,
    sender: JoinHandle<anyhow::Result<Sent>>,
    scraper: JoinHandle<anyhow::Result<Scraped>>,
}

#[derive(Default)]
struct State {
    is_swapping: AtomicBool,
    /// How many scrapes there were since the swaps began or, before that, at all.
    scrapes: AtomicU64,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl State {
    fn note(&self, latencies: &mut Latencies, took: Duration) {
        match self.is_swapping.load(Ordering::Relaxed) {
            true => latencies.swapping.push(took),
            false => latencies.quiet.push(took),
        }
    }

    /// Waits until `due`; false when it is over.
    fn wait(&self, due: Instant) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = due.saturating_duration_since(Instant::now());
        let waited = self.over.wait_timeout_while(is_over, rest, |is_over| !*is_over);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Stream {
    /// Sends `points_per_sec` points each second, and looks at the page.
    pub(super) fn start(
        mut requests: Requests,
        points_per_sec: u64,
        otlp: SocketAddr,
        page: SocketAddr,
    ) -> anyhow::Result<Self> {
        let state = Arc::<State>::default();
        let interval =
            Duration::from_secs(1) * u32::try_from(requests.points())? / u32::try_from(points_per_sec)?;
        let (mut to, mut from) = (Connection::to(otlp)?, Connection::to(page)?);
        let sending = state.clone();
        let sender = std::thread::spawn(move || {
            let mut sent = Sent::default();
            let mut due = Instant::now();
            let mut start = now();
            while sending.wait(due) {
                let time = now().max(start + 1);
                let answer = to.post(wasmeter_otlp::METRICS_PATH, requests.of(start, time))?;
                // An empty message: nothing was refused.
                ensure!(answer.is_empty(), "a part of a request was refused");
                sending.note(&mut sent.latencies, due.elapsed());
                sent.requests += 1;
                start = time;
                due += interval;
            }
            Ok(sent)
        });
        let looking = state.clone();
        let scraper = std::thread::spawn(move || {
            let mut scraped = Scraped::default();
            let mut before = HashMap::new();
            let mut due = Instant::now();
            for number in 0.. {
                if !looking.wait(due) {
                    break;
                }
                let asked = Instant::now();
                let page = from.get("/metrics")?;
                looking.note(&mut scraped.latencies, asked.elapsed());
                looking.scrapes.fetch_add(1, Ordering::Relaxed);
                if number % PAGES_PER_LOOK == 0 {
                    let now = values(&page)?;
                    scraped.resets += resets(&before, &now);
                    before = now;
                }
                due += SCRAPE_INTERVAL;
            }
            Ok(scraped)
        });
        Ok(Self { state, sender, scraper })
    }

    /// Lets it flow for a while without swaps.
    pub(super) fn flow(&self, time: Duration) {
        self.state.wait(Instant::now() + time);
    }

    /// From now on plugins are swapped.
    pub(super) fn swaps_begin(&self) {
        self.state.is_swapping.store(true, Ordering::Relaxed);
        self.state.scrapes.store(0, Ordering::Relaxed);
    }

    /// Whether there are to be more scrapes, for there to be so many since `begun`: before the swaps, or during them.
    ///
    /// # Errors
    ///
    /// They take too long. That one of the threads has failed is said at the end.
    pub(super) fn lacks_scrapes(&self, wanted: u64, begun: Instant) -> anyhow::Result<bool> {
        let scrapes = self.state.scrapes.load(Ordering::Relaxed);
        if scrapes >= wanted || self.scraper.is_finished() || self.sender.is_finished() {
            return Ok(false);
        }
        let secs = PATIENCE.as_secs();
        ensure!(begun.elapsed() < PATIENCE, "found {scrapes} scrapes after {secs} s, expected {wanted}");
        Ok(true)
    }

    /// Ends the threads.
    pub(super) fn finish(self) -> anyhow::Result<(Sent, Scraped)> {
        *self.state.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.state.over.notify_all();
        let panicked = |_| anyhow!("a thread panicked");
        let sent = self.sender.join().map_err(panicked)?.context("sending")?;
        Ok((sent, self.scraper.join().map_err(panicked)?.context("scraping")?))
    }
}

#[expect(clippy::disallowed_methods, reason = "the sender stamps its points, as any application does")]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The series of the load, and the totals that the observer says, on a page: name and labels, and the value.
fn values(page: &[u8]) -> anyhow::Result<HashMap<String, f64>> {
    let samples = parse_page(std::str::from_utf8(page)?)?;
    // The kernel says itself that times of processors may fall.
    let is_total = |name: &str| name.ends_with("_total") && !name.starts_with("system_cpu_time");
    let is_ours = |name: &str| name.starts_with("load_") || (name.starts_with("system_") && is_total(name));
    let ours = samples.iter().filter(|sample| is_ours(&sample.name));
    Ok(ours.map(|sample| (series(sample), sample.value)).collect())
}

fn series(sample: &Sample) -> String {
    let mut labels = sample.labels.clone();
    labels.sort();
    format!("{} {labels:?}", sample.name)
}

/// All values of the load and all totals of the machine grow, and no series of theirs goes.
fn resets(before: &HashMap<String, f64>, now: &HashMap<String, f64>) -> u64 {
    let is_reset = |(series, value): &(&String, &f64)| now.get(*series).is_none_or(|now| now < value);
    before.iter().filter(is_reset).count() as u64
}

/// The sum over all series of a name, of a page fetched now.
pub(super) fn totals(page: SocketAddr, names: &[&str]) -> anyhow::Result<Vec<f64>> {
    let page = Connection::to(page)?.get("/metrics")?;
    let samples = parse_page(std::str::from_utf8(&page)?)?;
    let total =
        |name: &&str| samples.iter().filter(|sample| sample.name == *name).map(|sample| sample.value).sum();
    Ok(names.iter().map(total).collect())
}
