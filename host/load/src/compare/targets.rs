//! What is to be reached, and in which cases it is.

use wasmeter_otlp::Compression;

use super::Outcome;
use super::program::Name;

/// How many times the Collector's points a second, wherever both give right totals.
const RATIO_MIN: f64 = 5.0;

/// Points a second of one processor; nothing is asked of other compressions.
fn points_per_sec_min(compression: Compression) -> Option<f64> {
    match compression {
        Compression::None => Some(1_000_000.0),
        Compression::Gzip => Some(500_000.0),
        Compression::Zstd => None,
    }
}

/// How many times as much wasmeter takes as this other program in the same case, if either took all.
pub(super) fn ratio(outcomes: &[Outcome], of: &Outcome) -> Option<f64> {
    let is_ours = |ours: &&Outcome| {
        ours.program == Name::Wasmeter && (ours.scenario, ours.transport) == (of.scenario, of.transport)
    };
    let ours = outcomes.iter().find(is_ours).filter(|_| of.program != Name::Wasmeter)?;
    let [[ours, _], [theirs, _]] = [ours.levels.as_ref().ok()?, of.levels.as_ref().ok()?];
    Some(ours.points_per_sec() / theirs.points_per_sec())
}

/// A target as a line: in how many cases it is reached, and which ones miss it.
fn line(target: &str, cases: &[(&Outcome, bool)]) -> String {
    let reached = cases.iter().filter(|(_, is_reached)| *is_reached).count();
    let missed = cases.iter().filter(|(_, is_reached)| !is_reached);
    let missed: Vec<_> =
        missed.map(|(of, _)| format!("{} over {}", of.scenario, of.transport.name())).collect();
    let missed = if missed.is_empty() { String::new() } else { format!("; MISSED: {}", missed.join(", ")) };
    format!("- {target}: {reached} of {} cases{missed}\n", cases.len())
}

/// All targets as lines.
pub(super) fn lines(outcomes: &[Outcome]) -> String {
    let beside = outcomes.iter().filter(|of| of.program == Name::Collector && of.fault().is_none());
    let beside: Vec<_> = beside.filter_map(|of| Some((of, ratio(outcomes, of)? >= RATIO_MIN))).collect();
    let ours = outcomes.iter().filter(|of| of.program == Name::Wasmeter);
    let speed = |of: &Outcome| {
        let wanted = points_per_sec_min(of.transport.compression())?;
        // What took less than all has no speed.
        Some(of.levels.as_ref().is_ok_and(|[peak, _]| peak.points_per_sec() >= wanted))
    };
    let fast: Vec<_> = ours.clone().filter_map(|of| Some((of, speed(of)?))).collect();
    let right: Vec<_> = ours.map(|of| (of, of.fault().is_none())).collect();
    line("Five times the Collector's points/s where it gives right totals, or only receives", &beside)
        + &line("A million points/s on one processor, half of that with gzip", &fast)
        + &line("Right totals at the peak and at half of it", &right)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::compare::Level;
    use crate::link::Transport;
    use crate::standings::Verdict;

    fn outcome(program: Name, compression: Compression, points: u64, total: f64) -> Outcome {
        let wrong = (total != 1.0).then(|| "a series is missing".to_owned());
        let verdict = Some(Verdict { expected: 1.0, found: total, wrong });
        let (took, busy) = (Duration::from_secs(1), Duration::from_secs(1));
        let level = Level {
            points,
            took,
            points_per_sec_range: (0.0, 0.0),
            fetches: 0,
            busy,
            resident_bytes_max: 0,
            verdict,
            passed_on: None,
            looks: 2,
        };
        let transport = Transport::Grpc(compression);
        Outcome { scenario: "sums", transport, program, levels: Ok([level.clone(), level]) }
    }

    #[test]
    fn a_case_counts_where_both_are_right_and_what_misses_is_named() {
        let outcomes = [
            outcome(Name::Wasmeter, Compression::None, 999_999, 1.0),
            outcome(Name::Collector, Compression::None, 200_000, 1.0),
            outcome(Name::Wasmeter, Compression::Gzip, 500_000, 2.0),
            outcome(Name::Collector, Compression::Gzip, 50, 2.0),
            outcome(Name::Wasmeter, Compression::Zstd, 1, 1.0),
        ];
        let lines: Vec<_> = lines(&outcomes).lines().map(str::to_owned).collect();
        assert!(lines[0].ends_with(": 0 of 1 cases; MISSED: sums over gRPC"), "{lines:?}");
        assert!(lines[1].ends_with(": 1 of 2 cases; MISSED: sums over gRPC"), "{lines:?}");
        assert!(lines[2].ends_with(": 2 of 3 cases; MISSED: sums over gRPC, gzip"), "{lines:?}");
    }
}
