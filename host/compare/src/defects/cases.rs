//! The cases.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};

use opentelemetry::KeyValue;

use super::Defect;
use super::stage::Stage;
use crate::{Aggregation, Setup, Temporality, ViewSpec};

/// All of them, by number.
pub const DEFECTS: [Defect; 10] = [
    Defect {
        row: "V1",
        case: "two readers, an observable counter as a histogram; one reader collects twice, then the other",
        specification: "the callback's observations are the collecting reader's alone: count=1",
        setup: || Setup {
            readers: vec![Temporality::Cumulative; 2],
            ..Setup::with_view(ViewSpec { aggregation: Some(Aggregation::Histogram), ..view("jobs") })
        },
        run: observations_belong_to_one_reader,
    },
    Defect {
        row: "V2",
        case: "two delta readers, an observable gauge whose attribute changes; each reader collects once",
        specification: "the second reader has the second set of attributes alone",
        setup: || Setup { readers: vec![Temporality::Delta; 2], ..Setup::default() },
        run: a_reader_sees_nothing_of_another,
    },
    Defect {
        row: "V3",
        case: "a View removes `cpu` from an observable counter that reports 10 and 32",
        specification: "what falls together is added: 42",
        setup: || Setup::with_view(ViewSpec { keep: Some(&[]), ..view("cpu.time") }),
        run: observations_that_fall_together_are_added,
    },
    Defect {
        row: "V4",
        case: "two Views of one stream name that keep different attributes",
        specification: "both streams, and a warning",
        setup: || Setup {
            views: vec![
                ViewSpec { keep: Some(&["route"]), ..view("requests") },
                ViewSpec { keep: Some(&["method"]), ..view("requests") },
            ],
            ..Setup::default()
        },
        run: every_view_gives_its_stream,
    },
    Defect {
        row: "V5",
        case: "an attribute key is given twice",
        specification: "the last value counts",
        setup: Setup::default,
        run: the_last_of_a_repeated_key_counts,
    },
    Defect {
        row: "V6",
        case: "a View asks for the sum of a gauge that records 5 and 6",
        specification: "a sum that is not monotonic: 11",
        setup: || Setup::with_view(ViewSpec { aggregation: Some(Aggregation::Sum), ..view("level") }),
        run: a_gauge_can_be_summed,
    },
    Defect {
        row: "V7",
        case: "a callback makes an instrument and records with it",
        specification: "both instruments are exported",
        setup: Setup::default,
        run: a_callback_may_make_instruments,
    },
    Defect {
        row: "V8",
        case: "one of two callbacks panics; the reader collects again",
        specification: "the SDK does not fail: the other instrument is exported",
        setup: Setup::default,
        run: a_panic_is_the_callback_s_own,
    },
    Defect {
        row: "V9",
        case: "a counter and a histogram of one name",
        specification: "both are exported, and a warning",
        setup: Setup::default,
        run: a_duplicate_registration_is_told,
    },
    Defect {
        row: "V10",
        case: "five measurements with an attribute that is NaN",
        specification: "one series of 5",
        setup: Setup::default,
        run: nan_names_one_series,
    },
];

fn view(instrument: &'static str) -> ViewSpec {
    ViewSpec { instrument, keep: None, aggregation: None }
}

fn observations_belong_to_one_reader(stage: &Stage) -> String {
    let meter = stage.meter();
    let _jobs =
        meter.u64_observable_counter("jobs").with_callback(|observer| observer.observe(3, &[])).build();
    stage.collect_from(0);
    stage.collect_from(0);
    stage.collect_from(1)
}

fn a_reader_sees_nothing_of_another(stage: &Stage) -> String {
    let generation = AtomicI64::new(0);
    let _gauge = stage
        .meter()
        .u64_observable_gauge("generation")
        .with_callback(move |observer| {
            let set = [KeyValue::new("generation", generation.fetch_add(1, Ordering::Relaxed))];
            observer.observe(1, &set);
        })
        .build();
    stage.collect_from(0);
    stage.collect_from(1)
}

fn observations_that_fall_together_are_added(stage: &Stage) -> String {
    let callback = |observer: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
        observer.observe(10, &[KeyValue::new("cpu", 0)]);
        observer.observe(32, &[KeyValue::new("cpu", 1)]);
    };
    let _time = stage.meter().u64_observable_counter("cpu.time").with_callback(callback).build();
    stage.collect()
}

fn every_view_gives_its_stream(stage: &Stage) -> String {
    let requests = stage.meter().u64_counter("requests").build();
    requests.add(1, &[KeyValue::new("route", "/cart"), KeyValue::new("method", "GET")]);
    format!("{}, {}", stage.collect(), stage.warned())
}

/// Each of the attributes that a thing measured 64 times is exported with: the official SDK gives out one of two, by chance.
fn the_last_of_a_repeated_key_counts(stage: &Stage) -> String {
    let meter = stage.meter();
    for number in 0..64 {
        let requests = meter.u64_counter(format!("requests.{number:02}")).build();
        requests.add(1, &[KeyValue::new("route", "first"), KeyValue::new("route", "last")]);
    }
    let rows = stage.collect();
    let kinds: BTreeSet<String> = rows
        .split("; ")
        .map(|row| format!("requests{}", row.get("requests.00".len()..).unwrap_or(row)))
        .collect();
    kinds.into_iter().collect::<Vec<_>>().join(", or ")
}

fn a_gauge_can_be_summed(stage: &Stage) -> String {
    let level = stage.meter().u64_gauge("level").build();
    level.record(5, &[]);
    level.record(6, &[]);
    stage.collect()
}

fn a_callback_may_make_instruments(stage: &Stage) -> String {
    let meter = stage.meter();
    let inside = meter.clone();
    let _outer = meter
        .u64_observable_gauge("outer")
        .with_callback(move |observer| {
            inside.u64_gauge("inner").build().record(1, &[]);
            observer.observe(1, &[]);
        })
        .build();
    stage.collect();
    stage.collect()
}

fn a_panic_is_the_callback_s_own(stage: &Stage) -> String {
    let meter = stage.meter();
    let _broken =
        meter.u64_observable_counter("broken").with_callback(|_| panic!("this callback is broken")).build();
    let _healthy =
        meter.u64_observable_counter("healthy").with_callback(|observer| observer.observe(7, &[])).build();
    // The official reader passes the panic on to whoever collects; what matters is what comes after.
    drop(catch_unwind(AssertUnwindSafe(|| stage.collect())));
    stage.collect()
}

fn a_duplicate_registration_is_told(stage: &Stage) -> String {
    let meter = stage.meter();
    meter.u64_counter("requests").build().add(1, &[]);
    meter.u64_histogram("requests").with_boundaries(vec![10.0]).build().record(1, &[]);
    format!("{}, {}", stage.collect(), stage.warned())
}

fn nan_names_one_series(stage: &Stage) -> String {
    let requests = stage.meter().u64_counter("requests").build();
    for _ in 0..5 {
        requests.add(1, &[KeyValue::new("share", f64::NAN)]);
    }
    stage.collect()
}
