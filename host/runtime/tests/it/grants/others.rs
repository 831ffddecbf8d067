//! Variables, clocks, randomness, the standard streams, and waiting.

use std::time::{Duration, Instant, SystemTime};

use wasmeter_runtime::{FailureKind, LogLevel};

use super::Reach;

#[test]
fn variables_are_those_granted_and_no_others() {
    let Some(reach) = Reach::with("", &[("environment", "['PATH', 'NOT_SET_ANYWHERE']")]) else { return };
    let path = std::env::var("PATH").unwrap();
    assert_eq!(reach.tell("variable PATH"), format!("found: Some({path:?})"));
    assert_eq!(reach.tell("variable NOT_SET_ANYWHERE"), "found: None");
    assert!(std::env::vars().count() > 2, "there is more to hide");
    for (name, _) in std::env::vars().filter(|(name, _)| name != "PATH") {
        assert_eq!(reach.tell(&format!("variable {name}")), "found: None");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what a plugin is told is compared with what time it is")]
fn clocks_and_randomness_are_real() {
    let Some(reach) = Reach::with("", &[]) else { return };
    let numbers = || -> Vec<u64> {
        let answer = reach.tell("time");
        answer.strip_prefix("found: ").unwrap().split(' ').map(|number| number.parse().unwrap()).collect()
    };
    let since_epoch = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let before = since_epoch();
    let (first, second) = (numbers(), numbers());
    let (told, monotonic) = (u128::from(first[0]), (first[1], second[1]));
    assert!(before <= told && told <= since_epoch(), "{before} {told}");
    assert!(monotonic.1 > monotonic.0);
    let drawn = [reach.tell("random 32"), reach.tell("random 32")];
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(drawn[0].split(',').count(), 32);
}

#[test]
fn sleeping_is_over_with_the_call() {
    let Some(reach) = Reach::with("", &[]) else { return };
    assert_eq!(reach.tell("sleep 1"), "found: done");
    let started = Instant::now();
    let answer = reach.tell("sleep 3600000");
    let took = started.elapsed();
    assert!(answer.contains("`streams` ran longer than 300ms"), "{answer}");
    assert_eq!(reach.plugin.last_failure().unwrap().kind, FailureKind::Deadline);
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn what_is_written_to_the_standard_streams_is_logged_in_lines() {
    let Some(reach) = Reach::with("log_burst_lines = 8\nlog_lines_per_sec = 0", &[]) else { return };
    let told = |command: &str| {
        let before = reach.lines.all().len();
        reach.tell(command);
        let lines = reach.lines.all().into_iter().skip(before);
        lines.map(|(_, level, line)| (level, line)).collect::<Vec<_>>()
    };
    let line = |level, text: &str| (level, text.to_owned());
    let done = line(LogLevel::Info, "found: done");
    let expected = [line(LogLevel::Info, "one"), line(LogLevel::Info, "two"), done.clone()];
    assert_eq!(told("print stdout one|two|begun"), expected, "what is begun is no line yet");
    let expected = [line(LogLevel::Info, "begun-and-ended"), done];
    assert_eq!(told("print stdout -and-ended|"), expected);
    let failed = [line(LogLevel::Warn, "alas"), line(LogLevel::Info, "found: done")];
    assert_eq!(told("print stderr alas|"), failed);
    // The lines count as any other the plugin logs: there is one left.
    assert_eq!(told("print stdout a|b|c|"), [line(LogLevel::Info, "a")]);
    assert_eq!(reach.plugin.info().stats.log_lines_dropped, 3);
}

#[test]
fn an_exit_ends_the_instance_and_the_next_question_has_another() {
    let Some(reach) = Reach::with("", &[]) else { return };
    let answer = reach.tell("exit");
    assert!(answer.contains("`streams` exited with status 1"), "{answer}");
    assert_eq!(reach.plugin.last_failure().unwrap().kind, FailureKind::Trap);
    assert!(reach.tell("time").starts_with("found: "));
}
