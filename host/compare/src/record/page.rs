//! The result as a table for a terminal, and as `docs/benchmarks.md`.

use std::fmt::Write;

use super::{Line, Machine, Target};
use crate::official_version;

/// The cells of a line.
fn cells(line: &Line) -> [String; 8] {
    let target = match line.target {
        Some(Target::RatioAtMost(limit)) => format!("ratio <= {limit}"),
        Some(Target::OursAtLeast(limit)) => format!("ours >= {limit}"),
        Some(Target::OursBelow(limit)) => format!("ours < {limit}"),
        None => String::new(),
    };
    let verdict = match (line.target, line.ok()) {
        (None, _) => "",
        (_, true) => "ok",
        (_, false) => "MISSED",
    };
    [
        line.case.clone(),
        figure(line.ours),
        figure(line.theirs),
        line.unit.to_owned(),
        format!("{:.2}", line.ratio()),
        line.ratio_of_fastest.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        target,
        verdict.to_owned(),
    ]
}

/// Three digits, as many as there is something behind.
fn figure(number: f64) -> String {
    let digits = match number.abs() {
        below if below < 10.0 => 2,
        below if below < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$}")
}

const HEADS: [&str; 8] = ["case", "ours", "theirs", "unit", "ratio", "of fastest", "target", "reached"];

/// A line for a terminal, in columns; without one, the head.
pub fn table(line: Option<&Line>) -> String {
    let [case, ours, theirs, unit, ratio, fastest, target, verdict] =
        line.map_or_else(|| HEADS.map(str::to_owned), cells);
    let text =
        format!("{case:<66}{ours:>8}{theirs:>9} {unit:<10}{ratio:>6}{fastest:>12}  {target:<15}{verdict}");
    text.trim_end().to_owned()
}

/// The heading of what people write into the page.
const NOTES: &str = "\n## Notes\n";

/// The whole page, with what `before`, the page as it was, has below `## Notes`.
pub fn markdown(lines: &[Line], machine: &Machine, before: &str) -> String {
    let mut page = format!(
        "# Benchmarks\n\n\
         Each has a page of its own, with the command that writes it: [whole programs beside the OpenTelemetry Collector and\n\
         Rotel](benchmarks-compare.md) ([raw](benchmarks-compare.jsonl)), [more load than a program can take](overload.md), [what a received point\n\
         costs, from a request to a page](benchmarks-ingest.md), [what a swap costs](swap.md), [what a processor's frame\n\
         costs](benchmarks-frame.md). This one is about measurements that a program makes itself.\n\n\
         wasmeter (ours) and `opentelemetry_sdk` {} (theirs) in one process, driven by the same code through the\n\
         `opentelemetry` API. Written by\n\n\
         ```sh\n\
         cargo xtask bench record --markdown docs/benchmarks.md\n\
         ```\n\n\
         Machine: {machine}.\n\n\
         Before a case is timed, both sides must have counted the same, and afterwards the collected total must be the number\n\
         of measurements made. The sides are timed in turns, rounds of about 250 µs; a figure is the median of 400 rounds.\n\
         There are twelve passes over all cases; of each that one counts in which it was least disturbed, since others use\n\
         the processors too: by the times of both sides, and with two threads by that of something neutral. `ratio` is ours by theirs, and `of fastest` the same of each side's fastest round, which other load on the machine moves less.\n\
         With two threads a figure is the time of a measurement over both together, so it halves where threads do not disturb\n\
         each other. Attribute sets are made before the clock starts. In the cases about wasm both sides are wasmeter, and\n\
         `theirs` is the native View. Bytes are what the allocator was asked for and has not got back, after a collection.\n\n\
         To see where the time of a case goes: `perf record target/release/wasmeter-compare record --filter 'bound counter'`.\n\n",
        official_version()
    );
    // A `String` takes all text.
    let mut row = |cells: &[String]| {
        let _infallible = writeln!(page, "| {} |", cells.join(" | "));
    };
    row(&HEADS.map(str::to_owned));
    row(&["---", "---:", "---:", "---", "---:", "---:", "---", "---"].map(str::to_owned));
    for line in lines {
        row(&cells(line));
    }
    if let Some((_, notes)) = before.split_once(NOTES) {
        page.push_str(NOTES);
        page.push_str(notes);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{Line, Machine, Target, markdown, table};

    #[test]
    fn a_missed_target_is_shown_and_notes_stay() {
        let target = Some(Target::RatioAtMost(0.35));
        let (case, unit) = ("counter".to_owned(), "ns");
        let line = Line { case, ours: 50.0, theirs: 100.0, unit, target, ratio_of_fastest: Some(0.4) };
        assert!(table(Some(&line)).ends_with("ratio <= 0.35  MISSED"));
        let page = markdown(&[line], &Machine::this(), "old figures\n\n## Notes\n\nWhy it is so.\n");
        assert!(page.contains("| counter | 50.0 | 100 | ns | 0.50 | 0.40 | ratio <= 0.35 | MISSED |\n"));
        assert!(page.ends_with(" |\n\n## Notes\n\nWhy it is so.\n") && !page.contains("old figures"));
    }
}
