//! Instruments that are almost the same.

use wasmeter_engine::{Engine, Mode};
use wasmeter_model::frame::{FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind, SummaryRow};
use wasmeter_model::{Instrument, InstrumentKind as Kind, NumberKind, StreamSpec, Temporality};

use crate::support::*;

fn described(description: &str) -> Instrument {
    let counter = instrument(Kind::Counter, "c", NumberKind::Int);
    Instrument { description: description.into(), ..counter }
}

fn record(engine: &Engine, description: &str) {
    engine.instrument(described(description), at(1)).unwrap().record(int(1), &attrs(""), at(2));
}

/// The descriptions a reader sees.
fn descriptions(engine: &Engine, secs: u64) -> Vec<String> {
    engine.collect(0, at(secs)).metrics().map(|metric| metric.description().to_owned()).collect()
}

fn describing(description: &str) -> wasmeter_engine::Views {
    let spec = StreamSpec { description: Some(description.into()), ..StreamSpec::default() };
    base(Mode::Independent, [every(spec)])
}

#[test]
fn c7_of_several_descriptions_the_longest_is_chosen_whatever_their_order() {
    for order in [["short", "longer text", ""], ["longer text", "", "short"], ["", "short", "longer text"]] {
        let engine = engine(&[CUMULATIVE], no_views());
        order.into_iter().for_each(|description| record(&engine, description));
        assert_eq!(descriptions(&engine, 10), ["longer text"]);
        // One that comes late has its say, too.
        record(&engine, "the longest of them all");
        assert_eq!(descriptions(&engine, 20), ["the longest of them all"]);
        assert_eq!(collect(&engine, 0, 30), ["c{} sum+ cum 4 @2..30"]);
    }
}

#[test]
fn c7_a_view_that_sets_the_description_has_the_last_word_until_it_goes() {
    let engine = engine(&[CUMULATIVE], describing("set"));
    ["short", "longer text"].into_iter().for_each(|description| record(&engine, description));
    assert_eq!(descriptions(&engine, 10), ["set"]);
    engine.swap(describing("s"), at(11)).unwrap();
    assert_eq!(descriptions(&engine, 20), ["s"]);
    engine.swap(no_views(), at(21)).unwrap();
    assert_eq!(descriptions(&engine, 30), ["longer text"]);
    engine.swap(describing(""), at(31)).unwrap();
    record(&engine, "longer text");
    assert_eq!(descriptions(&engine, 40), [""]);
    assert_eq!(collect(&engine, 0, 50), ["c{} sum+ cum 3 @2..50"]);
}

#[test]
fn c7_received_metrics_have_the_longest_of_the_descriptions_their_senders_give() {
    let engine = engine(&[CUMULATIVE], no_views());
    let send = |description: &str, time| {
        let mut frame = FrameBuilder::new();
        let none = frame.set([]);
        frame.resource(none, "", 0);
        frame.scope("", "", "", none, 0);
        let header = PointHeader { attributes: none, start: at(1), time: at(time), flags: 0 };
        for (name, kind) in [("c", PointKind::Sum), ("s", PointKind::Summary)] {
            let temporality = Some(Temporality::Cumulative);
            let row = MetricRow { name, description, unit: "", kind, temporality, monotonic: true };
            frame.metric(row, none);
            frame.number(NumberRow { header, value: Some(int(1)) });
            frame.summary(SummaryRow { header, ..SummaryRow::default() });
        }
        assert_eq!(engine.ingest(&frame.finish(), at(time)).accepted, 2);
    };
    for (time, description) in [(5, "short"), (6, "longer text"), (7, "")] {
        send(description, time);
    }
    assert_eq!(descriptions(&engine, 10), ["longer text", "longer text"]);
    // A swap forgets what Views said, and not what senders did.
    engine.swap(describing("set"), at(11)).unwrap();
    engine.swap(no_views(), at(12)).unwrap();
    assert_eq!(descriptions(&engine, 20), ["longer text", "longer text"]);
}
