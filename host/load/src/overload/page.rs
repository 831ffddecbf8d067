//! The result as lines for a terminal, and as a page.

use std::fmt::Write;

use wasmeter_machine::Machine;

use super::{COLLECTOR_MEMORY_MIB, Options, Outcome};
use crate::compare::program::Name;

/// The most beyond its state that the host may take, in MiB.
const MORE_MIB_MAX: u64 = 100;

const HEADS: [&str; 11] = [
    "scenario",
    "program",
    "over",
    "peak, points/s",
    "sent, points/s",
    "taken, points/s",
    "requests refused",
    "memory before",
    "most beyond it",
    "at half the peak",
    "totals",
];

fn cells(outcome: &Outcome) -> [String; 11] {
    let (all, refused) = (outcome.overload.taken + outcome.overload.refused, outcome.overload.refused);
    let more = outcome.more_bytes_max >> 20;
    let verdict = match outcome.program {
        Name::Wasmeter if more <= MORE_MIB_MAX => format!(" (<= {MORE_MIB_MAX} ok)"),
        Name::Wasmeter => format!(" (<= {MORE_MIB_MAX} MISSED)"),
        _ => String::new(),
    };
    [
        outcome.scenario.to_owned(),
        outcome.program.text().to_owned(),
        outcome.transport.name().to_owned(),
        format!("{:.0}", outcome.peak),
        format!("{:.0}", outcome.offered),
        format!("{:.0}", outcome.taken),
        format!("{refused} of {all}"),
        format!("{} MiB", outcome.resident_bytes >> 20),
        format!("{more} MiB{verdict}"),
        if outcome.half.refused == 0 {
            "all taken".to_owned()
        } else {
            format!("{} REFUSED", outcome.half.refused)
        },
        outcome.verdict.text(),
    ]
}

/// An outcome for a terminal.
pub(crate) fn table(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (head, cell) in HEADS.iter().zip(cells(outcome)) {
        // Writing to a string does not fail.
        let _ok = writeln!(text, "{head:<18} {cell}");
    }
    text
}

/// As a page.
pub(crate) fn markdown(outcomes: &[Outcome], options: &Options, machine: &Machine) -> String {
    let mut text = format!(
        "# More than it can take\n\n\
         {} clients send requests of a thousand points in turn, eight at a time and as fast as they are answered, which gives the peak. \
         Then all of them together send {} times as much for {} s, each by the clock and one request at a time (so that those who are not answered in time send \
         less than they should), and give up what is refused. Then they send half of the peak. Each client has a thousand series of its \
         own, with five attributes. The scenarios are those of [the comparison](benchmarks-compare.md) whose series stay, but for the page of \
         histograms, which would be half a gigabyte. Memory is what is \
         resident, before with all series known; totals are what the page says, or where the series stand that were sent on when the \
         program was told to end, compared with what was acknowledged. The program has one processor and the clients another, and so has the \
         receiver that points are sent on to. The Collector runs where it only receives and shows a page, with its \
         `memory_limiter` in front of that, of {} MiB. Written by\n\n\
         ```sh\ncargo xtask bench overload --markdown docs/overload.md\n```\n\n\
         Machine: {machine}.\n\n| {} |\n|---|---|---|---:|---:|---:|---:|---:|---:|---|---|\n",
        options.clients,
        options.factor,
        options.secs,
        COLLECTOR_MEMORY_MIB,
        HEADS.join(" | "),
    );
    for outcome in outcomes {
        let _ok = writeln!(text, "| {} |", cells(outcome).join(" | "));
    }
    text + "\nEvery refusal of the host said when to come back (`Retry-After`, or `RetryInfo` in gRPC); otherwise the task fails.\n"
}
