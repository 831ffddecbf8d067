//! What a swap costs while metrics flow: a whole host as its users run it, a stream of deltas in, the page out, and one plugin
//! that is replaced a thousand times and more. `cargo xtask bench swap` runs this.

mod host;
mod lines;
mod load;
mod page;
mod requests;
mod stream;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use host::Host;
pub(crate) use load::{Load, load};
pub(crate) use page::{load_table, markdown, table};
use requests::{HALF, INCREMENT, Requests};
use stream::{Stream, totals};

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The `wasmeter` to test.
    pub(crate) binary: PathBuf,
    /// The folder with the built components.
    pub(crate) components: PathBuf,
    /// Only the plugins whose world and name contain this.
    pub(crate) filter: Option<String>,
    /// How often each plugin is replaced.
    pub(crate) swaps: u32,
    /// How many points are sent in a second.
    pub(crate) points_per_sec: u64,
    /// How many series they are of.
    pub(crate) series: usize,
    /// How long the stream flows before the first swap.
    pub(crate) quiet: Duration,
    /// How many scrapes there are before the swaps, and during them, at least: a percentile of fewer says little. Plugins are replaced
    /// until there are.
    pub(crate) scrapes: u64,
}

/// What came of the swaps of one plugin.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The plugin's world and name.
    pub(crate) plugin: &'static str,
    /// How often it was replaced.
    pub(crate) swaps: u32,
    /// From the signal to the new build in service, the median.
    pub(crate) swap: Duration,
    /// How many points were sent and acknowledged while it was.
    pub(crate) points: u64,
    /// Points that are not in the totals, by those of the metric that lacks most; negative: that are in them twice.
    pub(crate) lost: f64,
    /// How often a value was less than on the page before, or a series gone.
    pub(crate) resets: u64,
    /// What a request of the whole stream's series took, before and during the swaps.
    pub(crate) request: Compared,
    /// What a scrape took, before and during the swaps.
    pub(crate) scrape: Compared,
    /// Memory after a tenth of the swaps and after all of them, in bytes.
    pub(crate) resident_bytes: (u64, u64),
}

/// 99th percentiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    /// Before the swaps.
    pub(crate) quiet: Duration,
    /// During them.
    pub(crate) swapping: Duration,
    /// Of how many those are.
    pub(crate) counts: (usize, usize),
}

/// A plugin to be replaced, and its settings, in which `OUT` is a folder it may write to.
struct Case {
    plugin: &'static str,
    component: &'static str,
    settings: &'static str,
}

const CASES: [Case; 4] = [
    Case { plugin: "view route-template", component: "route-template", settings: "" },
    Case {
        plugin: "processor redact",
        component: "redact",
        settings: "[config]\nsecret = \"0123456789abcdef\"\n[[config.rules]]\nkeys = [\"enduser.id\"]\naction = \"hash\"\n",
    },
    Case {
        plugin: "observer host-stats",
        component: "host-stats",
        settings: "[grants]\ndirectories = [{ host = \"/proc\", guest = \"/proc\", access = \"read\" }]\n",
    },
    Case {
        plugin: "exporter jsonl-file",
        component: "jsonl-file",
        settings: "interval_ms = 500\n[grants]\ndirectories = [{ host = \"OUT\", guest = \"/out\", access = \"write\" }]\n\
                   [config]\npath = \"/out/metrics.jsonl\"\ntemporality = \"delta\"\nfile_bytes_max = 1000000000\nfull_files_max = 100\n",
    },
];

/// Runs all cases, and tells each outcome.
///
/// # Errors
///
/// A component or the host is missing, the host does not do what it should, or the components cannot be written to a
/// temporary folder.
pub(crate) fn run(options: &Options, mut tell: impl FnMut(&Outcome)) -> anyhow::Result<Vec<Outcome>> {
    let folder = std::env::temp_dir().join(format!("wasmeter-swap-{}", std::process::id()));
    let is_wanted = |case: &&Case| options.filter.as_ref().is_none_or(|text| case.plugin.contains(text));
    let outcomes = CASES.iter().filter(is_wanted).map(|case| {
        let outcome =
            run_case(options, case, &folder).with_context(|| format!("{} was swapped", case.plugin));
        outcome.inspect(&mut tell)
    });
    let outcomes = outcomes.collect();
    // What is left of it is in the system's folder for such things.
    let _removed = fs::remove_dir_all(&folder);
    outcomes
}

