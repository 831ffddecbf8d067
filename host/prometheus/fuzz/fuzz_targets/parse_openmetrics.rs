//! Any text is read or refused, without a panic and with memory in proportion; what is read obeys the format.
//!
//! Run by `cargo +nightly fuzz run parse_openmetrics` in `host/prometheus`.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use wasmeter_prometheus::parse_openmetrics;

fuzz_target!(|text: &str| {
    match parse_openmetrics(text) {
        Ok(samples) => {
            assert!(samples.len() <= text.lines().count());
            let mut series = HashSet::new();
            for sample in samples {
                assert!(!sample.name.is_empty());
                let mut labels = sample.labels;
                labels.retain(|(_, value)| !value.is_empty());
                labels.sort();
                assert!(series.insert((sample.name, labels)), "a series twice");
            }
        }
        Err(error) => {
            assert!(error.line <= text.lines().count());
            assert!(error.problem.len() < 2_000);
        }
    }
});
