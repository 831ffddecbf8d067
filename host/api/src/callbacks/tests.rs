//! The order of runs, without threads.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use wasmeter_engine::{CallbackRun, Engine, EngineConfig, ReaderConfig, Views};
use wasmeter_model::{Advisory, Instrument, InstrumentKind, NumberKind, Origin, Resource, Scope, Timestamp};

use super::schedule::{LeftOut, Schedule, Why};

/// An engine with a callback for each list of instruments.
fn engine(callbacks: &[&[&str]]) -> Engine {
    let config = EngineConfig { readers: vec![ReaderConfig::default()], ..EngineConfig::default() };
    let engine = Engine::new(config, Views::default(), Timestamp::UNKNOWN);
    for names in callbacks {
        let instruments = names.iter().map(|name| Instrument {
            name: (*name).into(),
            description: "".into(),
            unit: "".into(),
            kind: InstrumentKind::ObservableGauge,
            number: NumberKind::Int,
            origin: Origin::Recorded,
            scope: Scope::default().into(),
            resource: Resource::default().into(),
            advisory: Advisory::default(),
        });
        engine.observe(instruments.collect(), |_| {}, Timestamp::UNKNOWN).unwrap();
    }
    engine
}

fn runs(engine: &Engine) -> Vec<CallbackRun> {
    engine.callback_runs(Timestamp::UNKNOWN)
}

/// Begins all that may begin: their callbacks, in order.
fn begin_all(schedule: &mut Schedule) -> Vec<u64> {
    std::iter::from_fn(|| schedule.next()).map(|job| job.callback()).collect()
}

fn end(schedule: &mut Schedule, callback: u64) -> bool {
    schedule.end(callback, Err(String::new()))
}

fn left_out(instrument: &str, why: Why) -> LeftOut {
    LeftOut { instrument: instrument.into(), why }
}

#[test]
fn i4_a_callback_waits_for_all_of_its_instruments_that_run_for_an_earlier_collection() {
    let engine = engine(&[&["a"], &["a", "b"], &["b"], &["c"]]);
    let mut schedule = Schedule::default();
    let first = schedule.begin(runs(&engine));
    assert_eq!(begin_all(&mut schedule), [1, 2, 3, 4]);
    let second = schedule.begin(runs(&engine));
    assert_eq!((begin_all(&mut schedule), schedule.waiting()), (vec![], 0));
    assert!(!end(&mut schedule, 4));
    assert_eq!(begin_all(&mut schedule), [4]);
    assert!(!end(&mut schedule, 1));
    assert_eq!(begin_all(&mut schedule), [] as [u64; 0]);
    assert!(!end(&mut schedule, 2));
    // `b` is still reported by 3, which 2 reports too.
    assert_eq!(begin_all(&mut schedule), [1]);
    assert!(end(&mut schedule, 3));
    assert!(schedule.is_over(first) && !schedule.is_over(second));
    assert_eq!(begin_all(&mut schedule), [2, 3]);
    assert_eq!(schedule.finish(first).ended.len(), 4);
}

#[test]
fn i3_what_is_given_up_holds_nothing_up_but_itself() {
    let engine = engine(&[&["a"], &["a"], &["b"]]);
    let mut schedule = Schedule::default();
    let first = schedule.begin(runs(&engine));
    assert_eq!(schedule.next().map(|job| job.callback()), Some(1));
    let second = schedule.begin(runs(&engine));
    let finished = schedule.finish(first);
    assert_eq!(finished.ended.len(), 0);
    let expected = [left_out("a", Why::NoTime), left_out("b", Why::NoTime), left_out("a", Why::Late)];
    assert_eq!(finished.left_out, expected);
    assert_eq!(finished.never_begun.len(), 2);
    // One that was waiting already when it was given up goes on waiting, a later collection leaves it out.
    assert_eq!(begin_all(&mut schedule), [2, 3]);
    let third = schedule.begin(runs(&engine));
    end(&mut schedule, 3);
    end(&mut schedule, 2);
    assert_eq!(
        (schedule.finish(second).left_out, begin_all(&mut schedule)),
        (vec![left_out("a", Why::NoTime)], vec![2, 3])
    );
    assert!(!end(&mut schedule, 1), "it is nobody's");
    assert!(!end(&mut schedule, 2));
    assert!(end(&mut schedule, 3));
    assert_eq!(schedule.finish(third).left_out, [left_out("a", Why::StillRunning)]);
    let fourth = schedule.begin(runs(&engine));
    assert_eq!(begin_all(&mut schedule), [1, 2, 3]);
    assert_eq!(schedule.finish(fourth).left_out.len(), 3);
}

