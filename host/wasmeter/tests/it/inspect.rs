//! `wasmeter plugin inspect`.

use std::fs;

use serde_json::Value;

use crate::support::{PluginFolder, run_to_end};

/// A key that signed nothing here.
const KEY: &str = "RWSFfVUe2DnOKtc4AlpR905TqgTaSK3Lhz5eWhwOVGZl1xGOsPHwt1pH";

fn inspect(folder: &PluginFolder, file: &str, further: &[&str]) -> (i32, String, String) {
    let file = folder.path().join(file);
    let file = file.to_str().expect("a plain path");
    run_to_end(&[&["plugin", "inspect", file], further].concat())
}

#[test]
fn a_plugin_is_told_of_in_text_and_in_json() {
    let folder = PluginFolder::with(&["merge-workers"]);
    folder.put("00-merge-workers.toml", b"call_deadline_ms = 250\n");
    let (status, text, errors) = inspect(&folder, "00-merge-workers.wasm", &[]);
    assert_eq!((status, errors.as_str()), (0, ""), "{text}");
    for part in [
        "digest        sha256:",
        "signature     none",
        "world         view of wasmeter:plugin@0.1.0",
        "plugin        merge-workers ",
        "imports       wasmeter:plugin/host@0.1.0",
        "needs         nothing",
        "limit         call_deadline_ms = 250",
        "loads         yes",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let (status, json, _) = inspect(&folder, "00-merge-workers.wasm", &["--json"]);
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((status, &json["loads"], &json["failure"]), (0, &Value::Bool(true), &Value::Null));
    assert_eq!(
        (json["world"].as_str(), json["limits"]["call_deadline_ms"].as_u64()),
        (Some("view"), Some(250))
    );
    let digest = json["digest"].as_str().expect("a digest");
    assert!(text.contains(digest), "both say the same");
}

#[test]
fn what_does_not_load_is_told_with_the_reason_and_status_2() {
    let folder = PluginFolder::with(&["merge-workers"]);
    folder.put("text.wasm", b"text");
    let (status, text, errors) = inspect(&folder, "text.wasm", &[]);
    assert_eq!(status, 2);
    assert!(text.contains("size          4 bytes") && !text.contains("loads"), "{text}");
    assert!(
        errors.starts_with("error: plugin `text` (text.wasm): it is text, not a WebAssembly component"),
        "{errors}"
    );
    let (status, json, errors) = inspect(&folder, "text.wasm", &["--json"]);
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((status, errors.as_str(), json["failure"]["kind"].as_str()), (2, "", Some("not_a_component")));
}

#[test]
fn keys_of_the_configuration_hold_for_inspect_and_check_alike() {
    let folder = PluginFolder::with(&["merge-workers"]);
    let config = folder.path().join("wasmeter.yaml");
    let config = config.to_str().expect("a plain path");
    let yaml = |key: &str| {
        format!(
            "file_format: \"1.0\"\ndistribution:\n  wasmeter:\n    plugins:\n      trusted_keys: [\"{key}\"]\n"
        )
    };
    fs::write(config, yaml(KEY)).expect("the directory is writable");
    let expected = "it has no signature, and only what is signed by a key of `2ACE39D81E557D85` is loaded";
    let (status, text, errors) = inspect(&folder, "00-merge-workers.wasm", &["--config", config]);
    assert_eq!(status, 2);
    assert!(text.contains("signature     none that counts") && errors.contains(expected), "{text}\n{errors}");
    let plugins = folder.path().to_str().expect("a plain path");
    let (status, _, errors) = run_to_end(&["check", "--config", config, "--plugins", plugins]);
    assert!(status == 2 && errors.contains(expected), "{errors}");

    fs::write(config, yaml("RWnonsense")).expect("the directory is writable");
    let (status, _, errors) = inspect(&folder, "00-merge-workers.wasm", &["--config", config]);
    assert!(status == 2 && errors.contains("wasmeter.yaml:5:") && errors.contains("minisign"), "{errors}");
}
