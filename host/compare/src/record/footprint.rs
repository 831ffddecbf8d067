//! What instruments and series weigh, in bytes of the allocator, after a collection.

use opentelemetry::KeyValue;

use super::line::{Line, Target};
use crate::allocation::bytes_kept_by;
use crate::{Engine, Setup, Side};

/// As many as one stream may have.
const SERIES: i64 = 2000;
const INSTRUMENTS: i64 = 500;

/// A weight to compare.
pub(super) struct Footprint {
    pub(super) name: &'static str,
    target: Option<Target>,
    /// The bytes of one, on an engine with one cumulative reader.
    weigh: fn(&dyn Engine) -> f64,
}

pub(super) const ALL: [Footprint; 3] = [
    Footprint {
        name: "memory of an idle counter",
        target: Some(Target::OursBelow(1024.0)),
        weigh: idle_counter,
    },
    Footprint {
        name: "memory of a counter's series, 3 attributes",
        target: Some(Target::RatioAtMost(0.5)),
        weigh: |engine| {
            let counter = engine.meter().u64_counter("weighed").build();
            series(engine, |set| counter.add(1, set))
        },
    },
    Footprint {
        name: "memory of a histogram's series, 3 attributes",
        target: None,
        weigh: |engine| {
            let histogram = engine.meter().f64_histogram("weighed").build();
            series(engine, |set| histogram.record(7.0, set))
        },
    },
];

fn idle_counter(engine: &dyn Engine) -> f64 {
    let meter = engine.meter();
    let mut counters = Vec::with_capacity(usize::try_from(INSTRUMENTS).unwrap_or_default());
    let bytes = bytes_kept_by(|| {
        for number in 0..INSTRUMENTS {
            counters.push(meter.u64_counter(format!("idle.{number}")).build());
        }
        collect(engine);
    });
    bytes as f64 / INSTRUMENTS as f64
}

fn series(engine: &dyn Engine, measure: impl Fn(&[KeyValue])) -> f64 {
    // What the instrument needs for any measurement is not the series'.
    measure(&[]);
    collect(engine);
    let bytes = bytes_kept_by(|| {
        for number in 0..SERIES - 1 {
            let route = KeyValue::new("http.route", format!("/orders/{number}"));
            measure(&[
                route,
                KeyValue::new("http.request.method", "GET"),
                KeyValue::new("user.tier", "gold"),
            ]);
        }
        collect(engine);
        collect(engine);
    });
    bytes as f64 / (SERIES - 1) as f64
}

/// Collects and lets go of what was collected: it belongs to whoever exports it.
fn collect(engine: &dyn Engine) {
    assert!(engine.collect(0).is_ok(), "the engine cannot collect");
}

impl Footprint {
    /// Weighs both sides.
    pub(super) fn run(&self) -> Result<Line, String> {
        // A thread each: what an engine keeps for a thread is new then, and counts.
        let weigh = |side: Side| {
            let weigh = self.weigh;
            let thread = std::thread::spawn(move || weigh(side.build(&Setup::default()).as_ref()));
            thread.join().map_err(|_| format!("{}: weighing panicked", self.name))
        };
        Ok(Line {
            case: self.name.to_owned(),
            ours: weigh(Side::Ours)?,
            theirs: weigh(Side::Official)?,
            unit: "bytes",
            target: self.target,
            ratio_of_fastest: None,
        })
    }
}
