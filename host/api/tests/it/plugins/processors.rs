//! Processors of the plugin directory: what leaves a provider has gone through those it was collected with.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::KeyValue;
use tempfile::TempDir;
use wasmeter_api::{
    CollectFailure, CollectStatus, DiagnosticKind, Error, ExportError, ManualReader, MeterProvider,
    PeriodicReader,
};

use super::support::*;
use crate::support::*;

/// The settings of `redact` for the attribute `user`, and what else there is to set.
fn settings(action: &str, further: &str) -> String {
    format!(
        "{further}\n[config]\nsecret = \"0123456789abcdef\"\n[[config.rules]]\nkeys = [\"user\"]\naction = \"{action}\"\n"
    )
}

fn folder(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "redact.toml", settings.as_bytes());
    put(&folder, "redact.wasm", &component("redact"));
    folder
}

/// So little memory that a frame with a [`long_name`] does not fit.
const LITTLE_MEMORY: &str = "memory_limit_bytes = 2097152";

fn long_name() -> String {
    "x".repeat(2 << 20)
}

fn user(name: impl Into<String>) -> [KeyValue; 1] {
    [KeyValue::new("user", name.into())]
}

#[test]
fn what_they_hide_reaches_no_reader() {
    let folder = folder(&settings("mask", ""));
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let setup = setup_with(DELTA, |builder| {
        builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).with_plugin_directory(folder.path())
    });
    orders(&setup.provider).add(2, &user("ada"));
    setup.expect(10, &["orders{user=***} sum+ delta 2 @1..10"]);
    setup.provider.shutdown(AGES).unwrap();
    assert_eq!(exported.recv_timeout(AGES).unwrap(), ["orders{user=***} sum+ cum 2 @1..10"]);
    assert_eq!(setup.told.take(), []);
}

#[test]
fn every_frame_is_of_one_generation_and_every_measurement_counts_once() {
    let folder = folder(&settings("mask", ""));
    let reader = ManualReader::new(DELTA);
    let provider =
        MeterProvider::builder().with_reader(&reader).with_plugin_directory(folder.path()).build().unwrap();
    let orders = orders(&provider);
    let is_done = AtomicBool::new(false);
    let (mut total, mut masked, mut more) = (0, Vec::new(), 0);
    let mut collect = || {
        // So that there is something, also while the thread has no turn.
        orders.add(1, &user("ada"));
        more += 1;
        let frame = reader.collect().unwrap();
        for row in frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>()) {
            total += row.value.map_or(0.0, |value| value.as_f64()) as u64;
        }
        let rows = rows(&frame);
        let hidden = rows.iter().filter(|row| row.contains("user=***")).count();
        assert!(hidden == 0 || hidden == rows.len(), "{rows:?}");
        masked.push(hidden > 0);
    };
    let added = std::thread::scope(|scope| {
        let adding = scope.spawn(|| {
            let mut added = 0;
            while !is_done.load(Ordering::Relaxed) {
                orders.add(1, &user(format!("user-{}", added % 50)));
                added += 1;
            }
            added
        });
        let until = Until(&is_done);
        for swaps in [1, 3, 5] {
            collect();
            fs::remove_file(folder.path().join("redact.wasm")).unwrap();
            await_swaps(&provider, swaps);
            collect();
            put(&folder, "redact.wasm", &component("redact"));
            await_swaps(&provider, swaps + 1);
        }
        drop(until);
        adding.join().unwrap()
    });
    collect();
    assert_eq!(total, added + more);
    assert_eq!(masked, [true, false, true, false, true, false, true]);
    assert_eq!(provider.counts().plugin_failures, 0);
}

#[test]
fn what_cannot_be_processed_is_kept_back_and_comes_in_its_order_when_it_can() {
    let folder = folder(&settings("mask", LITTLE_MEMORY));
    let (exporter, exported) = Channel::new(DELTA);
    let setup = setup_with(DELTA, |builder| {
        builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).with_plugin_directory(folder.path())
    });
    let orders = orders(&setup.provider);
    orders.add(1, &user(long_name()));
    setup.time.set(10);
    let refused = setup.provider.force_flush(AGES);
    let Err(Error::Export(ExportError::NotProcessed(text))) = refused else { panic!("{refused:?}") };
    assert!(text.contains("processor `redact ") && text.contains("the metrics are kept back"), "{text}");
    assert_eq!(setup.provider.counts().points_kept_back, 1);
    assert!(setup.told.take().contains(&(DiagnosticKind::Plugin, text)));
    // So it is with a reader that is pulled.
    let collected = setup.reader.collect_with_status().unwrap();
    assert_eq!((collected.frame.point_count(), collected.status()), (0, CollectStatus::Failed));
    assert!(matches!(&collected.failures[..], [CollectFailure::NotProcessed(_)]), "{:?}", collected.failures);
    put(&folder, "redact.toml", settings("mask", "").as_bytes());
    await_swaps(&setup.provider, 1);
    orders.add(2, &user("ada"));
    setup.time.set(20);
    setup.provider.force_flush(AGES).unwrap();
    let expected = ["orders{user=***} sum+ delta 1 @1..10", "orders{user=***} sum+ delta 2 @10..20"];
    assert_eq!(exported.try_iter().flatten().collect::<Vec<_>>(), expected);
    setup.expect(20, &expected);
    assert_eq!(setup.provider.counts().points_lost, 0);
}

#[test]
fn what_is_kept_back_until_the_end_is_counted_as_lost() {
    let folder = folder(&settings("mask", LITTLE_MEMORY));
    let (exporter, exported) = Channel::new(DELTA);
    let (builder, _, told) = builder();
    let reader = PeriodicReader::new(exporter, AGES, AGES);
    let provider = builder.with_reader(reader).with_plugin_directory(folder.path()).build().unwrap();
    orders(&provider).add(1, &user(long_name()));
    provider.shutdown(AGES).unwrap_err();
    assert_eq!((exported.try_iter().count(), provider.counts().points_lost), (0, 1));
    assert!(told.take().iter().any(|(_, text)| text.starts_with("1 points are dropped")));
}

#[test]
fn where_one_fails_the_operator_says_what_becomes_of_the_metrics() {
    for (on_failure, points, dropped, failures) in [("bypass", 2, 0, 0), ("drop", 0, 2, 1)] {
        let further = format!("{LITTLE_MEMORY}\non_failure = \"{on_failure}\"");
        let folder = folder(&settings("mask", &further));
        let setup = setup_of(&folder);
        let orders = orders(&setup.provider);
        orders.add(1, &user(long_name()));
        orders.add(1, &user("ada"));
        let collected = setup.reader.collect_with_status().unwrap();
        assert_eq!(
            (collected.frame.point_count(), collected.failures.len()),
            (points, failures),
            "{on_failure}"
        );
        let counts = setup.provider.counts();
        assert_eq!((counts.points_dropped, counts.points_kept_back), (dropped, 0), "{on_failure}");
        assert_eq!(setup.told.kinds(), [DiagnosticKind::Plugin], "{on_failure}");
    }
}
