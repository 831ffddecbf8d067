//! The result as a table for a terminal, and as a page.

use std::fmt::Write;

use wasmeter_machine::Machine;

use super::{Collecting, Figure, Outcome, Scaling, Stall, State};

fn cell(nanos: Option<f64>) -> String {
    nanos.map(|nanos| format!("{nanos:.0}")).unwrap_or_default()
}

fn verdict(is_reached: bool) -> &'static str {
    if is_reached { "ok" } else { "MISSED" }
}

fn row(figure: &Figure) -> [String; 5] {
    let target = figure.target.map(|most| format!("<= {most:.0} {}", verdict(figure.ours <= most)));
    [
        figure.case.to_owned(),
        cell(Some(figure.ours)),
        cell(figure.decoded),
        cell(figure.prost),
        target.unwrap_or_default(),
    ]
}

const HEADS: [&str; 5] = ["ns per point", "wasmeter", "decoded first", "only prost's decoding", "target"];

fn state(state: State) -> String {
    let State { series, bytes_per_series, remembered_bytes_per_series } = state;
    let total = |bytes: f64| bytes * series as f64 / f64::from(1 << 30);
    format!(
        "{series} series of a counter with five attributes take {:.3} GiB, {remembered_bytes_per_series:.0} bytes each (< 0.5 GiB {}), as a host has \
         them that reads requests where they lie: with what is remembered of their encoding, which is bounded. The state alone, of requests that were \
         decoded, takes {:.3} GiB, {bytes_per_series:.0} bytes each.",
        total(remembered_bytes_per_series),
        verdict(total(remembered_bytes_per_series) < 0.5),
        total(bytes_per_series),
    )
}

fn scaling(scaling: &[Scaling]) -> String {
    let mut text =
        "Points a second of two senders, each with 10,000 series: on one thread, on one for each, and on one for each with an engine of its own, \
         which is what the machine gives two threads that have nothing in common. The medians of 21 passes in turns, and of what each pass gives:\n\n\
         | series | one thread | two threads | two engines | two threads are | of two engines |\n|---|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for Scaling { case, one, two, apart, times, of_possible } in scaling {
        let million = |points: &f64| format!("{:.1} M", points / 1e6);
        let (one, two, apart) = (million(one), million(two), million(apart));
        // Writing to a string does not fail.
        let _ok = writeln!(
            text,
            "| {case} | {one} | {two} | {apart} | {times:.2} times one | {:.0} % |",
            of_possible * 100.0
        );
    }
    text
}

fn collecting(collecting: Collecting) -> String {
    let Collecting { services, series, one, two, apart, times, of_possible } = collecting;
    format!(
        "A collection of {series} series, sums of {services} services, which are streams of their own: {one:.0} ns a series on one thread, \
         {two:.0} on two, and {apart:.0} where each of two threads has half of them in an engine of its own. Two threads are {times:.2} \
         times one, {:.0} % of what the machine gives two that have nothing in common. The medians of 21 passes in turns, and of what each \
         pass gives.\n",
        of_possible * 100.0
    )
}

fn stalls(stalls: &[Stall]) -> String {
    let mut text = "The longest a request of a thousand points takes whose series are all of one stream, which another thread collects meanwhile:\n\n\
                    | series | longest request, nothing collected | longest request | longest collection |\n|---:|---:|---:|---:|\n"
        .to_owned();
    for stall in stalls {
        let millis = |time: std::time::Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
        let Stall { series, alone_max, collected_max, collection_max } = *stall;
        // Writing to a string does not fail.
        let _ok = writeln!(
            text,
            "| {series} | {} | {} | {} |",
            millis(alone_max),
            millis(collected_max),
            millis(collection_max)
        );
    }
    text
}

fn paragraphs(outcome: &Outcome) -> String {
    [
        state(outcome.state) + "\n",
        scaling(&outcome.scaling),
        collecting(outcome.collecting),
        stalls(&outcome.stalls),
    ]
    .join("\n")
}

/// For a terminal.
pub(crate) fn table(outcome: &Outcome) -> String {
    let mut text = String::new();
    let rows = std::iter::once(HEADS.map(str::to_owned)).chain(outcome.figures.iter().map(row));
    for [case, ours, decoded, prost, target] in rows {
        // Writing to a string does not fail.
        let _ok = writeln!(text, "{case:<58}{ours:>10}{decoded:>16}{prost:>24}   {target}");
    }
    text + "\n" + &paragraphs(outcome)
}

/// As a page.
pub(crate) fn markdown(outcome: &Outcome, machine: &Machine) -> String {
    let mut text = format!(
        "# What a received point costs in process\n\n\
         From the bytes of an OTLP request to the state of its series, on one thread; then from there to the bytes of an export \
         and the text of a page. The points are cumulative, of series that are known, with five attributes and {:.0} bytes each, \
         in requests of a thousand; every series gets one in each round, and the fastest round counts. Where nothing else is said each \
         round has them in the order of the one before, as most senders do. A million series are those of a thousand requests: these come \
         in another order each round, as where many clients send; or the points in each, too, as of clients that keep to no order; or \
         a request has points of any other. Each of the first two is held against a thousand series in its order. Every total is checked, \
         and the way through messages has to say the same. Written by\n\n\
         ```sh\ncargo xtask bench ingest --markdown docs/benchmarks-ingest.md\n```\n\n\
         Machine: {machine}.\n\n| {} |\n|---|---:|---:|---:|---|\n",
        outcome.bytes_per_point,
        HEADS.join(" | "),
    );
    for figure in &outcome.figures {
        let _ok = writeln!(text, "| {} |", row(figure).join(" | "));
    }
    text + "\n" + &paragraphs(outcome)
}
