//! The result as a table for a terminal, and as a page.

use std::fmt::Write;

use wasmeter_machine::Machine;

use super::scenario::{COLLECTOR, WASMETER};
use super::{Options, Outcome};

const HEADS: [&str; 8] = [
    "scenario",
    "over",
    "program",
    "points/s",
    "processor s per million points",
    "peak memory",
    "totals",
    "wasmeter / Collector",
];

fn cells(outcome: &Outcome, ratio: Option<f64>) -> [String; 8] {
    let (expected, found) = outcome.total;
    let totals = match found {
        None => "none kept".to_owned(),
        Some(_) if outcome.is_right() => "right".to_owned(),
        Some(found) => format!("WRONG: {found} of {expected}"),
    };
    [
        outcome.scenario.to_owned(),
        outcome.transport.name().to_owned(),
        outcome.program.to_owned(),
        format!("{:.0}", outcome.points_per_sec()),
        format!("{:.2}", outcome.busy.as_secs_f64() * 1e6 / outcome.points as f64),
        format!("{} MiB", outcome.resident_bytes_max >> 20),
        totals,
        ratio.map(|ratio| format!("{ratio:.1}")).unwrap_or_default(),
    ]
}

/// An outcome for a terminal.
pub(crate) fn table(outcome: &Outcome) -> String {
    let [scenario, transport, program, points, busy, memory, totals, _] = cells(outcome, None);
    format!("{scenario:<46}{transport:<11}{program:<11}{points:>9}/s {busy:>6} s/M {memory:>9}  {totals}")
}

/// How many times as much wasmeter takes as the Collector in the same case.
fn ratio(outcomes: &[Outcome], of: &Outcome) -> Option<f64> {
    let is_same = |other: &&Outcome| {
        other.program == COLLECTOR && (other.scenario, other.transport) == (of.scenario, of.transport)
    };
    let theirs = outcomes.iter().find(is_same).filter(|_| of.program == WASMETER)?;
    Some(of.points_per_sec() / theirs.points_per_sec())
}

/// As a page.
pub(crate) fn markdown(outcomes: &[Outcome], options: &Options, machine: &Machine) -> String {
    let mut text = format!(
        "# wasmeter beside the OpenTelemetry Collector\n\n\
         Both programs get the same requests over OTLP on loopback: {} series of five attributes, a thousand points a request, \
         {} points for each series, on four connections, each of which sends as fast as it is answered. Requests are made, and \
         compressed, before the clock starts. The program under test has one processor and the sender another. Totals are what \
         the program's page says afterwards, compared with what was acknowledged. What was measured is in the file of the same name that ends \
         in `.jsonl`, a line for each case. Written by\n\n\
         ```sh\ncargo xtask bench compare --markdown docs/benchmarks-compare.md\n```\n\n\
         Machine: {machine}.\n\n| {} |\n|---|---|---|---:|---:|---:|---|---:|\n",
        options.series,
        options.rounds,
        HEADS.join(" | "),
    );
    for outcome in outcomes {
        // Writing to a string does not fail.
        let _ok = writeln!(text, "| {} |", cells(outcome, ratio(outcomes, outcome)).join(" | "));
    }
    text + NOTES
}

/// What the figures do not say by themselves.
const NOTES: &str = "\n\
    Where the Collector only receives, it throws away what it has decoded, which is the least it can do; wasmeter keeps its state as \
    always. Where two attributes are kept, the Collector adds up within a request and then takes what other requests say of the same \
    series and interval for repeated: its totals are right only if a client sends all of an interval in one request.\n";
