//! What an operator meets: help, checks, errors, signals.

use std::fs;

use crate::support::{Host, PluginFolder, eventually, run_to_end};

#[test]
fn help_names_the_commands_and_the_defaults() {
    let (status, output, _) = run_to_end(&["--help"]);
    assert_eq!(status, 0);
    assert!(output.contains("run") && output.contains("check"), "{output}");
    let (_, output, _) = run_to_end(&["run", "--help"]);
    assert!(output.contains("127.0.0.1:4317") && output.contains("127.0.0.1:9464"), "{output}");
}

#[test]
fn a_wrong_file_is_refused_with_every_problem_and_status_2() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("wasmeter.yaml");
    let yaml = "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodc: {}\n  views:\n    - selector: {}\n      stream:\n        agregation: {}\n";
    fs::write(&file, yaml).expect("the directory is writable");
    for command in ["check", "run"] {
        let (status, _, errors) = run_to_end(&[command, "--config", file.to_str().expect("a plain path")]);
        assert_eq!(status, 2, "{errors}");
        for part in
            ["wasmeter.yaml:4:", "periodc", "periodic", "wasmeter.yaml:8:", "agregation", "aggregation"]
        {
            assert!(errors.contains(part), "`{part}` is missing in:\n{errors}");
        }
    }
}

#[test]
fn check_tells_what_is_wrong_with_the_file_and_with_plugins_at_once() {
    let folder = PluginFolder::with(&["merge-workers"]);
    folder.put("50-broken.wasm", b"no component");
    folder.put("60-wrong.wasm", b"\0asm\x01\0\0\0");
    let (status, output, errors) =
        run_to_end(&["check", "--plugins", folder.path().to_str().expect("a plain path")]);
    assert_eq!(status, 2);
    assert!(output.contains("merge-workers"), "{output}");
    assert!(errors.contains("50-broken.wasm") && errors.contains("60-wrong.wasm"), "{errors}");
    assert!(errors.contains("2 problems"), "{errors}");
}

#[test]
fn check_of_the_example_is_well() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/wasmeter.yaml");
    let folder = PluginFolder::with(&["merge-workers"]);
    let plugins = folder.path().to_str().expect("a plain path");
    let (status, output, errors) = run_to_end(&["check", "--config", example, "--plugins", plugins]);
    assert_eq!(status, 0, "{output}\n{errors}");
    assert!(output.contains("all is well"), "{output}");
}

#[test]
fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let (status, _, errors) =
        run_to_end(&["run", "--otlp-grpc", &address, "--otlp-http=off", "--prometheus=off"]);
    assert_eq!(status, 2, "{errors}");
    assert!(errors.contains(&address) && errors.contains("OTLP/gRPC"), "{errors}");
}

#[test]
fn o6_sigterm_exports_to_the_console_what_is_held_and_ends_with_status_0() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("console.yaml");
    // The interval is longer than any test: what is printed is the last export.
    let yaml = "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodic:\n        interval: 3600000\n        exporter:\n          console:\n";
    fs::write(&file, yaml).expect("the directory is writable");
    let host = Host::start(None, &["--config", file.to_str().expect("a plain path")]);
    let (status, output, log) = host.stop();
    assert!(status.success(), "{status}\n{log}");
    assert!(output.contains("wasmeter.engine.instruments"), "{output}");
}

