//! Views and callbacks that fail: passed over and counted in service, a reason to refuse in a swap.

use std::sync::Arc;

use wasmeter_engine::View;
use wasmeter_model::{InstrumentKind as Kind, NumberKind};

use crate::support::*;

fn silent() -> Arc<dyn View> {
    TestView::of(|_| Err("out of fuel".to_owned()), |_, _| Err("unreachable".to_owned()))
}

#[test]
fn notices_are_bounded() {
    let engine = engine(&[CUMULATIVE], plugins([silent()]));
    for number in 0..1000 {
        recorder(&engine, Kind::Counter, &format!("c{number}"));
    }
    let notices = engine.notices();
    assert_eq!(notices.len(), 256);
    assert_eq!(&*notices.last().unwrap().instrument, "c999", "the oldest go first");
    assert_eq!(engine.counts().view_faults, 1000);
}

#[test]
fn i7_r2_a_callback_that_panics_does_not_keep_the_others_from_being_exported() {
    let engine = engine(&[CUMULATIVE], no_views());
    let gauge = |name| vec![instrument(Kind::ObservableGauge, name, NumberKind::Int)];
    engine
        .observe(
            gauge("bad"),
            |observer| {
                observer.observe(0, int(1), &attrs(""));
                std::panic::resume_unwind(Box::new("broken"));
            },
            at(1),
        )
        .unwrap();
    engine.observe(gauge("good"), |observer| observer.observe(0, int(2), &attrs("")), at(1)).unwrap();
    for secs in [10, 20] {
        // Of the one that panicked nothing counts, not even what it had observed before.
        expect(&engine, 0, secs, &[&format!("good{{}} gauge 2 @0..{secs}")]);
    }
    let told: Vec<_> =
        engine.notices().into_iter().map(|notice| (notice.instrument, notice.message)).collect();
    let message = "its callback panicked; nothing it had observed counts".to_owned();
    assert_eq!(told, [("bad".into(), message.clone()), ("bad".into(), message)]);
}

#[test]
fn i8_a_callback_may_make_instruments_and_record() {
    let engine = engine(&[CUMULATIVE], no_views());
    let inner = engine.clone();
    let gauge = vec![instrument(Kind::ObservableGauge, "g", NumberKind::Int)];
    let callback = move |observer: &mut wasmeter_engine::Observer<'_>| {
        let counter =
            inner.instrument(instrument(Kind::Counter, "c", NumberKind::Int), observer.now()).unwrap();
        counter.record(int(1), &attrs(""), observer.now());
        observer.observe(0, int(1), &attrs(""));
    };
    engine.observe(gauge, callback, at(1)).unwrap();
    expect(&engine, 0, 10, &["c{} sum+ cum 1 @10..10", "g{} gauge 1 @0..10"]);
}
