//! Every way a component can fail to load: the kind, what was found, what was expected, what to do.

use wasmeter_engine::View as _;
use wasmeter_model::{Attributes, Timestamp};
use wasmeter_runtime::{Directory, FailureKind, RuntimeConfig};

use crate::guest::{Guest, contract_files};
use crate::support::{Folder, quick, refused, runtime, runtime_with, said};

/// The contract with a piece of text exchanged in all files.
fn contract_with(from: &str, to: &str) -> Vec<(&'static str, String)> {
    let files = contract_files();
    assert!(files.iter().any(|(_, content)| content.contains(from)), "the contract has no `{from}` any more");
    files.into_iter().map(|(name, content)| (name, content.replace(from, to))).collect()
}

#[track_caller]
fn check(bytes: impl AsRef<[u8]>, kind: FailureKind, expected: &str) {
    let failure = refused(&runtime(), bytes);
    assert_eq!((failure.kind, failure.to_string().as_str()), (kind, expected));
}

const BUILD: &str = "build the plugin for wasm32-unknown-unknown with the linker `wasm-component-ld`";
const AGAIN: &str = "copy it again, to another name first and then rename it into place";

#[test]
fn a_file_that_is_not_there() {
    let folder = Folder::new();
    let failure = runtime().load(&folder.path().join("lost.wasm")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreadable);
    assert_eq!(failure.to_string(), "plugin `lost` (lost.wasm): there is no such file; check the path");
}

#[test]
fn a_folder_in_place_of_a_file() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("dir.wasm")).unwrap();
    let failure = runtime().load(&folder.path().join("dir.wasm")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreadable);
    assert!(failure.reason.contains("not a regular file"), "{failure}");
}

#[test]
fn a_file_that_is_too_large() {
    let runtime = runtime_with(RuntimeConfig { component_bytes_max: 1 << 10, ..quick() });
    let failure = refused(&runtime, vec![0; 5000]);
    assert_eq!(failure.kind, FailureKind::TooLarge);
    assert!(failure.reason.contains("has 5000 bytes, at most 1 KiB are loaded"), "{failure}");
}

#[test]
fn files_that_are_no_component() {
    use FailureKind::NotAComponent as Kind;
    let sample = |reason: &str, help: &str| format!("plugin `sample` (sample.wasm): {reason}; {help}");
    check("", Kind, &sample("it is empty", AGAIN));
    check("hello", Kind, &sample("it is text, not a WebAssembly component", BUILD));
    check("(component)", Kind, &sample("it is WebAssembly text, not a WebAssembly component", BUILD));
    check(b"\x7fELF\xff\xff", Kind, &sample("it is something else, not a WebAssembly component", BUILD));
    check(b"\0asm\x01\0\0\0", Kind, &sample("it is a core module, not a component", BUILD));
    check(
        b"\0asm\x09\0\0\0",
        Kind,
        &sample("it is WebAssembly of the unknown version [09, 00, 00, 00], not a component", BUILD),
    );
    check(b"\0asm\x0d", Kind, &sample("it ends after 5 bytes, within its header", AGAIN));
}

#[test]
fn a_component_cut_short() {
    let whole = Guest::default().component();
    let failure = refused(&runtime(), &whole[..whole.len() - 7]);
    assert_eq!(failure.kind, FailureKind::NotAComponent);
    assert!(failure.reason.contains("7 before its last section does"), "{failure}");
    assert_eq!(failure.help, AGAIN);
}

#[test]
fn a_component_with_broken_content() {
    let mut bytes = Guest::default().component();
    // Within the first core module, behind the component's header, the section's and the module's own.
    bytes[40] ^= 0xff;
    let failure = refused(&runtime(), bytes);
    assert_eq!(failure.kind, FailureKind::Compile);
    assert!(failure.reason.starts_with("it is not a valid component: "), "{failure}");
}

#[test]
fn another_world() {
    let mut wit = contract_files();
    wit.push(("other.wit", "package wasmeter:plugin@0.1.0;\nworld other { export lifecycle; }".to_owned()));
    let guest = Guest { wit, world: "other", ..Guest::default() };
    check(
        guest.component(),
        FailureKind::WrongWorld,
        "plugin `sample` (sample.wasm): it exports `wasmeter:plugin/lifecycle@0.1.0`, and a plugin exports one \
         of `wasmeter:plugin/views@0.1.0`, `wasmeter:plugin/observers@0.1.0`, `wasmeter:plugin/processors@0.1.0`, \
         `wasmeter:plugin/exporters@0.1.0`; build the plugin for one of the worlds `view`, `observer`, `processor`, `exporter` \
         of version 0.1.0 of the plugin contract",
    );
}

