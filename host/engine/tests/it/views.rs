//! What Views make of instruments: alone, side by side, and laid over each other.

use wasmeter_engine::{Mode, Views};
use wasmeter_model::{
    Aggregation, AttributeRule, InstrumentKind as Kind, NumberKind, StreamSpec, Temporality,
};

use crate::support::*;

/// The names and values of a counter of 5 with `a=1,b=2` under these Views.
fn streams(views: Views) -> Vec<String> {
    let engine = engine(&[CUMULATIVE], views);
    recorder(&engine, Kind::Counter, "c").record(int(5), &attrs("a=1,b=2"), at(2));
    collect(&engine, 0, 10)
        .iter()
        .map(|row| row.replace(" sum+ cum 5 @2..10", "").replace("a=1", "a").replace("b=2", "b"))
        .collect()
}

fn keeping(keys: &[&str]) -> StreamSpec {
    StreamSpec { attributes: only(keys), ..StreamSpec::default() }
}

fn dropped() -> StreamSpec {
    StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() }
}

fn also(name: &str, spec: StreamSpec) -> StreamSpec {
    StreamSpec { name: Some(name.into()), ..spec }
}

/// A View with these answers for every instrument.
fn answering(specs: Vec<StreamSpec>) -> std::sync::Arc<dyn wasmeter_engine::View> {
    TestView::of(move |_| Ok(Some(specs.clone())), |_, set| Ok(Some(set.clone())))
}

#[test]
fn f5_without_a_match_the_instrument_is_its_own_stream() {
    assert_eq!(streams(no_views()), ["c{a,b}"]);
    assert_eq!(streams(plugins([matching(|_| false, named("x"))])), ["c{a,b}"]);
    assert_eq!(streams(base(Mode::Independent, [matching(|_| false, dropped())])), ["c{a,b}"]);
}

#[test]
fn d4_f2_independent_views_make_a_stream_each() {
    let views = [every(also("x", keeping(&["a"]))), every(keeping(&["b"]))];
    assert_eq!(streams(base(Mode::Independent, views)), ["c{b}", "x{a}"]);
    assert_eq!(streams(base(Mode::Independent, [every(dropped())])), [] as [&str; 0]);
}

#[test]
fn a13_f6_composable_views_of_one_name_are_laid_over_each_other() {
    let views = [every(keeping(&["a", "b"])), every(also("x", keeping(&["a"]))), every(named("y"))];
    assert_eq!(streams(base(Mode::Composable, views)), ["x{a}", "y{a,b}"]);
    // The last one to speak about an aspect wins; a later wish undoes a drop.
    let sum = StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() };
    assert_eq!(streams(base(Mode::Composable, [every(dropped()), every(sum)])), ["c{a,b}"]);
    let views = [every(named("x")), every(also("x", dropped())), every(named("y"))];
    assert_eq!(streams(base(Mode::Composable, views)), ["y{a,b}"]);
}

#[test]
fn a_plugin_renames_adds_and_drops() {
    assert_eq!(streams(plugins([every(named("x"))])), ["x{a,b}"]);
    assert_eq!(streams(plugins([every(named("x")), every(named("y"))])), ["x{a,b}", "y{a,b}"]);
    let both = answering(vec![StreamSpec::default(), also("x", keeping(&["a"]))]);
    assert_eq!(streams(plugins([both])), ["c{a,b}", "x{a}"]);
    assert_eq!(streams(plugins([answering(vec![])])), [] as [&str; 0]);
    // One plugin drops the stream, a named one of another is its own.
    let x = StreamSpec { aggregation: Aggregation::Sum, ..named("x") };
    assert_eq!(streams(plugins([answering(vec![]), every(x)])), ["x{a,b}"]);
}