/// Something that happens to a schedule.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A collection begins.
    Begin,
    /// A thread takes the next run, if there is one.
    Next,
    /// One of the runs that are under way ends.
    End(prop::sample::Index),
    /// A collection ends, whether its runs have or not.
    Finish(prop::sample::Index),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Begin),
        8 => Just(Event::Next),
        6 => any::<prop::sample::Index>().prop_map(Event::End),
        1 => any::<prop::sample::Index>().prop_map(Event::Finish),
    ]
}

/// The instruments of the callbacks 1 to 4.
const OBSERVED: [&[&str]; 4] = [&["a"], &["a", "b"], &["b", "c"], &["c"]];

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        ..ProptestConfig::with_cases(500)
    })]

    /// Whatever ends in whatever order or never: no callback runs twice at the same time, no instrument is observed for two
    /// collections at the same time unless one gave up, each collection hears of each callback once, and nothing waits for ever.
    #[test]
    fn i3_i4_any_order_of_ends_keeps_collections_apart(events in prop::collection::vec(event(), 1..120)) {
        let engine = engine(&OBSERVED);
        let mut schedule = Schedule::default();
        // Of each run that is under way its callback and round, which is 0 once it is given up.
        let mut running: Vec<(u64, u64)> = Vec::new();
        let mut open: Vec<u64> = Vec::new();
        let finish = |schedule: &mut Schedule, running: &mut Vec<(u64, u64)>, round: u64| {
            let finished = schedule.finish(round);
            running.iter_mut().filter(|(_, of)| *of == round).for_each(|(_, of)| *of = 0);
            finished.ended.len() + finished.left_out.len()
        };
        let next = |schedule: &mut Schedule, running: &mut Vec<(u64, u64)>| {
            let Some(job) = schedule.next() else { return false };
            let (callback, round) = (job.callback(), job.round());
            assert!(running.iter().all(|(other, _)| *other != callback), "{callback} runs already");
            let of = |callback: u64| OBSERVED[usize::try_from(callback).unwrap() - 1];
            for (other, _) in running.iter().filter(|(_, of)| *of != 0 && *of != round) {
                assert!(of(*other).iter().all(|name| !of(callback).contains(name)), "{other} and {callback}");
            }
            running.push((callback, round));
            true
        };
        for event in events {
            match event {
                Event::Begin => open.push(schedule.begin(runs(&engine))),
                Event::Next => drop(next(&mut schedule, &mut running)),
                Event::End(index) if !running.is_empty() => {
                    let (callback, _) = running.swap_remove(index.index(running.len()));
                    end(&mut schedule, callback);
                }
                Event::Finish(index) if !open.is_empty() => {
                    let round = open.swap_remove(index.index(open.len()));
                    prop_assert_eq!(finish(&mut schedule, &mut running, round), OBSERVED.len());
                }
                Event::End(_) | Event::Finish(_) => {}
            }
            prop_assert_eq!(schedule.running(), running.len());
        }
        // When all that hangs returns, everything is done.
        let mut turns = 0;
        while next(&mut schedule, &mut running) || !running.is_empty() {
            if let Some((callback, _)) = running.pop() {
                end(&mut schedule, callback);
            }
            turns += 1;
            prop_assert!(turns < 10_000);
        }
        for round in open {
            prop_assert!(schedule.is_over(round));
            prop_assert_eq!(finish(&mut schedule, &mut running, round), OBSERVED.len());
        }
        prop_assert!(schedule.is_empty());
    }
}
