//! The provider as the one of the whole process, in the way existing programs find it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use opentelemetry::global;

use crate::support::*;

#[path = "../../examples/console.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod console;

/// There is one global provider, so these tests go one after the other.
static GLOBAL: Mutex<()> = Mutex::new(());

#[test]
fn a_program_that_knows_the_global_provider_only_measures_with_ours() {
    let _alone = GLOBAL.lock().unwrap();
    let setup = setup(CUMULATIVE);
    global::set_meter_provider(setup.provider.clone());
    let meter = global::meter("shop");
    meter.u64_counter("counter").build().add(1, &a("1"));
    let _gauge = meter.f64_observable_gauge("gauge").with_callback(|o| o.observe(0.5, &[])).build();
    setup.expect(10, &["counter{a=1} sum+ cum 1 @1..10", "gauge{} gauge 0.5 @0..10"]);
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_example_prints_its_metrics_at_the_end() {
    let _alone = GLOBAL.lock().unwrap();
    let out = Shared::default();
    console::run(out.clone()).unwrap();
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "shop http.duration{route=/cart} count=3 sum=0.75",
            "shop http.duration{route=/} count=6 sum=1.5",
            "shop http.open{} 9",
            "shop http.requests{route=/cart} 3",
            "shop http.requests{route=/} 6",
        ]
    );
}