#[test]
fn a_view_is_asked_once_for_each_set_and_never_for_a_measurement() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let views = plugins([TestView::computing(move |set| {
        count.fetch_add(1, Ordering::Relaxed);
        Some(set.clone())
    })]);
    let engine = engine(&[CUMULATIVE, DELTA], views);
    let counter = recorder(&engine, Kind::Counter, "c");
    for secs in 2..20 {
        counter.record(int(1), &attrs("a=1"), at(secs));
        counter.record(int(1), &attrs("a=2"), at(secs));
        engine.collect(1, at(secs));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn resource_rules_include_exclude_and_compute() {
    let owner = |rule| {
        let spec = StreamSpec { resource: vec![rule], ..StreamSpec::default() };
        let views = plugins([TestView::of(
            move |_| Ok(Some(vec![spec.clone()])),
            |_, set| {
                Ok(set.get("secret").is_none().then(|| [("was", set.len() as i64)].into_iter().collect()))
            },
        )]);
        let engine = engine(&[CUMULATIVE], views);
        let frame = Otlp::of("svc=a,pid=1")
            .counter("c", Temporality::Cumulative, &[("", 2, 5, int(1))])
            .resource("secret=1")
            .counter("c", Temporality::Cumulative, &[("", 2, 5, int(1))])
            .frame();
        engine.ingest(&frame, at(5));
        collect(&engine, 0, 10)
    };
    let pattern = |text: &str| vec![wasmeter_model::Pattern::new(text)];
    let row = "c{} sum+ cum 1 @2..10";
    assert_eq!(
        owner(AttributeRule::Exclude(pattern("p*"))),
        [format!("[secret=1] {row}"), format!("[svc=a] {row}")]
    );
    assert_eq!(owner(AttributeRule::Include(pattern("svc"))), [format!("[svc=a] {row}"), row.to_owned()]);
    assert_eq!(owner(AttributeRule::Computed(1)), [format!("[was=Int(2)] {row}")]);
}

#[test]
fn e3_f1_f4_advised_attributes_count_where_no_view_says_anything() {
    let recorded = |views| {
        let engine = engine(&[CUMULATIVE], views);
        let mut advised = instrument(Kind::Counter, "c", NumberKind::Int);
        advised.advisory.attributes = Some(["a".into()].into());
        engine.instrument(advised, at(1)).unwrap().record(int(5), &attrs("a=1,b=2"), at(2));
        collect(&engine, 0, 10)
    };
    assert_eq!(recorded(no_views()), ["c{a=1} sum+ cum 5 @2..10"]);
    assert_eq!(recorded(plugins([every(named("c"))])), ["c{a=1} sum+ cum 5 @2..10"]);
    assert_eq!(recorded(plugins([every(keeping(&["b"]))])), ["c{b=2} sum+ cum 5 @2..10"]);
}

#[test]
fn f2_two_streams_of_one_identity_are_both_exported_and_not_added_up() {
    let views = base(Mode::Independent, [every(StreamSpec::default()), every(keeping(&["a"]))]);
    let engine = engine(&[CUMULATIVE], views);
    recorder(&engine, Kind::Counter, "c").record(int(5), &attrs("a=1"), at(2));
    expect(&engine, 0, 10, &["c{a=1} sum+ cum 5 @2..10", "c{a=1} sum+ cum 5 @2..10"]);
    let notices: Vec<_> = engine.notices().into_iter().map(|notice| notice.message).collect();
    assert_eq!(notices, ["the Views give it two streams named `c`; both are exported"]);
}

#[test]
fn e2_the_description_and_unit_are_labels() {
    let spec =
        StreamSpec { description: Some("new".into()), unit: Some("ms".into()), ..StreamSpec::default() };
    let engine = engine(&[CUMULATIVE], plugins([every(spec)]));
    recorder(&engine, Kind::Counter, "c").record(int(5), &attrs(""), at(2));
    let frame = engine.collect(0, at(10));
    let metric = frame.metrics().next().unwrap();
    assert_eq!((metric.description(), metric.unit()), ("new", "ms"));
}

#[test]
fn d3_a_native_view_may_select_by_anything_there_is_and_needs_to_select_by_nothing() {
    use wasmeter_model::{Instrument, Origin};
    type Selects = fn(&Instrument) -> bool;
    let selectors: [(Selects, &[&str]); 4] = [
        (|instrument| instrument.number == NumberKind::Double, &["int", "x", "x"]),
        (|instrument| instrument.origin == Origin::Received, &["double", "int", "x"]),
        (|instrument| instrument.resource.attributes.get("svc").is_some(), &["double", "int", "x"]),
        (|_| true, &["x", "x", "x"]),
    ];
    for (selects, expected) in selectors {
        let engine = engine(&[CUMULATIVE], plugins([matching(selects, named("x"))]));
        for (name, number) in [("int", NumberKind::Int), ("double", NumberKind::Double)] {
            let value = if number == NumberKind::Int { int(1) } else { double(1.0) };
            let counter = engine.instrument(instrument(Kind::Counter, name, number), at(1)).unwrap();
            counter.record(value, &attrs(""), at(2));
        }
        let point = ("", 2, 5, double(1.0));
        engine
            .ingest(&Otlp::of("svc=a").counter("received", Temporality::Cumulative, &[point]).frame(), at(5));
        let frame = engine.collect(0, at(10));
        let mut names: Vec<_> = frame.metrics().map(|metric| metric.name().to_owned()).collect();
        names.sort();
        assert_eq!(names, expected);
    }
}
