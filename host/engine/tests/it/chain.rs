//! Engines in a row: what one exports, the next takes in, and says the same.

use wasmeter_engine::Engine;
use wasmeter_model::{InstrumentKind as Kind, Temporality};

use crate::support::*;

/// Names, attributes and values of a collection, without times and ends.
fn values(engine: &Engine, reader: usize, secs: u64) -> Vec<String> {
    let rows = collect(engine, reader, secs);
    let values = rows.iter().filter(|row| !row.contains(" end ")).filter_map(|row| row.split(" @").next());
    values.map(str::to_owned).collect()
}

/// Traffic of every kind at a time, told apart by `turn`.
fn traffic(engine: &Engine, turn: u64, secs: u64) {
    let now = at(secs);
    let set = |key: &str| attrs(&format!("a={},b={key}", turn % 3));
    let value = i64::try_from(turn).unwrap() + 1;
    for kind in [Kind::Counter, Kind::UpDownCounter, Kind::Histogram, Kind::Gauge] {
        let recorder = recorder(engine, kind, kind.name());
        ["x", "y"].into_iter().for_each(|key| recorder.record(int(value * 3), &set(key), now));
    }
    let doubles = wasmeter_model::NumberKind::Double;
    let counter = engine.instrument(instrument(Kind::Counter, "seconds", doubles), now).unwrap();
    counter.record(double(0.1 * f64::from(u32::try_from(turn).unwrap())), &set("x"), now);
    let positive = (0, vec![secs, 2]);
    let frame = Otlp::of("svc=a,pid=1")
        .exponential(
            "expo",
            Temporality::Cumulative,
            &[Expo { start: 1, time: secs, positive, ..Expo::default() }],
        )
        .frame();
    assert_eq!(engine.ingest(&frame, now).accepted, 1);
}

fn views(turn: u64) -> wasmeter_engine::Views {
    match turn % 4 {
        0 => no_views(),
        1 => dropping(&["b"]),
        2 => merging(&["pid"]),
        _ => dropping(&["a", "b"]),
    }
}

#[test]
fn a_cumulative_chain_repeats_every_value_through_swaps() {
    let first = engine(&[CUMULATIVE], no_views());
    let second = engine(&[CUMULATIVE, DELTA], no_views());
    for turn in 1..40 {
        traffic(&first, turn, turn * 10 + 2);
        if turn % 5 == 0 {
            first.swap(views(turn / 5), at(turn * 10 + 3)).unwrap();
            traffic(&first, turn + 1, turn * 10 + 4);
        }
        let frame = first.collect(0, at(turn * 10 + 5));
        let report = second.ingest(&frame, at(turn * 10 + 6));
        assert_eq!(report.rejected_points(), 0, "{}", report.message());
        let mut sent: Vec<String> = rows(&frame)
            .iter()
            .filter(|row| !row.contains(" end "))
            .filter_map(|row| row.split(" @").next().map(str::to_owned))
            .collect();
        sent.sort();
        assert_eq!(values(&second, 0, turn * 10 + 7), sent, "turn {turn}");
    }
}

#[test]
fn a_delta_chain_repeats_every_value_through_swaps_and_adds_up_to_the_cumulative_one() {
    let first = engine(&[DELTA, CUMULATIVE], no_views());
    let second = engine(&[DELTA, CUMULATIVE], no_views());
    let (mut of_first, mut of_second) = (0, 0);
    for turn in 1..40 {
        traffic(&first, turn, turn * 10 + 2);
        if turn % 5 == 0 {
            first.swap(views(turn / 5), at(turn * 10 + 3)).unwrap();
            traffic(&first, turn + 1, turn * 10 + 4);
        }
        let frame = first.collect(0, at(turn * 10 + 5));
        let report = second.ingest(&frame, at(turn * 10 + 6));
        assert_eq!(report.rejected_points(), 0, "{}", report.message());
        let count = |frame: &wasmeter_model::frame::Frame| -> u64 {
            let histograms = frame.metrics().flat_map(|metric| metric.histograms());
            histograms.map(|point| point.count).sum()
        };
        of_first += count(&frame);
        let again = second.collect(0, at(turn * 10 + 7));
        of_second += count(&again);
        let strip = |frame| -> Vec<String> {
            rows(frame)
                .iter()
                .filter(|row| row.contains(" delta ") && !row.contains(" end "))
                .filter_map(|row| row.split(" @").next().map(str::to_owned))
                .collect()
        };
        assert_eq!(strip(&again), strip(&frame), "turn {turn}");
    }
    assert_eq!(of_second, of_first);
    assert!(of_first > 70);
}

#[test]
fn a_start_that_was_exported_never_moves_so_the_next_engine_counts_nothing_twice() {
    let first = engine(&[CUMULATIVE], merging(&["pid"]));
    let second = engine(&[CUMULATIVE], merging(&["nothing"]));
    for (pid, start, time) in [(1, 5, 6), (2, 3, 16), (3, 2, 26)] {
        let frame = Otlp::of(&format!("pid={pid}"))
            .counter("c", Temporality::Cumulative, &[("", start, time, int(10))])
            .frame();
        first.ingest(&frame, at(time));
        assert_eq!(second.ingest(&first.collect(0, at(time + 1)), at(time + 2)).rejected_points(), 0);
    }
    expect(&second, 0, 40, &["c{} sum+ cum 30 @5..40"]);
}