#[test]
fn sighup_takes_over_views_and_keeps_the_old_ones_if_the_file_is_wrong() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("wasmeter.yaml");
    let with_view = "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - pull:\n        exporter:\n          prometheus/development:\n            host: 127.0.0.1\n            port: 0\n  views:\n    - selector:\n        instrument_name: wasmeter.engine.series\n      stream:\n        name: NAME\n";
    fs::write(&file, with_view.replace("NAME", "before")).expect("the directory is writable");
    let host = Host::start(None, &["--config", file.to_str().expect("a plain path")]);
    assert_eq!(host.page().of("before").count(), 1);
    fs::write(&file, with_view.replace("NAME", "after")).expect("the directory is writable");
    host.signal("HUP");
    eventually("the new view", || (host.page().of("after").count() == 1).then_some(()));
    fs::write(&file, "file_format: nonsense\n").expect("the directory is writable");
    host.signal("HUP");
    let (status, _, log) = {
        // The page still has the view when the host has seen the signal: the log of the refusal comes first.
        assert_eq!(host.page().of("after").count(), 1);
        host.stop()
    };
    assert!(status.success(), "{status}\n{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn plugins_come_and_go_while_it_runs() {
    let folder = PluginFolder::with(&[]);
    let host = Host::start(Some(folder.path()), &[]);
    assert!(host.announced().iter().any(|line| line.contains("none yet")), "{:?}", host.announced());
    let file = folder.put(
        "10-merge-workers.wasm",
        &fs::read(crate::support::required("WASMETER_COMPONENTS").join("merge-workers.wasm")).expect("built"),
    );
    let info = |host: &Host| host.page().sum("wasmeter_plugin_info", &[("state", "active")]);
    eventually("the plugin in service", || (info(&host) == 1.0).then_some(()));
    let page = host.page();
    let of_plugin = |metric: &str| page.sum(metric, &[("plugin", "10-merge-workers")]);
    assert!(
        of_plugin("wasmeter_plugin_calls_total") > 0.0 && of_plugin("wasmeter_plugin_memory_bytes") > 0.0
    );
    assert_eq!(page.sum("wasmeter_plugin_generation", &[]), 1.0);
    // Every call has a duration, and asking about the series of the durations themselves is no call that never ends.
    let page = host.page();
    let durations =
        page.sum("wasmeter_plugin_call_duration_seconds_count", &[("plugin", "10-merge-workers")]);
    assert!(
        durations > 0.0
            && durations <= page.sum("wasmeter_plugin_calls_total", &[("plugin", "10-merge-workers")])
    );
    let at_most_10_secs = [("plugin", "10-merge-workers"), ("le", "10")].as_slice();
    assert_eq!(page.sum("wasmeter_plugin_call_duration_seconds_bucket", at_most_10_secs), durations);
    fs::remove_file(file).expect("it was put there");
    eventually("the plugin out of service", || (info(&host) == 0.0).then_some(()));
}

#[test]
fn sighup_takes_over_configuration_and_directory_with_one_swap() {
    let plugins = PluginFolder::with(&[]);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("wasmeter.yaml");
    let yaml = |name: &str| {
        format!(
            "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - pull:\n        exporter:\n          prometheus/development:\n            host: 127.0.0.1\n            port: 0\n  views:\n    - selector:\n        instrument_name: wasmeter.engine.series\n      stream:\n        name: {name}\n\
             distribution:\n  wasmeter:\n    plugins:\n      directory: {}\n      watch: false\n",
            plugins.path().display()
        )
    };
    fs::write(&file, yaml("before")).expect("the directory is writable");
    let host = Host::start(None, &["--config", file.to_str().expect("a plain path")]);
    let component = crate::support::required("WASMETER_COMPONENTS").join("merge-workers.wasm");
    plugins.put("10-merge-workers.wasm", &fs::read(component).expect("built"));
    let page = host.page();
    assert_eq!((page.of("before").count(), page.of("wasmeter_plugin_info").count()), (1, 0));
    fs::write(&file, yaml("after")).expect("the directory is writable");
    host.signal("HUP");
    eventually("the new view", || (host.page().of("after").count() == 1).then_some(()));
    let page = host.page();
    assert_eq!(page.sum("wasmeter_plugin_info", &[("state", "active")]), 1.0);
    assert_eq!(page.sum("wasmeter_plugin_generation", &[]), 1.0);
    assert_eq!(page.sum("wasmeter_plugin_swaps_total", &[("outcome", "done")]), 1.0);
}

#[test]
fn what_is_granted_and_not_needed_is_warned_about() {
    let folder = PluginFolder::with(&["merge-workers", "http-probe"]);
    folder.put("00-merge-workers.toml", b"[grants]\nclocks = true\n");
    let settings = "[grants]\nhttp = [\"http://127.0.0.1:1\"]\nclocks = true\n[config]\ntargets = [{ url = \"http://127.0.0.1:1/\" }]\n";
    folder.put("10-http-probe.toml", settings.as_bytes());
    let (_, _, log) = Host::start(Some(folder.path()), &[]).stop();
    let warnings: Vec<_> =
        log.lines().filter(|line| line.contains("granted what it does not need")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("merge-workers") && warnings[0].contains("clocks"), "{warnings:?}");
}
