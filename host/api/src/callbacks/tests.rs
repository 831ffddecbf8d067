//! The order of runs, without threads.

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
