//! What was measured, as it is, for whoever wants to work it out again.

use serde_json::json;
use wasmeter_machine::Machine;

use super::{EVERY, Options, Outcome, peers};
use crate::processor;

/// How much of the peak the levels of an outcome are.
const LEVELS: [f64; 2] = [1.0, 0.5];

/// One JSON object a line: first how it was measured, then every outcome at every level. Times are seconds, sizes bytes.
pub(crate) fn lines(outcomes: &[Outcome], options: &Options, machine: &Machine) -> String {
    let head = json!({
        "machine": machine.to_string(),
        "series": options.series,
        "rounds": options.rounds,
        "our_rounds": options.our_rounds,
        "every_secs": EVERY.as_secs_f64(),
        "processor": processor::this(),
        "collector": peers::collector(),
        "rotel": peers::rotel(),
        "processors": options.processors,
    });
    let case = |outcome: &Outcome| {
        json!({
            "scenario": outcome.scenario,
            "transport": outcome.transport.name(),
            "program": outcome.program.text(),
        })
    };
    let mut lines = vec![head];
    for outcome in outcomes {
        let mut add = |fields: serde_json::Value| {
            let mut line = case(outcome);
            if let (Some(line), serde_json::Value::Object(fields)) = (line.as_object_mut(), fields) {
                line.extend(fields);
            }
            lines.push(line);
        };
        match &outcome.levels {
            Ok(levels) => {
                for (level, of_peak) in levels.iter().zip(LEVELS) {
                    let (passed_on, verdict) = (level.passed_on, level.verdict.as_ref());
                    let (min, max) = level.points_per_sec_range;
                    add(json!({
                        "of_peak": of_peak,
                        "points": level.points,
                        "took_secs": level.took.as_secs_f64(),
                        "points_per_sec": level.points_per_sec(),
                        "points_per_sec_min": min,
                        "points_per_sec_max": max,
                        "fetches": level.fetches,
                        "busy_secs": level.busy.as_secs_f64(),
                        "resident_bytes_max": level.resident_bytes_max,
                        "total_sent": verdict.map(|verdict| verdict.expected),
                        "total_found": verdict.map(|verdict| verdict.found),
                        "wrong": verdict.and_then(|verdict| verdict.wrong.as_ref()),
                        "points_out": passed_on.map(|on| on.points),
                        "points_out_timed": passed_on.map(|on| on.points_timed),
                    }));
                }
            }
            Err(error) => add(json!({ "error": error })),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasmeter_otlp::Compression;

    use super::*;
    use crate::compare::program::{Binaries, Name};
    use crate::compare::{Level, Transport};

    #[test]
    fn every_level_of_every_outcome_is_a_line_of_its_own() {
        let level = Level {
            points: 1000,
            took: Duration::from_millis(500),
            points_per_sec_range: (1000.0, 3000.0),
            fetches: 2,
            busy: Duration::from_millis(250),
            resident_bytes_max: 1 << 20,
            verdict: None,
            passed_on: None,
            looks: 2,
        };
        let outcome = |levels| Outcome {
            scenario: "sums",
            transport: Transport::Grpc(Compression::None),
            program: Name::Wasmeter,
            levels,
        };
        let options = Options {
            binaries: Binaries { wasmeter: "wasmeter".into(), collector: None, rotel: None },
            processors: Some((0, 1)),
            series: 10,
            rounds: 100,
            our_rounds: 200,
            looks_min: 2,
            filter: None,
        };
        let outcomes = [outcome(Ok([level.clone(), level])), outcome(Err("it hangs".to_owned()))];
        let text = lines(&outcomes, &options, &Machine::this());
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (lines.len(), &lines[0]["series"], &lines[0]["processors"][1]),
            (4, &json!(10), &json!(1))
        );
        assert_eq!((&lines[2]["took_secs"], &lines[2]["transport"]), (&json!(0.5), &json!("gRPC")));
        assert_eq!((&lines[1]["of_peak"], &lines[2]["of_peak"]), (&json!(1.0), &json!(0.5)));
        assert_eq!((&lines[1]["points_per_sec_max"], &lines[1]["fetches"]), (&json!(3000.0), &json!(2)));
        assert!(lines[1]["total_found"].is_null());
        assert_eq!(&lines[3]["error"], &json!("it hangs"));
    }
}
