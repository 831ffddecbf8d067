//! The result as a table for a terminal, and as a page.

use std::fmt::Write;

use wasmeter_machine::Machine;

use super::targets::{self, ratio};
use super::{EVERY, Level, Options, Outcome, RUNS, peers};
use crate::processor;

const HEADS: [&str; 10] = [
    "scenario",
    "over",
    "program",
    "points/s",
    "processor s per million points",
    "peak memory",
    "at half: processor s",
    "at half: memory",
    "totals",
    "wasmeter / it",
];

fn mib(level: &Level) -> String {
    format!("{} MiB", level.resident_bytes_max >> 20)
}

fn totals(levels: &[Level; 2]) -> String {
    match levels.iter().find_map(Level::wrong) {
        Some(wrong) => wrong,
        None if levels.iter().any(|level| level.verdict.is_none()) => "none kept".to_owned(),
        None => "right".to_owned(),
    }
}

fn cells(outcome: &Outcome, ratio: Option<f64>) -> [String; 10] {
    let names = [outcome.scenario, outcome.transport.name(), outcome.program.text()].map(str::to_owned);
    let [scenario, transport, program] = names;
    let [points, busy, memory, half_busy, half_memory, totals] = match &outcome.levels {
        Ok(levels @ [peak, half]) => [
            format!("{:.0}", peak.points_per_sec()),
            format!("{:.2}", peak.busy_secs_per_million()),
            mib(peak),
            format!("{:.2}", half.busy_secs_per_million()),
            mib(half),
            totals(levels),
        ],
        Err(error) => ["", "", "", "", "", &format!("FAILED: {error}")].map(str::to_owned),
    };
    let ratio = ratio.map(|ratio| format!("{ratio:.1}")).unwrap_or_default();
    [scenario, transport, program, points, busy, memory, half_busy, half_memory, totals, ratio]
}

/// An outcome for a terminal.
pub(crate) fn table(outcome: &Outcome) -> String {
    let [scenario, transport, program, points, busy, memory, half_busy, half_memory, totals, _] =
        cells(outcome, None);
    format!(
        "{scenario:<58}{transport:<11}{program:<10}{points:>9}/s {busy:>6} s/M {memory:>9}  {half_busy:>6} s/M {half_memory:>9}  {totals}"
    )
}

/// As a page.
pub(crate) fn markdown(outcomes: &[Outcome], options: &Options, machine: &Machine) -> String {
    let mut text = String::new();
    let (all, half, quarter, every) =
        (options.our_rounds, options.our_rounds / 2, options.our_rounds / 4, EVERY.as_millis());
    // Writing to a string does not fail.
    let _ok = write!(
        text,
        "# wasmeter beside the OpenTelemetry Collector and Rotel\n\n\
         All programs get the same requests over OTLP on loopback: {series} series of five attributes, a thousand points a request, \
         on four connections, each of which sends as fast as it is answered: that is the peak. The others get {rounds} points for each series. \
         wasmeter takes those in a tenth of a second, so it gets more of them: {all}, or {half} where they are histograms, or {quarter} where series change. \
         So does the Collector where it only receives. Then each program is \
         started anew and gets a quarter of its points at half of its peak, by the clock. Requests are made, and \
         compressed, before the clock starts; each series has values of its own. wasmeter is measured {RUNS} times, and the run stands here whose \
         peak is the middle one; the slowest and the fastest are in the raw lines. The others are measured once.\n\n\
         A program that shows a page is asked for it every {every} ms while the clock runs, the first time after {first} ms, and what it answers \
         is read to its end and thrown away; while one is under way no other is asked for. Where points are passed on, wasmeter sends where all series stand every {every} ms \
         (`interval` of its periodic reader). A run of wasmeter in which that happened less than {looks} times at the peak is an error. How \
         often it happened is in the raw lines: `fetches`, and `points_out_timed`, the points that came out while the clock ran.\n\n\
         The program under test has one processor; the sender has another, and so has whoever fetches pages, and \
         the receiver that programs send on to, over what the points came over and compressed as they were. Totals are what \
         the program's page says afterwards, or where the series stand that it has sent on when it is told to end, compared with what was acknowledged at either level. Memory is the most that was \
         resident. What was measured is in the file of the same name that ends in `.jsonl`, a line for each level of each case. Written by\n\n\
         ```sh\ncargo xtask bench compare --markdown docs/benchmarks-compare.md\n```\n\n\
         Machine: {machine}. Processor: {processor}. Beside this wasmeter: the OpenTelemetry Collector {collector}, built of the parts in \
         `host/load/collector.yaml`, and Rotel of its package {rotel}.\n\n\
         | {heads} |\n|---|---|---|---:|---:|---:|---:|---:|---|---:|\n",
        series = options.series,
        rounds = options.rounds,
        first = every / 2,
        looks = options.looks_min,
        processor = processor::this(),
        collector = peers::collector(),
        rotel = peers::rotel(),
        heads = HEADS.join(" | "),
    );
    for outcome in outcomes {
        let _ok = writeln!(text, "| {} |", cells(outcome, ratio(outcomes, outcome)).join(" | "));
    }
    text + "\nTo be reached:\n\n" + &targets::lines(outcomes) + NOTES
}

/// What the figures do not say by themselves.
const NOTES: &str = "\n\
    What the figures do not say by themselves:\n\n\
    - Where points are passed on, the Collector and Rotel send each on, while wasmeter says from time to time where every series stands: it is an \
    aggregator there, too, so what it sends does not grow with what it gets (`points_out` in the raw lines). The Collector has no queue there, so that what it has answered is delivered.\n\
    - Where the Collector only receives, it throws away what it has decoded, which is the least it can do; wasmeter keeps its state as always.\n\
    - Where an attribute is removed, the series that become one are ten that follow each other in a request. Where two attributes are kept, they \
    are in many requests. The Collector adds up within a request and then takes what other requests say of the same \
    series and interval for repeated: its totals are right only if a client sends all of an interval in one request.\n\
    - A page is asked for when the one before has come, so that whoever takes long to write one is asked less often: one of histograms has \
    eighteen lines for each series.\n\
    - Rotel stands only where points are passed on as they are, since that is what it does: none of its options changes a temporality, \
    adds up points or shows a page for Prometheus.\n\
    - Where series change, wasmeter knows more of them in the end than the Collector, since more rounds have brought new ones.\n\
    - Explicit buckets become exponential ones, and exponential ones explicit, as if each value had been in the middle of its bucket. Of the \
    Collector's processors none does the first; the second is its `transform` with `midpoint`, before points are added up.\n\
    - More than a program can take is in [overload.md](overload.md).\n";
