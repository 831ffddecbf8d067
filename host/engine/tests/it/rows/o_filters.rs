//! Filters of a reader.

use std::sync::{Arc, Mutex};

use wasmeter_engine::{
    AttributesFilterResult, Engine, EngineConfig, MetricFilter, MetricFilterResult, MetricStream,
    ReaderConfig, Views, filtered,
};
use wasmeter_model::frame::PointKind;
use wasmeter_model::{
    Attributes, InstrumentKind as Kind, NumberKind, Scope, StreamSpec, Temporality, TemporalityPreference,
};

use crate::support::*;

type TestMetric = dyn Fn(MetricStream<'_>) -> MetricFilterResult + Send + Sync;

/// Decides about metrics by a closure, and drops every series with the attribute `drop`. Remembers what it was asked.
struct Filter {
    test_metric: Box<TestMetric>,
    asked: Mutex<Vec<String>>,
}

impl MetricFilter for Filter {
    fn test_metric(&self, metric: MetricStream<'_>) -> MetricFilterResult {
        let MetricStream { scope, name, kind, unit, .. } = metric;
        self.asked.lock().unwrap().push(format!("{}/{name} {kind:?} {unit}", scope.name));
        (self.test_metric)(metric)
    }

    fn test_attributes(&self, metric: MetricStream<'_>, attributes: &Attributes) -> AttributesFilterResult {
        self.asked.lock().unwrap().push(format!("{}{{{}}}", metric.name, attributes.len()));
        match attributes.get("drop") {
            Some(_) => AttributesFilterResult::Drop,
            None => AttributesFilterResult::Accept,
        }
    }
}

impl Filter {
    fn new(
        test_metric: impl Fn(MetricStream<'_>) -> MetricFilterResult + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { test_metric: Box::new(test_metric), asked: Mutex::default() })
    }

    /// Accepts the metrics whose names begin with `all`, drops those with `none`, and asks about the series of the others.
    fn by_name() -> Arc<Self> {
        Self::new(|metric| match metric.name {
            name if name.starts_with("all") => MetricFilterResult::Accept,
            name if name.starts_with("none") => MetricFilterResult::Drop,
            _ => MetricFilterResult::AcceptPartial,
        })
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }
}

/// Readers of these temporalities, of which the first has the filter.
fn filtering(filter: Arc<Filter>, readers: &[TemporalityPreference], views: Views) -> Engine {
    let mut readers: Vec<_> = readers
        .iter()
        .map(|temporality| ReaderConfig { temporality: *temporality, ..ReaderConfig::default() })
        .collect();
    readers[0].filter = Some(filter);
    Engine::new(EngineConfig { readers, ..EngineConfig::default() }, views, at(1))
}

#[test]
fn o5_metrics_pass_are_dropped_or_pass_in_part_for_the_reader_that_has_the_filter() {
    let filter = Filter::by_name();
    let engine = filtering(filter.clone(), &[CUMULATIVE, CUMULATIVE], no_views());
    for name in ["all", "none", "some"] {
        let counter = recorder(&engine, Kind::Counter, name);
        ["", "drop=1", "a=1,b=2"].into_iter().for_each(|set| counter.record(int(1), &attrs(set), at(2)));
    }
    expect(
        &engine,
        0,
        10,
        &[
            "all{} sum+ cum 1 @2..10",
            "all{a=1,b=2} sum+ cum 1 @2..10",
            "all{drop=1} sum+ cum 1 @2..10",
            "some{} sum+ cum 1 @2..10",
            "some{a=1,b=2} sum+ cum 1 @2..10",
        ],
    );
    // Each metric once in a collection, and the series only of those in part.
    assert_eq!(filter.asked(), ["/all Sum 1", "/none Sum 1", "/some Sum 1", "some{0}", "some{1}", "some{2}"]);
    assert_eq!(collect(&engine, 1, 10).len(), 9);
    assert_eq!(filter.asked(), [] as [&str; 0]);
}

#[test]
fn o5_a_filter_is_told_scope_name_kind_and_unit_as_they_are_exported() {
    let filter = Filter::new(|_| MetricFilterResult::Accept);
    let view = StreamSpec { unit: Some("ms".into()), attributes: without(&["b"]), ..named("renamed") };
    let views = plugins([matching(|instrument| &*instrument.name == "old", view)]);
    let engine = filtering(filter.clone(), &[DELTA], views);
    let scope = Arc::new(Scope { name: "scope".into(), ..Scope::default() });
    for (kind, name) in [(Kind::Counter, "old"), (Kind::Histogram, "h"), (Kind::Gauge, "g")] {
        let instrument =
            wasmeter_model::Instrument { scope: scope.clone(), ..instrument(kind, name, NumberKind::Int) };
        engine.instrument(instrument, at(1)).unwrap().record(int(1), &attrs(""), at(2));
    }
    let points = [Expo { start: 1, time: 5, positive: (0, vec![1]), ..Expo::default() }];
    let frame = Otlp::of("").exponential("e", Temporality::Cumulative, &points).summary("s", 5, 1).frame();
    assert_eq!(engine.ingest(&frame, at(5)).accepted, 2);
    assert_eq!(collect(&engine, 0, 10).len(), 5);
    let told = [
        "/e ExponentialHistogram 1",
        "/s Summary 1",
        "scope/g Gauge 1",
        "scope/h Histogram 1",
        "scope/renamed Sum ms",
    ];
    assert_eq!(filter.asked(), told);
}

#[test]
fn o5_what_is_dropped_leaves_no_empty_metric_scope_or_resource() {
    let engine = filtering(Filter::by_name(), &[CUMULATIVE], no_views());
    recorder(&engine, Kind::Counter, "none").record(int(1), &attrs(""), at(2));
    recorder(&engine, Kind::Gauge, "some").record(int(1), &attrs("drop=1"), at(2));
    let frame = Otlp::of("pid=1").summary("none.s", 5, 1).frame();
    engine.ingest(&frame, at(5));
    assert_eq!(engine.collect(0, at(10)), wasmeter_model::frame::Frame::default());
}

#[test]
fn o5_a_series_that_passes_again_says_its_whole_total_and_a_delta_only_its_own_interval() {
    let open = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let door = open.clone();
    let filter = Filter::new(move |_| match door.load(std::sync::atomic::Ordering::Relaxed) {
        true => MetricFilterResult::Accept,
        false => MetricFilterResult::Drop,
    });
    for (preference, rows) in [
        (CUMULATIVE, ["c{} sum+ cum 1 @2..10", "c{} sum+ cum 3 @2..30"]),
        (DELTA, ["c{} sum+ delta 1 @1..10", "c{} sum+ delta 1 @20..30"]),
    ] {
        let engine = filtering(filter.clone(), &[preference], no_views());
        let counter = recorder(&engine, Kind::Counter, "c");
        for (passes, secs, expected) in [(true, 10, &rows[..1]), (false, 20, &[][..]), (true, 30, &rows[1..])]
        {
            counter.record(int(1), &attrs(""), at(secs - 8));
            open.store(passes, std::sync::atomic::Ordering::Relaxed);
            expect(&engine, 0, secs, expected);
        }
    }
}

#[test]
fn o5_a_filter_that_panics_accepts() {
    struct Broken;
    impl MetricFilter for Broken {
        fn test_metric(&self, metric: MetricStream<'_>) -> MetricFilterResult {
            match metric.name {
                "part" => MetricFilterResult::AcceptPartial,
                _ => std::panic::resume_unwind(Box::new("broken")),
            }
        }

        fn test_attributes(&self, _: MetricStream<'_>, _: &Attributes) -> AttributesFilterResult {
            std::panic::resume_unwind(Box::new("broken"))
        }
    }
    let reader = ReaderConfig { filter: Some(Arc::new(Broken)), ..ReaderConfig::default() };
    let engine =
        Engine::new(EngineConfig { readers: vec![reader], ..EngineConfig::default() }, no_views(), at(1));
    for name in ["part", "whole"] {
        recorder(&engine, Kind::Counter, name).record(int(1), &attrs("a=1"), at(2));
    }
    expect(&engine, 0, 10, &["part{a=1} sum+ cum 1 @2..10", "whole{a=1} sum+ cum 1 @2..10"]);
    let notices: Vec<_> = engine.notices().into_iter().map(|notice| notice.message).collect();
    assert_eq!(notices, ["the reader's metric filter panicked; what it was asked about is exported"; 2]);
}

#[test]
fn o5_frames_from_elsewhere_are_filtered_alike() {
    let engine = engine(&[CUMULATIVE], no_views());
    for name in ["all", "none", "some"] {
        let counter = recorder(&engine, Kind::Counter, name);
        ["", "drop=1"].into_iter().for_each(|set| counter.record(int(1), &attrs(set), at(2)));
    }
    let filter = Filter::by_name();
    let part = filtered(&engine.collect(0, at(10)), &*filter);
    assert_eq!(
        rows(&part),
        ["all{drop=1} sum+ cum 1 @2..10", "all{} sum+ cum 1 @2..10", "some{} sum+ cum 1 @2..10"]
    );
    assert_eq!(filter.asked(), ["/all Sum 1", "/none Sum 1", "/some Sum 1", "some{0}", "some{1}"]);
    assert_eq!(part.metrics().map(|metric| metric.kind()).collect::<Vec<_>>(), [PointKind::Sum; 2]);
}

#[test]
fn o5_readers_with_the_same_filter_are_equal() {
    let (one, other) = (Filter::by_name(), Filter::by_name());
    let with =
        |filter: &Arc<Filter>| ReaderConfig { filter: Some(filter.clone()), ..ReaderConfig::default() };
    assert_eq!(with(&one), with(&one));
    assert_ne!(with(&one), with(&other));
    assert_ne!(with(&one), ReaderConfig::default());
}
