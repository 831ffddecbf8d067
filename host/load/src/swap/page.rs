//! The result as a table for a terminal, and as a page.

use std::fmt::Write;
use std::time::Duration;

use wasmeter_machine::Machine;

use super::{Compared, Load, Options, Outcome};

/// How much longer the slowest hundredth may take while plugins are swapped.
const ADDED_MAX: Duration = Duration::from_millis(10);
/// How much memory may have grown between a tenth of the swaps and the last: what an allocator keeps differs by as much.
const GROWTH_BYTES_MAX: u64 = 4 << 20;

const HEADS: [&str; 10] = [
    "plugin",
    "swaps",
    "swap, median",
    "points",
    "lost or doubled",
    "resets",
    "request, p99: quiet, swapping",
    "scrape, p99: quiet, swapping",
    "resident after a tenth, after all",
    "reached",
];

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn pair(Compared { quiet, swapping, counts }: Compared) -> String {
    format!("{} of {}, {} of {}", millis(quiet), counts.0, millis(swapping), counts.1)
}

/// What an outcome is measured by.
pub(super) fn is_reached(outcome: &Outcome) -> bool {
    let (early, last) = outcome.resident_bytes;
    let is_added_little = |of: Compared| of.swapping.saturating_sub(of.quiet) < ADDED_MAX;
    outcome.lost == 0.0
        && outcome.resets == 0
        && is_added_little(outcome.request)
        && is_added_little(outcome.scrape)
        && last.saturating_sub(early) <= GROWTH_BYTES_MAX
}

fn cells(outcome: &Outcome) -> [String; 10] {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let (early, last) = outcome.resident_bytes;
    [
        outcome.plugin.to_owned(),
        outcome.swaps.to_string(),
        millis(outcome.swap),
        outcome.points.to_string(),
        outcome.lost.to_string(),
        outcome.resets.to_string(),
        pair(outcome.request),
        pair(outcome.scrape),
        format!("{}, {}", mib(early), mib(last)),
        if is_reached(outcome) { "ok" } else { "MISSED" }.to_owned(),
    ]
}

/// An outcome for a terminal, a line for each figure.
pub(crate) fn table(outcome: &Outcome) -> String {
    let cells = cells(outcome);
    let lines: Vec<String> =
        HEADS.iter().zip(&cells).map(|(head, cell)| format!("{head:<34}{cell}")).collect();
    lines.join("\n")
}

/// What loading costs: the figure, its target, and whether it is reached.
fn load_cells(load: &Load) -> [[String; 4]; 3] {
    let verdict = |is_reached| if is_reached { "ok" } else { "MISSED" }.to_owned();
    let time = |what: &str, time: Duration, most: Duration| {
        let target = format!("< {} ms", most.as_millis());
        [format!("{what}, {} kB", load.component_bytes / 1000), millis(time), target, verdict(time < most)]
    };
    let idle = [
        "resident memory of an idle host with ten plugins".to_owned(),
        format!("{:.1} MiB", load.idle_bytes as f64 / f64::from(1 << 20)),
        "< 40 MiB".to_owned(),
        verdict(load.idle_bytes < 40 << 20),
    ];
    [
        time("load of a component from the cache", load.cached, Duration::from_millis(5)),
        time("load of a component, compiled", load.compiled, Duration::from_millis(200)),
        idle,
    ]
}

/// What loading costs, for a terminal.
pub(crate) fn load_table(load: &Load) -> String {
    let lines = load_cells(load)
        .map(|[what, found, target, verdict]| format!("{what:<52}{found:>10}  {target:<10}{verdict}"));
    lines.join("\n")
}

/// The whole page.
pub(crate) fn markdown(outcomes: &[Outcome], load: &Load, options: &Options, machine: &Machine) -> String {
    let Options { points_per_sec, series, swaps, scrapes, .. } = options;
    let mut page = format!(
        "# What a swap costs\n\n\
         Written by\n\n```sh\ncargo xtask bench swap --markdown docs/swap.md\n```\n\n\
         Machine: {machine}.\n\n\
         A whole `wasmeter` as it is installed, over loopback, all on one machine: {points_per_sec} points a second come in as deltas of \
         {series} series (two counters,\nan up-down-counter and a histogram of 16 buckets, five attributes each), and the Prometheus page is \
         fetched 25 times a second. Meanwhile one plugin is replaced by\nanother build of itself, again as soon as the one before is in \
         service, {swaps} times and until the page was fetched {scrapes} times; both builds are in the compile cache. Each replacement also has the configuration read again (`SIGHUP`), which is a \
         second\nswap.\n\n\
         Afterwards every total on the page must be what was sent: `lost or doubled` is by how many points one is not. `resets` counts \
         values that were less than on the page read before, five in a second, and series\nthat were gone. A request holds one point of \
         every series; it is late from when it was due, not from when it was sent. Percentiles say of how many they are. To reach: nothing lost, doubled or reset, at most 10 ms\nmore for the \
         slowest hundredth, and no more than 4 MiB more memory at the end than after a tenth of the swaps.\n\n"
    );
    // A `String` takes all text.
    let mut row = |cells: &[String]| {
        let _infallible = writeln!(page, "| {} |", cells.join(" | "));
    };
    row(&HEADS.map(str::to_owned));
    row(&HEADS.map(|_| "---".to_owned()));
    outcomes.iter().for_each(|outcome| row(&cells(outcome)));
    page.push_str("\n## What loading costs\n\nFrom the file to a plugin that has answered its probe, the median of nine.\n\n");
    page.push_str("| what | found | to reach | reached |\n| --- | ---: | --- | --- |\n");
    for cells in load_cells(load) {
        let _infallible = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_lost_point_misses() {
        let same = Compared {
            quiet: Duration::from_millis(1),
            swapping: Duration::from_millis(10),
            counts: (300, 300),
        };
        let good = Outcome {
            plugin: "view v",
            swaps: 3,
            swap: Duration::from_millis(2),
            points: 10,
            lost: 0.0,
            resets: 0,
            request: same,
            scrape: same,
            resident_bytes: (5, 4),
        };
        assert!(is_reached(&good));
        assert!(!is_reached(&Outcome { lost: -1.0, ..good.clone() }));
        assert!(!is_reached(&Outcome { resets: 1, ..good.clone() }));
        let late = Compared { swapping: Duration::from_millis(12), ..same };
        assert!(!is_reached(&Outcome { scrape: late, ..good.clone() }));
        assert!(!is_reached(&Outcome { resident_bytes: (0, 5 << 20), ..good }));
    }
}