fn run_case(options: &Options, case: &Case, folder: &Path) -> anyhow::Result<Outcome> {
    let Options { binary, components, swaps, points_per_sec, series, quiet, scrapes, .. } = options;
    // A colder run than the one before would be another measurement.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let plugins = folder.join("plugins");
    fs::create_dir_all(&plugins)?;
    let builds = builds(&components.join(case.component).with_extension("wasm"))?;
    let file = plugins.join(case.component).with_extension("wasm");
    fs::write(&file, &builds[0])?;
    let out = folder.join("out");
    fs::create_dir_all(&out)?;
    fs::write(file.with_extension("toml"), case.settings.replace("OUT", &out.display().to_string()))?;
    let host = Host::start(binary, &plugins, &folder.join("cache"))?;
    let requests = Requests::new(*series)?;
    let points = requests.points();
    let stream = Stream::start(requests, *points_per_sec, host.http()?, host.page()?)?;
    let begun = Instant::now();
    stream.flow(*quiet);
    while stream.lacks_scrapes(*scrapes, begun)? {
        stream.flow(*quiet / 10);
    }
    stream.swaps_begin();
    let mut took = Vec::new();
    let mut resident_early = 0;
    let (begun, mut swap) = (Instant::now(), 0);
    while swap < *swaps || stream.lacks_scrapes(*scrapes, begun)? {
        let next = file.with_extension("next");
        fs::write(&next, &builds[(swap as usize + 1) % 2])?;
        fs::rename(&next, &file)?;
        let begun = Instant::now();
        host.swap().with_context(|| format!("swap {swap}"))?;
        took.push(begun.elapsed());
        if swap == swaps / 10 {
            resident_early = host.resident_bytes()?;
        }
        swap += 1;
    }
    let (mut sent, mut scraped) = stream.finish()?;
    let resident = host.resident_bytes()?;
    let per_metric = points / 4 * sent.requests;
    let mut lost = lost(&host, per_metric as f64)?;
    host.stop()?;
    if case.plugin.starts_with("exporter") {
        // The builds together have written every delta, the last one at the end.
        let missing = per_metric as f64 - lines::total(&out, "load.requests")?;
        lost = if missing.abs() > lost.abs() { missing } else { lost };
    }
    Ok(Outcome {
        plugin: case.plugin,
        swaps: swap,
        swap: quantile(&mut took, 0.5),
        points: points * sent.requests,
        lost,
        resets: scraped.resets,
        request: compared(&mut sent.latencies),
        scrape: compared(&mut scraped.latencies),
        resident_bytes: (resident_early, resident),
    })
}

/// Two builds that differ in nothing but their digests.
fn builds(component: &Path) -> anyhow::Result<[Vec<u8>; 2]> {
    let read = fs::read(component);
    let first =
        read.with_context(|| format!("`{}`; `cargo xtask build-plugins` makes it", component.display()))?;
    let mut second = first.clone();
    // A custom section of five bytes: the length of its name, and the name.
    second.extend_from_slice(b"\0\x05\x04next");
    Ok([first, second])
}

/// How many points of a metric are missing where most are; every total is exact, as the values are.
fn lost(host: &Host, per_metric: f64) -> anyhow::Result<f64> {
    let expected = [
        ("load_requests_total", INCREMENT),
        ("load_bytes_total", HALF),
        ("load_active", INCREMENT),
        ("load_duration_seconds_sum", HALF),
        ("load_duration_seconds_count", INCREMENT),
    ];
    let names = expected.map(|(name, _)| name);
    let found = totals(host.page()?, &names)?;
    let missing = expected.iter().zip(found).map(|((_, increment), found)| per_metric - found / increment);
    let most =
        missing.fold(0.0, |most: f64, missing| if missing.abs() > most.abs() { missing } else { most });
    ensure!(most.is_finite(), "a total that is no number");
    Ok(most)
}

fn compared(latencies: &mut stream::Latencies) -> Compared {
    let counts = (latencies.quiet.len(), latencies.swapping.len());
    let p99 = |latencies| quantile(latencies, 0.99);
    Compared { quiet: p99(&mut latencies.quiet), swapping: p99(&mut latencies.swapping), counts }
}

/// Zero of none.
fn quantile(of: &mut [Duration], at: f64) -> Duration {
    of.sort_unstable();
    let last = of.len().saturating_sub(1);
    of.get((last as f64 * at).round() as usize).copied().unwrap_or_default()
}
