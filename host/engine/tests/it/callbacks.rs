//! Callbacks run apart from the engine: given up, removed, re-entrant, broken, and what that does to everything else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use wasmeter_engine::{CallbackRun, Engine, Observations, Observer, Rejection};
use wasmeter_model::limits::Limits;
use wasmeter_model::{InstrumentKind as Kind, NumberKind};

use crate::support::*;

fn observe(engine: &Engine, name: &str, callback: impl Fn(&mut Observer<'_>) + Send + Sync + 'static) -> u64 {
    let gauge = instrument(Kind::ObservableGauge, name, NumberKind::Int);
    engine.observe(vec![gauge], callback, at(1)).unwrap()
}

/// Runs what is wanted to run.
fn run(runs: Vec<CallbackRun>, mut wanted: impl FnMut(&str) -> bool) -> Vec<Observations> {
    let wanted = runs.into_iter().filter(|run| wanted(run.instrument_name().unwrap()));
    wanted.map(|run| run.run().unwrap()).collect()
}

#[test]
fn i3_a_run_that_is_given_up_leaves_out_its_series_and_nothing_else() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    for name in ["late", "good"] {
        observe(&engine, name, |observer| observer.observe(0, int(7), &attrs("a=1")));
    }
    let requests = recorder(&engine, Kind::Counter, "requests");
    let runs = engine.callback_runs(at(10));
    assert_eq!(runs.len(), 2);
    // While they run nothing waits for them.
    requests.record(int(1), &attrs(""), at(10));
    engine.swap(dropping(&["b"]), at(11)).unwrap();
    expect(
        &engine,
        1,
        12,
        &["good{a=1} gauge 7 @0..12", "late{a=1} gauge 7 @0..12", "requests{} sum+ delta 1 @1..12"],
    );
    let (late, in_time) = runs.into_iter().partition(|run| run.instrument_name().unwrap().as_ref() == "late");
    let observations = run(in_time, |_| true);
    let frame = engine.collect_observed(0, observations, at(13));
    assert_eq!(rows(&frame), ["good{a=1} gauge 7 @0..13", "requests{} sum+ cum 1 @10..13"]);
    // What it observes after all is nobody's.
    drop(run(late, |_| true));
    let (good, missing) = ("good{a=1} gauge 7 @0..20", "late{a=1} gauge 7 @0..20");
    expect(&engine, 0, 20, &[good, missing, "requests{} sum+ cum 1 @10..20"]);
}

#[test]
fn i3_observations_without_end_are_cut_and_counted() {
    let limits = Limits { observations_max: 3, ..Limits::default() };
    let engine = engine_with(&[CUMULATIVE], no_views(), limits);
    observe(&engine, "g", |observer| {
        (0..10).for_each(|value| observer.observe(0, int(value), &attrs(&format!("a={value}"))));
    });
    let kept = ["g{a=0} gauge 0 @0..10", "g{a=1} gauge 1 @0..10", "g{a=2} gauge 2 @0..10"];
    expect(&engine, 0, 10, &kept);
    let counts = engine.counts();
    assert!(counts.rejected.contains(&(Rejection::ObservationLimit, 7)));
    assert_eq!(counts.accepted, 3);
    let told: Vec<_> = engine.notices().into_iter().map(|notice| notice.message).collect();
    let advice =
        "a callback observes too much in one run; observe fewer sets, or raise `limits.observations_max`";
    assert_eq!(told, [format!("a value was not counted: {advice}")]);
    // It is told once.
    assert_eq!((collect(&engine, 0, 20).len(), engine.notices().len()), (3, 0));
}

#[test]
fn i3_a_run_that_hangs_keeps_nothing_of_the_engine() {
    let view = TestView::of(|_| Ok(None), |_, _| Ok(None));
    let engine = engine(&[CUMULATIVE], plugins([view.clone()]));
    observe(&engine, "g", |observer| observer.observe(0, int(1), &attrs("")));
    expect(&engine, 0, 10, &["g{} gauge 1 @0..10"]);
    let hanging = engine.callback_runs(at(20));
    assert_eq!(Arc::strong_count(&view), 2);
    drop(engine);
    assert_eq!(Arc::strong_count(&view), 1);
    assert_eq!(run(hanging, |_| true).len(), 1);
}

#[test]
fn b6_what_a_removed_callback_observes_does_not_count_even_if_it_had_begun() {
    let engine = engine(&[CUMULATIVE], no_views());
    let callback = observe(&engine, "g", |observer| observer.observe(0, int(1), &attrs("")));
    observe(&engine, "h", |observer| observer.observe(0, int(2), &attrs("")));
    let observations = run(engine.callback_runs(at(10)), |_| true);
    assert!(engine.unregister(callback));
    let frame = engine.collect_observed(0, observations, at(10));
    assert_eq!(rows(&frame), ["h{} gauge 2 @0..10"]);
    assert_eq!(engine.counts().accepted, 1);
}

#[test]
fn b6_a_run_that_was_handed_out_does_not_begin_once_its_callback_is_removed() {
    let engine = engine(&[CUMULATIVE], no_views());
    let callback = observe(&engine, "g", |_| unreachable!());
    let runs = engine.callback_runs(at(10));
    assert!(engine.unregister(callback));
    assert!(runs.into_iter().all(|run| run.run().is_ok()));
}

#[test]
fn b6_i8_a_callback_may_remove_itself_and_register_another() {
    let engine = engine(&[CUMULATIVE], no_views());
    let (inner, itself) = (engine.clone(), Arc::new(OnceLock::new()));
    let me = itself.clone();
    let callback = observe(&engine, "first", move |observer| {
        observer.observe(0, int(1), &attrs(""));
        assert!(inner.unregister(*me.get().unwrap()));
        observe(&inner, "second", |observer| observer.observe(0, int(2), &attrs("")));
    });
    itself.set(callback).unwrap();
    expect(&engine, 0, 10, &[]);
    expect(&engine, 0, 20, &["second{} gauge 2 @0..20"]);
}

