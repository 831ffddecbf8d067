//! The Views of a plugin directory: what is in it is in service, what is wrong with it is told, and a change of it loses no
//! measurement.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

use opentelemetry::KeyValue;
use wasmeter_api::model::{AttributeRule, Pattern, StreamSpec, Timestamp};
use wasmeter_api::{DiagnosticKind, ManualReader, MeterProvider, NativeView, Views};

use super::support::*;
use crate::support::*;

#[test]
fn what_is_there_at_the_start_is_in_service_from_the_first_measurement_on() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "route.wasm", &component("route-template"));
    let setup = setup_of(&folder);
    let plugins = setup.provider.plugins();
    assert_eq!(plugins.iter().map(|plugin| &*plugin.name).collect::<Vec<_>>(), ["route-template"]);
    let orders = orders(&setup.provider);
    orders.add(1, &path(1));
    orders.add(2, &path(2));
    setup.expect(10, &["orders{http.route=/orders/{id}} sum+ cum 3 @1..10"]);
    assert_eq!(setup.told.take(), []);
}

#[test]
fn a_plugin_comes_and_goes_while_the_program_measures_and_every_measurement_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let reader = ManualReader::new(DELTA);
    let provider =
        MeterProvider::builder().with_reader(&reader).with_plugin_directory(folder.path()).build().unwrap();
    let orders = orders(&provider);
    let is_done = AtomicBool::new(false);
    let (mut total, mut templated) = (0, 0);
    let mut collect = || {
        for metric in reader.collect().unwrap().metrics() {
            for row in metric.numbers().filter(|row| row.value.is_some()) {
                let value = row.value.map_or(0.0, |value| value.as_f64());
                total += value as u64;
                if row.point.pairs().any(|(key, _)| key == "http.route") {
                    templated += value as u64;
                }
            }
        }
    };
    let added = std::thread::scope(|scope| {
        let adding = scope.spawn(|| {
            let mut added = 0;
            while !is_done.load(Ordering::Relaxed) {
                orders.add(1, &path(added % 50));
                added += 1;
            }
            u64::from(added)
        });
        let until = Until(&is_done);
        for swaps in [1, 3, 5] {
            put(&folder, "route.wasm", &component("route-template"));
            await_swaps(&provider, swaps);
            collect();
            fs::remove_file(folder.path().join("route.wasm")).unwrap();
            await_swaps(&provider, swaps + 1);
            collect();
        }
        drop(until);
        adding.join().unwrap()
    });
    collect();
    assert_eq!(total, added);
    assert!(templated > 0 && templated < total, "{templated} of {total} with the plugin");
    assert_eq!(provider.counts().plugin_failures, 0);
}

#[test]
fn a_broken_file_is_told_and_counted_and_the_provider_works_without_it() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "10-broken.wasm", b"nonsense");
    put(&folder, "20-route.wasm", &component("route-template"));
    let setup = setup_of(&folder);
    let told = setup.told.take();
    let [(DiagnosticKind::Plugin, text)] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains("10-broken.wasm"), "{text}");
    assert_eq!((setup.provider.plugins().len(), setup.provider.counts().plugin_failures), (1, 1));
    orders(&setup.provider).add(1, &path(1));
    setup.expect(10, &["orders{http.route=/orders/{id}} sum+ cum 1 @1..10"]);
    // So it is with one that breaks later: the one before serves on.
    put(&folder, "20-route.wasm", b"nonsense, too");
    eventually("the failure", || setup.provider.counts().plugin_failures >= 2);
    eventually("the diagnostic", || setup.told.kinds() == [DiagnosticKind::Plugin]);
    orders(&setup.provider).add(1, &path(2));
    setup.expect(20, &["orders{http.route=/orders/{id}} sum+ cum 2 @1..20"]);
}

#[test]
fn the_views_of_the_program_and_those_of_the_directory_change_apart() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "route.wasm", &component("route-template"));
    let setup = setup_of(&folder);
    let attributes = || [path(1)[0].clone(), KeyValue::new("user", "u")];
    orders(&setup.provider).add(1, &attributes());
    let without_user = StreamSpec {
        attributes: vec![AttributeRule::Exclude(vec![Pattern::new("user")])],
        ..StreamSpec::default()
    };
    let view = NativeView::new("without-user", |_| true, without_user);
    setup.time.set(5);
    setup.provider.swap_views(Views { base: vec![view], ..Views::default() }).unwrap();
    orders(&setup.provider).add(2, &attributes());
    setup.expect(
        10,
        &[
            "orders{http.route=/orders/{id},user=u} sum+ cum 1 @1..5",
            "orders{http.route=/orders/{id},user=u} sum+ cum end @1..10",
            "orders{http.route=/orders/{id}} sum+ cum 2 @5..10",
        ],
    );
    fs::remove_file(folder.path().join("route.wasm")).unwrap();
    await_swaps(&setup.provider, 1);
    orders(&setup.provider).add(4, &attributes());
    let rows = rows(&setup.reader.collect().unwrap());
    assert!(rows.contains(&"orders{url.path=/orders/1} sum+ cum 4 @10..10".to_owned()), "{rows:?}");
}

#[test]
fn the_directory_need_not_be_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later");
    let setup = setup_with(CUMULATIVE, |builder| builder.with_plugin_directory(&later));
    assert_eq!(setup.told.kinds(), [DiagnosticKind::Plugin]);
    fs::create_dir(&later).unwrap();
    fs::write(later.join("route.wasm"), component("route-template")).unwrap();
    await_swaps(&setup.provider, 1);
    assert_eq!(setup.provider.plugins().len(), 1);
    // A look at the start may have found that one, too; this one is there only for who watches.
    fs::write(later.join("workers.wasm"), component("merge-workers")).unwrap();
    await_swaps(&setup.provider, 2);
    assert_eq!(setup.provider.plugins().len(), 2);
}

#[test]
fn its_threads_end_with_the_provider() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "route.wasm", &component("route-template"));
    // Whatever can tell holds the sender.
    for shuts_down in [true, false] {
        let (sender, ended) = channel::<()>();
        let provider = MeterProvider::builder()
            .with_clock(move || Timestamp::from_secs(1))
            .with_diagnostics(move |_| sender.send(()).unwrap_or_default())
            .with_plugin_directory(folder.path())
            .build()
            .unwrap();
        if shuts_down {
            provider.shutdown(AGES).unwrap();
        }
        drop(provider);
        assert_eq!(ended.recv_timeout(AGES), Err(RecvTimeoutError::Disconnected));
    }
}

#[test]
fn after_the_shutdown_the_directory_is_nobodys_business() {
    let folder = tempfile::tempdir().unwrap();
    let (sender, told) = channel();
    let provider = MeterProvider::builder()
        .with_diagnostics(move |diagnostic| sender.send(diagnostic.to_string()).unwrap_or_default())
        .with_plugin_directory(folder.path())
        .build()
        .unwrap();
    let other = setup_of(&folder);
    provider.shutdown(AGES).unwrap();
    put(&folder, "broken.wasm", b"nonsense");
    // What the other one has seen, this one would have.
    eventually("the other one's look", || other.told.kinds() == [DiagnosticKind::Plugin]);
    put(&folder, "route.wasm", &component("route-template"));
    await_swaps(&other.provider, 1);
    let counts = provider.counts();
    assert_eq!((counts.plugin_swaps, counts.plugin_failures), (0, 0));
    // Nobody is left who could look later: each of them would hold the sender.
    drop(provider);
    assert_eq!(told.recv_timeout(AGES), Err(RecvTimeoutError::Disconnected));
}
