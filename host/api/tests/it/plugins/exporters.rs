//! Exporters of the plugin directory: what each is given, what becomes of what it does not take, and how it comes and goes.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use wasmeter_api::{
    DiagnosticKind, Error, ExportError, LogLevel, LogSink, MeterProvider, MeterProviderBuilder,
    PeriodicReader, RuntimeConfig,
};

use super::support::*;
use crate::support::*;

/// What the plugins told the log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl LogSink for Lines {
    fn line(&self, _plugin: &str, _level: LogLevel, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

impl Lines {
    fn get(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The sum of the orders that were taken as deltas.
    fn taken(&self) -> u64 {
        let totals = self.get();
        totals.iter().filter_map(|line| line.strip_prefix("Accept: orders delta ")?.parse::<u64>().ok()).sum()
    }

    fn count(&self, line: &str) -> usize {
        self.get().iter().filter(|known| *known == line).count()
    }
}

/// The settings of `hostile-exporter`, which exports only when it is told to.
fn settings(temporality: &str, answers: &str) -> String {
    settings_every(3_600_000, temporality, answers)
}

fn settings_every(interval_ms: u64, temporality: &str, answers: &str) -> String {
    format!(
        "interval_ms = {interval_ms}\ntimeout_ms = 2000\nlog_lines_per_sec = 1000\nlog_burst_lines = 10000\n[config]\n\
         metric = \"orders\"\ntemporality = \"{temporality}\"\nanswers = [{answers}]\n"
    )
}

fn folder(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "export.toml", settings.as_bytes());
    put(&folder, "export.wasm", &component("hostile-exporter"));
    folder
}

/// A provider with the folder as its plugin directory, and what its plugins say.
fn provider_of(folder: &TempDir) -> (MeterProvider, Lines, Told) {
    let (builder, _, told) = builder();
    let (provider, lines) = built(builder, folder);
    (provider, lines, told)
}

fn built(builder: MeterProviderBuilder, folder: &TempDir) -> (MeterProvider, Lines) {
    let lines = Lines::default();
    let config = RuntimeConfig { log: Arc::new(lines.clone()), ..RuntimeConfig::default() };
    (builder.with_plugin_directory(folder.path()).with_plugin_runtime(config).build().unwrap(), lines)
}

#[test]
fn each_is_given_what_it_prefers_beside_the_readers_of_the_program() {
    let folder = folder(&settings("delta", ""));
    put(&folder, "other.toml", settings("cumulative", "").as_bytes());
    put(&folder, "other.wasm", &component("hostile-exporter"));
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let (builder, _, told) = builder();
    let reader = PeriodicReader::new(exporter, AGES, AGES);
    let (provider, lines) = built(builder.with_reader(reader), &folder);
    let orders = orders(&provider);
    for count in [2, 3] {
        orders.add(count, &[]);
        provider.force_flush(AGES).unwrap();
    }
    let mut said = lines.get();
    said.retain(|line| line.starts_with("Accept"));
    said.sort();
    let expected = ["cumulative 2", "cumulative 5", "delta 2", "delta 3"];
    assert_eq!(said, expected.map(|rest| format!("Accept: orders {rest}")));
    assert_eq!(exported.try_iter().count(), 2);
    assert_eq!(provider.counts().exports_succeeded, 6);
    assert_eq!(told.take(), []);
}

#[test]
fn the_shutdown_waits_for_the_last_export_then_the_flush_and_the_shutdown_of_each() {
    let folder = folder(&settings("delta", r#""busy 10", "accept""#));
    let (provider, lines, told) = provider_of(&folder);
    orders(&provider).add(7, &[]);
    provider.shutdown(AGES).unwrap();
    let expected = ["Busy(Some(10ms)): orders delta 7", "Accept: orders delta 7", "flush", "shutdown"];
    assert_eq!(lines.get(), expected);
    assert_eq!(told.take(), []);
    // Also if nobody says so.
    let (provider, lines, _) = provider_of(&folder);
    orders(&provider).add(7, &[]);
    drop(provider);
    assert_eq!(lines.get(), expected);
}

#[test]
fn what_fails_at_the_end_is_told_by_the_shutdown() {
    let folder = folder(&settings("delta", "").replace("[config]", "[config]\nflush = \"give up\""));
    let (provider, lines, told) = provider_of(&folder);
    orders(&provider).add(7, &[]);
    let ended = provider.shutdown(AGES);
    let Err(Error::Export(ExportError::Failed(text))) = ended else { panic!("{ended:?}") };
    assert!(text.contains("all is lost"), "{text}");
    assert_eq!(lines.taken(), 7);
    assert_eq!(told.kinds(), [DiagnosticKind::Export]);
}

#[test]
fn it_exports_at_the_interval_of_its_settings_also_when_they_change() {
    let folder = folder(&settings("delta", ""));
    let (provider, lines, _) = provider_of(&folder);
    let orders = orders(&provider);
    orders.add(1, &[]);
    // Other settings are another build, with the same reader.
    put(&folder, "export.toml", settings_every(100, "delta", "").as_bytes());
    eventually("an export", || lines.taken() == 1);
    orders.add(2, &[]);
    eventually("another one", || lines.taken() == 3);
}

#[test]
fn a_build_that_is_replaced_is_flushed_and_shut_down_and_no_measurement_is_lost() {
    let folder = folder(&settings_every(100, "delta", ""));
    let (provider, lines, told) = provider_of(&folder);
    let orders = orders(&provider);
    let is_done = AtomicBool::new(false);
    let added = std::thread::scope(|scope| {
        let adding = scope.spawn(|| {
            let mut added = 0;
            while !is_done.load(Ordering::Relaxed) {
                orders.add(1, &[]);
                added += 1;
            }
            added
        });
        let until = Until(&is_done);
        for (swaps, build) in [rebuilt("hostile-exporter"), component("hostile-exporter")].iter().enumerate()
        {
            let before = lines.taken();
            eventually("an export", || lines.taken() > before);
            put(&folder, "export.wasm", build);
            await_swaps(&provider, swaps as u64 + 1);
            eventually("the end of the build before", || lines.count("shutdown") == swaps + 1);
        }
        drop(until);
        adding.join().unwrap()
    });
    provider.shutdown(AGES).unwrap();
    assert_eq!(lines.taken(), added);
    assert_eq!((lines.count("flush"), lines.count("shutdown")), (3, 3));
    assert_eq!(told.take(), []);
}

#[test]
fn one_comes_and_goes_while_the_program_measures() {
    let folder = folder(&settings("delta", ""));
    let component = folder.path().join("export.wasm");
    let aside = folder.path().join("export.aside");
    let (provider, lines, told) = provider_of(&folder);
    let orders = orders(&provider);
    orders.add(1, &[]);
    fs::rename(&component, &aside).unwrap();
    await_swaps(&provider, 1);
    // What was measured for it is exported all the same.
    eventually("its end", || lines.get() == ["Accept: orders delta 1", "flush", "shutdown"]);
    orders.add(2, &[]);
    provider.force_flush(AGES).unwrap();
    fs::rename(&aside, &component).unwrap();
    await_swaps(&provider, 2);
    // It begins with what comes after it.
    orders.add(4, &[]);
    provider.shutdown(AGES).unwrap();
    let expected =
        ["Accept: orders delta 1", "flush", "shutdown", "Accept: orders delta 4", "flush", "shutdown"];
    assert_eq!(lines.get(), expected);
    assert_eq!(told.take(), []);
}

#[test]
fn one_that_prefers_something_else_gets_a_reader_of_its_own() {
    let folder = folder(&settings("delta", ""));
    let (provider, lines, _) = provider_of(&folder);
    let orders = orders(&provider);
    orders.add(1, &[]);
    put(&folder, "export.toml", settings("cumulative", "").as_bytes());
    await_swaps(&provider, 1);
    orders.add(2, &[]);
    provider.shutdown(AGES).unwrap();
    assert_eq!(lines.taken(), 1);
    assert!(lines.get().contains(&"Accept: orders cumulative 2".to_owned()), "{:?}", lines.get());
}

#[test]
fn deltas_wait_for_a_build_that_takes_them_and_are_counted_where_none_does() {
    let busy = settings("delta", r#""busy 60000""#);
    let folder = folder(&busy);
    let (provider, lines, told) = provider_of(&folder);
    let orders = orders(&provider);
    orders.add(3, &[]);
    let refused = provider.force_flush(AGES);
    let Err(Error::Export(ExportError::Failed(text))) = refused else { panic!("{refused:?}") };
    assert!(text.contains("busy"), "{text}");
    assert_eq!(provider.counts().exports_failed, 1);
    put(&folder, "export.toml", settings("delta", "").as_bytes());
    await_swaps(&provider, 1);
    // Nothing new is measured, and yet what was kept is sent.
    provider.force_flush(AGES).unwrap();
    assert_eq!(lines.taken(), 3);
    put(&folder, "export.toml", busy.as_bytes());
    await_swaps(&provider, 2);
    orders.add(4, &[]);
    provider.force_flush(AGES).unwrap_err();
    assert_eq!(provider.counts().points_lost, 0);
    fs::remove_file(folder.path().join("export.wasm")).unwrap();
    await_swaps(&provider, 3);
    eventually("the loss", || provider.counts().points_lost >= 1);
    eventually("word of it", || told.take().iter().any(|(_, text)| text.contains("points are dropped")));
}

#[test]
fn one_that_traps_is_told_and_delays_no_other_and_a_fresh_instance_delivers() {
    let folder = folder(&settings("delta", r#""trap""#));
    let (exporter, exported) = Channel::new(DELTA);
    let (builder, _, told) = builder();
    let reader = PeriodicReader::new(exporter, AGES, AGES);
    let (provider, lines) = built(builder.with_reader(reader), &folder);
    orders(&provider).add(5, &[]);
    provider.force_flush(AGES).unwrap_err();
    assert_eq!(exported.try_iter().flatten().collect::<Vec<_>>(), ["orders{} sum+ delta 5 @1..1"]);
    assert!(provider.counts().plugin_failures >= 1);
    assert!(told.kinds().contains(&DiagnosticKind::Export));
    put(&folder, "export.toml", settings("delta", "").as_bytes());
    await_swaps(&provider, 1);
    provider.shutdown(AGES).unwrap();
    assert_eq!(lines.taken(), 5);
}

#[test]
fn what_is_refused_for_good_is_counted_and_does_not_come_again() {
    let folder = folder(&settings("delta", r#""refuse""#));
    let (provider, lines, _) = provider_of(&folder);
    let orders = orders(&provider);
    orders.add(1, &a("x"));
    orders.add(1, &a("y"));
    provider.force_flush(AGES).unwrap_err();
    assert_eq!(provider.counts().points_refused, 2);
    put(&folder, "export.toml", settings("delta", r#""reject 1""#).as_bytes());
    await_swaps(&provider, 1);
    orders.add(1, &a("x"));
    provider.force_flush(AGES).unwrap_err();
    assert_eq!((provider.counts().points_refused, provider.counts().points_lost), (3, 0));
    assert_eq!(lines.count("Reject(1): orders delta 1"), 1);
}

#[test]
fn the_first_party_exporter_of_files_writes_what_was_measured() {
    let out = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "[grants]\ndirectories = [{{ host = \"{}\", guest = \"/out\", access = \"write\" }}]\n[config]\npath = \"/out/m.jsonl\"\n",
        out.path().display()
    );
    put(&folder, "file.toml", settings.as_bytes());
    put(&folder, "file.wasm", &component("jsonl-file"));
    let (provider, _, told) = provider_of(&folder);
    orders(&provider).add(42, &a("x"));
    provider.shutdown(AGES).unwrap();
    let text = fs::read_to_string(out.path().join("m.jsonl")).unwrap();
    assert!(text.lines().count() == 1 && text.contains("\"orders\"") && text.contains("\"42\""), "{text}");
    assert_eq!(told.take(), []);
}