#[test]
fn i8_a_callback_may_swap_and_the_collection_is_of_the_new_views() {
    let engine = engine(&[CUMULATIVE], no_views());
    let inner = engine.clone();
    observe(&engine, "g", move |observer| {
        observer.observe(0, int(1), &attrs("a=1,b=2"));
        inner.swap(dropping(&["b"]), observer.now()).unwrap();
    });
    recorder(&engine, Kind::Counter, "c").record(int(1), &attrs("b=2"), at(2));
    let ended = ["c{b=2} sum+ cum 1 @2..10", "c{b=2} sum+ cum end @2..10"];
    expect(&engine, 0, 10, &[ended[0], ended[1], "g{a=1} gauge 1 @0..10"]);
}

#[test]
fn i8_collecting_from_inside_a_callback_is_refused_with_a_notice() {
    let (outer, other) = (engine(&[CUMULATIVE, DELTA], no_views()), engine(&[CUMULATIVE], no_views()));
    observe(&other, "other", |observer| observer.observe(0, int(3), &attrs("")));
    let (inner, elsewhere) = (outer.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = elsewhere.clone();
    recorder(&outer, Kind::Counter, "c").record(int(1), &attrs(""), at(2));
    observe(&outer, "g", move |observer| {
        for reader in [0, 1] {
            assert_eq!(inner.collect(reader, observer.now()).point_count(), 0);
        }
        // Another engine has nothing to do with it.
        seen.lock().unwrap().extend(rows(&other.collect(0, observer.now())));
        observer.observe(0, int(1), &attrs(""));
    });
    expect(&outer, 0, 10, &["c{} sum+ cum 1 @2..10", "g{} gauge 1 @0..10"]);
    assert_eq!(*elsewhere.lock().unwrap(), ["other{} gauge 3 @0..10"]);
    let notices = outer.notices();
    assert_eq!(notices.len(), 2);
    assert_eq!(&*notices[0].instrument, "g");
    assert!(notices[0].message.starts_with("its callback collects"), "{}", notices[0].message);
    // Nothing was taken from the reader that was refused.
    expect(&outer, 1, 20, &["c{} sum+ delta 1 @1..20", "g{} gauge 1 @0..20"]);
}

#[test]
fn what_a_callback_holds_is_dropped_with_nothing_locked() {
    struct Recording(Engine);
    impl Drop for Recording {
        fn drop(&mut self) {
            observe(&self.0, "after", |observer| observer.observe(0, int(1), &attrs("")));
        }
    }
    let engine = engine(&[CUMULATIVE], no_views());
    let recording = Recording(engine.clone());
    let callback = observe(&engine, "before", move |_| {
        let _ = &recording;
    });
    assert!(engine.unregister(callback));
    expect(&engine, 0, 10, &["after{} gauge 1 @0..10"]);
}

/// What becomes of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    InTime,
    GivenUp,
    Panicking,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::with_cases(200) })]

    /// Whatever becomes of the others, a callback that is done in time reports what it should: the total, and as a delta what
    /// was added since it was last heard.
    #[test]
    fn i3_i5_i7_callbacks_that_fail_in_any_pattern_disturb_nobody(
        turns in prop::collection::vec(
            prop::collection::vec(prop_oneof![3 => Just(Fate::InTime), 1 => Just(Fate::GivenUp), 1 => Just(Fate::Panicking)], 5),
            1..12,
        ),
    ) {
        let engine = engine(&[CUMULATIVE, DELTA], no_views());
        let panics: Vec<Arc<AtomicBool>> = (0..5).map(|_| Arc::default()).collect();
        for (callback, panics) in panics.iter().cloned().enumerate() {
            let total = instrument(Kind::ObservableCounter, &format!("c{callback}"), NumberKind::Int);
            let report = move |observer: &mut Observer<'_>| {
                observer.observe(0, int(i64::try_from(observer.now().0 / 1_000_000_000).unwrap()), &attrs("a=1"));
                if panics.load(Ordering::Relaxed) {
                    std::panic::resume_unwind(Box::new("broken"));
                }
            };
            engine.observe(vec![total], report, at(1)).unwrap();
        }
        let mut heard: HashMap<(usize, usize), u64> = HashMap::new();
        for (turn, fates) in turns.iter().enumerate() {
            let secs = 10 * (turn as u64 + 1);
            for (panics, fate) in panics.iter().zip(fates) {
                panics.store(*fate == Fate::Panicking, Ordering::Relaxed);
            }
            for reader in [0, 1] {
                let runs = engine.callback_runs(at(secs)).into_iter().zip(fates);
                let runs = runs.filter(|(_, fate)| **fate != Fate::GivenUp);
                // They may end in any order.
                let observations: Vec<_> = runs.rev().filter_map(|(run, _)| run.run().ok()).collect();
                let frame = engine.collect_observed(reader, observations, at(secs));
                let mut expected = Vec::new();
                for (callback, _) in fates.iter().enumerate().filter(|(_, fate)| **fate == Fate::InTime) {
                    let before = heard.insert((reader, callback), secs).unwrap_or(0);
                    expected.push((format!("c{callback}"), if reader == 0 { secs } else { secs - before }));
                }
                let found: Vec<(String, u64)> = frame
                    .metrics()
                    .flat_map(|metric| metric.numbers().map(move |row| (metric.name().to_owned(), row.value)))
                    .map(|(name, value)| (name, value.unwrap().as_f64() as u64))
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
