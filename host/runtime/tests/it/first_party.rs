//! The plugins of this project, as built: they load, answer, and cost what the documentation says.

use std::time::Instant;

use wasmeter_engine::View;
use wasmeter_model::{AttributeRule, Attributes, InstrumentKind, Timestamp, Value};
use wasmeter_runtime::{Directory, World};

use crate::support::{Folder, built, instrument, runtime, said};

#[test]
fn they_load_and_answer() {
    let Some(path) = built("WASMETER_COMPONENTS") else { return };
    let folder = Folder::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "wasm") {
            std::fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    for (file, config) in [
        ("redact.toml", "rules = [{ keys = [\"url.path\"], action = \"drop\" }]"),
        ("unit-convert.toml", "rules = [{ from = \"s\", to = \"ms\" }]"),
        ("top-k.toml", "rules = [{ k = 1, gauges = \"sum\" }]"),
        ("derive.toml", "metrics = []"),
    ] {
        folder.put(file, format!("[config]\n{config}"));
    }
    let proc = "observe_deadline_ms = 10000\n[grants]\ndirectories = [{ host = \"/proc\", guest = \"/proc\", access = \"read\" }]\n[config]\n";
    folder.put("host-stats.toml", proc);
    folder.put("process-stats.toml", format!("{proc}pids = [1]"));
    let http = "[grants]\nclocks = true\nhttp = [\"http://127.0.0.1:9\"]\n[config]\n";
    folder.put("http-probe.toml", format!("{http}targets = [{{ url = \"http://127.0.0.1:9/\" }}]"));
    // Nobody is there, which is no reason not to load.
    folder.put(
        "prom-scrape.toml",
        format!("{http}url = \"http://127.0.0.1:9/metrics\"").replace("clocks = true\n", ""),
    );
    for exporter in ["remote-write", "influx-line"] {
        let settings =
            "[grants]\nhttp = [\"http://127.0.0.1:9\"]\n[config]\nurl = \"http://127.0.0.1:9/write\"\n";
        folder.put(&format!("{exporter}.toml"), settings);
    }
    let out = Folder::new();
    folder.put(
        "jsonl-file.toml",
        format!(
            "[grants]\ndirectories = [{{ host = {:?}, guest = \"/out\", access = \"write\" }}]\n[config]\npath = \"/out/m.jsonl\"\n",
            out.path().display().to_string()
        ),
    );
    let directory = Directory::new(folder.path(), runtime());
    let scan = directory.rescan();
    // Loading has them answer about instruments and process a frame.
    assert_eq!(scan.failures, []);
    assert!(!directory.current().processors().is_empty());
    for (plugin, answer) in said(&directory.current().observers(), Timestamp::from_secs(2_000_000_000)) {
        if plugin.info().name.as_ref() == "prom-scrape" {
            assert!(answer.unwrap_err().reason.contains("cannot scrape"));
            continue;
        }
        let points = answer.map(|frame| frame.point_count());
        assert!(points.clone().is_ok_and(|points| points > 0), "{plugin:?}: {points:?}");
    }
    for kind in InstrumentKind::ALL {
        for view in directory.current().views() {
            view.streams(&instrument("http.server.request.duration", kind)).unwrap();
        }
    }
}

/// Not a test of anything: prints what compiling and asking costs on this machine.
#[test]
#[ignore = "a measurement; run it alone, with --release and --nocapture"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn what_they_cost() {
    let path = built("WASMETER_COMPONENTS").expect("WASMETER_COMPONENTS");
    let directory = Directory::new(path, runtime());
    directory.rescan();
    let set = Attributes::from_iter([
        ("http.request.method", Value::from("GET")),
        ("http.response.status_code", Value::from(200)),
        ("http.route", Value::from("/orders/{id}")),
        ("server.address", Value::from("shop.example.com")),
        ("url.path", Value::from("/orders/84321")),
    ]);
    let asked = instrument("http.server.request.duration", InstrumentKind::Histogram);
    for plugin in directory.current().plugins().iter().filter(|plugin| plugin.world() == World::View) {
        let info = plugin.info();
        let streams = plugin.streams(&asked).unwrap().unwrap_or_default();
        let computed = streams.iter().flat_map(|stream| &stream.attributes).find_map(|rule| match rule {
            AttributeRule::Computed(tag) => Some(*tag),
            _ => None,
        });
        println!(
            "{:24} compile {:7.1} ms, memory {} KiB, streams {:6.0} ns{}",
            plugin.name(),
            info.compile_ms,
            info.memory_bytes / 1024,
            mean_ns(|| drop(plugin.streams(&asked).unwrap())),
            computed.map_or_else(String::new, |tag| format!(
                ", map-attributes {:6.0} ns",
                mean_ns(|| drop(plugin.map_attributes(tag, &set).unwrap()))
            )),
        );
    }
}

fn mean_ns(call: impl Fn()) -> f64 {
    const CALLS: u32 = 20_000;
    (0..CALLS / 10).for_each(|_| call());
    let started = Instant::now();
    (0..CALLS).for_each(|_| call());
    started.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}
