//! What was measured, as it is, for whoever wants to work it out again.

use serde_json::json;
use wasmeter_machine::Machine;

use super::{Options, Outcome};

/// One JSON object a line: first how it was measured, then every outcome. Times are seconds, sizes bytes.
pub(crate) fn lines(outcomes: &[Outcome], options: &Options, machine: &Machine) -> String {
    let head = json!({
        "machine": machine.to_string(),
        "series": options.series,
        "rounds": options.rounds,
        "processors": options.processors,
    });
    let outcome = |outcome: &Outcome| {
        json!({
            "scenario": outcome.scenario,
            "transport": outcome.transport.name(),
            "program": outcome.program,
            "points": outcome.points,
            "took_secs": outcome.took.as_secs_f64(),
            "busy_secs": outcome.busy.as_secs_f64(),
            "resident_bytes_max": outcome.resident_bytes_max,
            "total_sent": outcome.total.0,
            "total_found": outcome.total.1,
        })
    };
    std::iter::once(head).chain(outcomes.iter().map(outcome)).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::link::Transport;

    #[test]
    fn every_outcome_is_a_line_of_its_own() {
        let outcome = Outcome {
            scenario: "sums",
            transport: Transport::Grpc,
            program: "wasmeter",
            points: 1000,
            took: Duration::from_millis(500),
            busy: Duration::from_millis(250),
            resident_bytes_max: 1 << 20,
            total: (10.0, None),
        };
        let options = Options {
            wasmeter: "wasmeter".into(),
            collector: None,
            processors: Some((0, 1)),
            series: 10,
            rounds: 100,
            filter: None,
        };
        let text = lines(&[outcome.clone(), outcome], &options, &Machine::this());
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (lines.len(), &lines[0]["series"], &lines[0]["processors"][1]),
            (3, &json!(10), &json!(1))
        );
        assert_eq!((&lines[2]["took_secs"], &lines[2]["transport"]), (&json!(0.5), &json!("gRPC")));
        assert!(lines[1]["total_found"].is_null());
    }
}