#[test]
fn a_component_that_exports_nothing() {
    check(
        wat::parse_str("(component)").unwrap(),
        FailureKind::WrongWorld,
        "plugin `sample` (sample.wasm): it exports nothing, and a plugin exports one of `wasmeter:plugin/views@0.1.0`, \
         `wasmeter:plugin/observers@0.1.0`, `wasmeter:plugin/processors@0.1.0`, `wasmeter:plugin/exporters@0.1.0`; build the \
         plugin for one of the worlds `view`, `observer`, `processor`, `exporter` of version 0.1.0 of the plugin contract",
    );
}

#[test]
fn a_newer_contract() {
    let wit = contract_with("plugin@0.1.0", "plugin@0.2.0");
    let guest = Guest { wit, contract: "0.2.0", ..Guest::default() };
    check(
        guest.component(),
        FailureKind::TooNew,
        "plugin `sample` (sample.wasm): it needs `wasmeter:plugin/types@0.2.0`, and this host has version 0.1.0 of the \
         plugin contract; use a newer host, or build the plugin against version 0.1.0 instead of 0.2.0 of the contract",
    );
}

#[test]
fn a_compatible_contract_with_additions_the_host_lacks() {
    let wit = contract_with("package wasmeter:plugin@0.1.0", "package wasmeter:plugin@0.1.7")
        .into_iter()
        .map(|(name, content)| {
            let added = "config: func() -> string;\n  @since(version = 0.1.7)\n  now: func() -> u64;";
            (name, content.replace("config: func() -> string;", added))
        })
        .collect();
    let uses_it = r#"(import "wasmeter:plugin/host@0.1.7" "now" (func $now (result i64)))"#;
    let guest = Guest { wit, contract: "0.1.7", fields: uses_it.to_owned(), ..Guest::default() };
    let failure = refused(&runtime(), guest.component());
    assert_eq!(failure.kind, FailureKind::TooNew);
    assert!(failure.reason.contains("@0.1.7`, and this host has version 0.1.0"), "{failure}");
}

#[test]
fn a_compatible_contract_whose_additions_are_not_used_loads() {
    let wit = contract_with("package wasmeter:plugin@0.1.0", "package wasmeter:plugin@0.1.7");
    let guest = Guest { wit, contract: "0.1.7", ..Guest::default() };
    let folder = Folder::new();
    runtime().load(&folder.put_guest("later.wasm", &guest)).unwrap();
}

