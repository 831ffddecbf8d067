//! The result as lines for a terminal, and as a page.

use std::fmt::Write;

use wasmeter_machine::Machine;

use super::{
    Again, COLLECTOR_CLIENTS_MAX, COLLECTOR_MEMORY_MIB, EVERY, Options, Outcome, PEAK_TIME, ROUNDS_OF_STATE,
    company,
};
use crate::compare::peers;
use crate::compare::program::Name;
use crate::processor;

/// The most beyond its state that the host may take, in MiB.
const MORE_MIB_MAX: u64 = 100;

const HEADS: [&str; 14] = [
    "scenario",
    "program",
    "over",
    "peak, points/s",
    "of its processor, at the peak and at the overload",
    "sent, points/s",
    "sent / peak",
    "taken, points/s",
    "requests refused",
    "memory before",
    "most beyond it",
    "at half the peak",
    "taken of clients that come back, points/s",
    "totals",
];

fn cells(outcome: &Outcome) -> [String; 14] {
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
        outcome.shares.map(|share| format!("{:.0} %", share * 100.0)).join(", "),
        format!("{:.0}", outcome.offered),
        match (outcome.program, outcome.missed()) {
            (Name::Wasmeter, Some(min)) => format!("{:.2} (>= {min:.2} MISSED)", outcome.ratio()),
            _ => format!("{:.2}", outcome.ratio()),
        },
        format!("{:.0}", outcome.taken),
        format!("{refused} of {all}"),
        format!("{} MiB", outcome.resident_bytes >> 20),
        format!("{more} MiB{verdict}"),
        if outcome.half.refused == 0 {
            "all taken".to_owned()
        } else {
            format!("{} REFUSED", outcome.half.refused)
        },
        match outcome.again {
            Some(Again { tally, taken, took }) => format!(
                "{taken:.0}, {:.2} of the peak; all {} after {:.1} s and {} refusals",
                taken / outcome.peak,
                tally.taken,
                took.as_secs_f64(),
                tally.refused
            ),
            None => "-".to_owned(),
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
         {clients} clients send requests of a thousand points in turn, eight at a time and as fast as they are answered, for {peak_secs} s, which gives the peak. \
         Then all of them together send {factor} times as much for {secs} s, each by the clock and one request at a time (so that those who are not answered in time send \
         less than they should), and give up what is refused. Then they send half of the peak. At last they send as much too much as before, but send \
         again what is refused, as long after the refusal as it says, until all is taken, as exporters do: of that the table has what was taken \
         as long as too much was sent, and when all was. Each client has a thousand series of its \
         own, with five attributes. The scenarios are those of [the comparison](benchmarks-compare.md), but for the page of \
         histograms, which would be half a gigabyte.\n\n\
         The program has one processor, and of every {period} ms {alone} to itself: in the others {company} threads do nothing but count there, and the program has the \
         lowest priority (`nice`). So it has about a quarter of its processor at the peak, at the overload and at half of the peak; how much it used at the peak and at \
         the overload is in the table. The clients have another processor to themselves and can send more than the program takes of a quarter; of a whole processor \
         it would take nearly all that they can send. So the points per second of this page are no measure of speed; those of the comparison are. \
         What is sent is made in advance where making it costs more than sending it: compressed requests and histograms. The receiver that \
         points are sent on to, every {every} s, has the processor of the clients.\n\n\
         Memory is what is resident: before, when each client has sent {ROUNDS_OF_STATE} requests, so that all series are known with what each of them takes, and nothing is \
         sent any more, the least of {every} s, that is without what sending on takes for a moment; and the most from then on. New series of those that change count as beyond it. Totals are what the page says, series by series, or where the series stand that were sent on when the \
         program was told to end, compared with what was acknowledged. The Collector runs where it only receives and shows a page, with its \
         `memory_limiter` in front of that, of {COLLECTOR_MEMORY_MIB} MiB, and has {COLLECTOR_CLIENTS_MAX} clients at most: more of them it would not answer within the half minute that \
         they wait. Written by\n\n\
         ```sh\ncargo xtask bench overload --markdown docs/overload.md\n```\n\n\
         Machine: {machine}. Processor: {processor}. The Collector is {collector}.\n\n\
         | {heads} |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|---|\n",
        clients = options.clients,
        peak_secs = PEAK_TIME.as_secs(),
        factor = options.factor,
        secs = options.secs,
        company = company::THREADS,
        alone = company::ALONE.as_millis(),
        period = (company::ALONE + company::IN_COMPANY).as_millis(),
        every = EVERY.as_secs(),
        processor = processor::this(),
        collector = peers::collector(),
        heads = HEADS.join(" | "),
    );
    for outcome in outcomes {
        let _ok = writeln!(text, "| {} |", cells(outcome).join(" | "));
    }
    text += "\nEvery refusal of the host said when to come back (`Retry-After`, or `RetryInfo` in gRPC), and all totals were right; otherwise the task \
             fails. What is sent is counted until the last request is; what is taken, until the last one is answered. Of HTTP/1 a body that is refused is read \
             all the same, or its client would not read why, so that refusing what is not compressed costs much of what taking it does; over HTTP/2 a refusal stops it. \
             Where less was sent than is asked for, refusals like that, or the receiver that is sent all histograms and shares the clients' processor, held the clients back.\n";
    let mut collector = outcomes.iter().filter(|outcome| outcome.program == Name::Collector).peekable();
    if collector.peek().is_some() && collector.all(|outcome| outcome.overload.refused == 0) {
        text += "\nThe Collector refuses nothing here, and so it is not tested how it refuses: a client waits for each answer, so that never more requests are under way \
                 than there are clients, and the Collector, which answers when a request is through, holds no others. Its clients send no faster than it \
                 answers.\n";
    }
    text
}
