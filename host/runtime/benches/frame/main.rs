//! What a frame costs on its way through a processor, beside other shapes the same metrics could cross the sandbox in:
//! `cargo xtask bench frame`.
//!
//! 10,000 points of five attributes. A plugin removes one attribute and returns the rest, or only reads. Each way first proves
//! that it yields the same points; then all are timed in turns, and of each the fastest round counts: others use the processor,
//! too, and can only add to a time.
#![expect(clippy::print_stdout, reason = "a tool for people at a terminal")]

mod columns;
mod native;
mod nested;
mod page;
mod points;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use points::{KEY, POINTS, Row};
use wasmeter_model::frame::Frame;

/// Rounds of each way; a round is a whole frame.
const ROUNDS: usize = 300;

/// Nanoseconds for a point.
pub(crate) struct Figures {
    pub(crate) way: &'static str,
    pub(crate) read: f64,
    pub(crate) remove: f64,
}

fn per_point(took: Duration) -> f64 {
    took.as_secs_f64() * 1e9 / POINTS as f64
}

/// The fastest of many rounds; what a round needs is made before its clock starts.
fn fastest<I, O>(mut make: impl FnMut() -> I, mut work: impl FnMut(I) -> O) -> f64 {
    let round = |_| {
        let input = make();
        let start = Instant::now();
        let output = work(input);
        let took = start.elapsed();
        drop(black_box(output));
        took
    };
    per_point((0..ROUNDS).map(round).min().unwrap_or(Duration::MAX))
}

fn main() {
    let Some(components) = std::env::var_os("WASMETER_HOSTILE").map(PathBuf::from) else {
        println!("run it with `cargo xtask bench frame`, which builds what it needs");
        return;
    };
    let rows = points::rows();
    let expected = points::removed(&rows);
    let frame = points::frame(&rows);

    let columns = columns::parts(&components.join("bench-columns.wasm"), &frame, &expected);

    let engine = nested::engine();
    let mut records = nested::Records::load(&engine, &components.join("bench-records.wasm"));
    let metrics = nested::records(&rows);
    assert_eq!(nested::of_records(&records.remove(&metrics)), expected, "records");
    let records = Figures {
        way: "nested records",
        read: fastest(|| (), |()| records.read(&metrics)),
        remove: fastest(|| (), |()| records.remove(&metrics)),
    };

    let mut otlp = nested::Otlp::load(&engine, &components.join("bench-otlp.wasm"));
    let request = nested::otlp(&rows);
    assert_eq!(otlp.remove(&request), nested::otlp(&expected), "OTLP");
    let otlp = Figures {
        way: "OTLP bytes, the host's codec not counted",
        read: fastest(|| (), |()| otlp.read(&request)),
        remove: fastest(|| (), |()| otlp.remove(&request)),
    };

    assert_eq!(points::of_frame(&native::remove(&frame)), expected, "native");
    let native = Figures {
        way: "native, in the host",
        read: fastest(|| (), |()| native::read(&frame)),
        remove: fastest(|| (), |()| native::remove(&frame)),
    };

    let collected = points::collected(&rows);
    assert!(!collected.is_interned());
    assert_eq!(points::of_frame(&collected.clone().into_interned()), rows, "rows of sets");
    let interned = fastest(|| collected.clone(), Frame::into_interned);

    let page = page::markdown(&columns, interned, &[records, otlp, native]);
    println!("{page}");
    if let Some(file) = std::env::var_os("WASMETER_BENCH_PAGE") {
        std::fs::write(&file, page).expect("the page can be written");
    }
}

/// Used by the parts.
type Rows = Vec<Row>;