#[test]
fn a_contract_of_the_same_version_with_other_types() {
    let wit = contract_with("    description: string,\n    /// The JSON Schema", "    /// The JSON Schema");
    let failure = refused(&runtime(), Guest { wit, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::WrongWorld);
    assert!(failure.reason.starts_with("its interfaces differ from version 0.1.0"), "{failure}");
}

#[test]
fn an_import_of_sockets() {
    let mut wit =
        contract_with("import host;", "import host;\n  import wasi:sockets/instance-network@0.2.0;");
    wit.push((
        "deps/sockets/network.wit",
        "package wasi:sockets@0.2.0;\ninterface instance-network { instance-network: func() -> u32; }"
            .to_owned(),
    ));
    let uses_it =
        r#"(import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))"#
            .to_owned();
    let failure = refused(&runtime(), Guest { wit, fields: uses_it, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::ForbiddenImport);
    assert_eq!(
        failure.reason,
        "it imports `wasi:sockets/instance-network@0.2.0`, which this host does not offer"
    );
    assert!(failure.help.contains("for wasm32-unknown-unknown"), "{failure}");
}

#[test]
fn an_import_of_something_of_ones_own() {
    let component = wat::parse_str(r#"(component (import "backdoor" (func)))"#).unwrap();
    let failure = refused(&runtime(), component);
    assert_eq!(failure.kind, FailureKind::ForbiddenImport);
    assert_eq!(failure.reason, "it imports `backdoor`, which this host does not offer");
}

#[test]
fn an_instantiation_that_traps() {
    let guest = Guest { fields: "(func $start unreachable) (start $start)".to_owned(), ..Guest::default() };
    let failure = refused(&runtime(), guest.component());
    assert_eq!(failure.kind, FailureKind::Instantiate);
    assert!(
        failure.reason.contains("`instantiation` trapped: wasm `unreachable` instruction executed"),
        "{failure}"
    );
}

#[test]
fn a_trap_names_the_guests_functions() {
    let guest = Guest {
        fields: "(func $inner_helper unreachable)".to_owned(),
        streams: "call $inner_helper unreachable",
        ..Guest::default()
    };
    let failure = refused(&runtime(), guest.component());
    assert_eq!(failure.kind, FailureKind::Trap);
    assert_eq!(
        failure.to_string(),
        "plugin `guest` 1.0.0 (sample.wasm): `streams` trapped: wasm `unreachable` instruction executed in \
         `inner_helper` <- `streams`; report it to the plugin's author"
    );
}

#[test]
fn an_answer_that_is_no_text_or_points_nowhere() {
    // An info whose name is at an address beyond the memory.
    let nowhere = "(i32.store (i32.const 64) (i32.const -16)) i32.const 64";
    let failure = refused(&runtime(), Guest { info: nowhere, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::InvalidAnswer);
    let no_text = "(i32.store8 (i32.const 1024) (i32.const 255)) i32.const 64";
    let failure = refused(&runtime(), Guest { info: no_text, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::InvalidAnswer);
    // 2^30 streams: refused before the host makes room for them.
    let endless = "(i32.store8 (i32.const 176) (i32.const 1)) (i32.store (i32.const 180) (i32.const 8)) \
                   (i32.store (i32.const 184) (i32.const 0x40000000)) i32.const 176";
    let failure = refused(&runtime(), Guest { streams: endless, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::InvalidAnswer);
}

#[test]
fn failures_are_counted_by_plugin_and_kind() {
    let runtime = runtime();
    for _ in 0..2 {
        refused(&runtime, "text");
    }
    refused(&runtime, Guest { streams: "unreachable", ..Guest::default() }.component());
    assert_eq!(runtime.counts().get("sample", FailureKind::NotAComponent), 2);
    // By its file, whatever name it claims.
    assert_eq!(runtime.counts().get("sample", FailureKind::Trap), 1);
    assert_eq!(runtime.counts().snapshot().len(), 2);
    let folder = Folder::new();
    let forger = Guest { map: "unreachable", ..Guest::named("important", "1.0.0") };
    let plugin = runtime.load(&folder.put_guest("forger.wasm", &forger)).unwrap();
    plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert_eq!(runtime.counts().get("forger", FailureKind::Trap), 1);
    assert_eq!(runtime.counts().get("important", FailureKind::Trap), 0);
}

#[test]
fn secrets_are_masked_in_what_a_plugin_gives_as_its_reason() {
    const GIVE_UP: &str = "(i32.store8 (i32.const 2048) (i32.const 1)) (i32.store (i32.const 2052) (i32.const 4096)) \
                           (i32.store (i32.const 2056) (i32.const 24)) i32.const 2048";
    let reason = || r#"(data (memory $memory) (i32.const 4096) "no use: hunter2-hunter2!")"#.to_owned();
    let folder = Folder::new();
    let secret = folder.put("secret", "hunter2-hunter2");
    for world in ["processor", "observer", "exporter"] {
        let guest = Guest {
            fields: reason(),
            process: GIVE_UP,
            observe: GIVE_UP.to_owned(),
            exporter: ["i32.const 8", "i32.const 8", GIVE_UP, "i32.const 8"],
            world,
            ..Guest::named(world, "1.0.0")
        };
        folder.put_guest(&format!("{world}.wasm"), &guest);
        let settings = format!("[grants.secrets]\nS = {{ file = '{}' }}", secret.display());
        folder.put(&format!("{world}.toml"), settings);
    }
    let directory = Directory::new(folder.path(), runtime());
    let scan = directory.rescan();
    let reason = |call| format!("`{call}` gave up: no use: ***!");
    assert_eq!(scan.failures[0].reason, reason("process"));
    let generation = directory.current();
    let told = said(&generation.observers(), Timestamp::from_secs(1)).remove(0).1.unwrap_err().reason;
    assert!(told.starts_with(&reason("observe")), "{told}");
    let failures = generation.exporters()[0].close().unwrap_err();
    assert_eq!(failures[0].reason, reason("flush"));
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = FailureKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), FailureKind::ALL.len());
}
