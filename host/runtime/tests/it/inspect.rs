//! What an inspection tells, of components that load and of those that do not.

use wasmeter_runtime::{FailureKind, RuntimeConfig, SignatureState, TrustedKey};

use crate::guest::{Guest, contract_files};
use crate::support::{Folder, quick, runtime, runtime_with};

#[test]
fn all_there_is_to_tell_of_a_plugin_that_loads() {
    let folder = Folder::new();
    let bytes = Guest::default().component();
    let file = folder.put("guest.wasm", &bytes);
    folder.put("guest.toml", "memory_limit_bytes = 1_048_576\nenabled = false");
    let runtime = runtime();
    let inspection = runtime.inspect(&file);
    assert_eq!(inspection.failure, None);
    let content = inspection.content.unwrap();
    assert_eq!((content.size_bytes, content.signature), (bytes.len() as u64, SignatureState::Absent));
    folder.put("guest.toml", format!("digest = '{}'", content.digest));
    runtime.load(&file).unwrap();
    let shape = inspection.shape.unwrap();
    assert_eq!((shape.world.as_deref(), shape.contract.as_deref()), (Some("view"), Some("0.1.0")));
    assert_eq!(shape.imports, Vec::<String>::new(), "types are no imports to speak of");
    let introduction = inspection.introduction.unwrap();
    assert_eq!((&*introduction.name, &*introduction.version), ("guest", "1.0.0"));
    assert_eq!(introduction.needs, Vec::<String>::new());
    let terms = inspection.terms.unwrap();
    assert!(!terms.is_enabled);
    assert_eq!(terms.limits.memory_limit_bytes, 1 << 20);
    assert_eq!(terms.limits.call_deadline, runtime.config().limits.call_deadline, "the host's own");
}

#[test]
fn an_import_is_told_and_one_that_is_not_offered_is_what_the_loader_refuses() {
    let folder = Folder::new();
    let logs = r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))"#.to_owned();
    let file = folder.put_guest("logs.wasm", &Guest { fields: logs, ..Guest::default() });
    let inspection = runtime().inspect(&file);
    assert_eq!(inspection.failure, None);
    assert_eq!(inspection.shape.unwrap().imports, ["wasmeter:plugin/host@0.1.0"]);

    let file = folder.put("own.wasm", wat::parse_str(r#"(component (import "backdoor" (func)))"#).unwrap());
    let inspection = runtime().inspect(&file);
    assert_eq!(inspection.shape.as_ref().unwrap().imports, ["backdoor"]);
    assert_eq!((inspection.shape.unwrap().world, inspection.introduction), (None, None));
    let failure = inspection.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::ForbiddenImport);
    assert_eq!(failure, runtime().load(&file).unwrap_err());
}

#[test]
fn what_keeps_a_plugin_from_loading_does_not_keep_the_rest_from_being_told() {
    let folder = Folder::new();
    let runtime = runtime();
    // Traps once it is asked a question.
    let trapping = Guest { streams: "unreachable", ..Guest::default() };
    let file = folder.put_guest("guest.wasm", &trapping);
    let inspection = runtime.inspect(&file);
    assert_eq!(inspection.failure.as_ref().map(|failure| failure.kind), Some(FailureKind::Trap));
    assert_eq!(&*inspection.introduction.unwrap().name, "guest");

    // Settings that are wrong.
    folder.put("guest.toml", "memory = 1");
    let inspection = runtime.inspect(&file);
    assert_eq!(inspection.failure.map(|failure| failure.kind), Some(FailureKind::BadSettings));
    assert!(inspection.content.is_some() && inspection.shape.is_some() && inspection.terms.is_none());

    // Another contract.
    let wit = contract_files()
        .into_iter()
        .map(|(name, text)| (name, text.replace("plugin@0.1.0", "plugin@0.2.0")))
        .collect();
    let file = folder.put_guest("newer.wasm", &Guest { wit, contract: "0.2.0", ..Guest::default() });
    let inspection = runtime.inspect(&file);
    assert_eq!(inspection.failure.map(|failure| failure.kind), Some(FailureKind::TooNew));
    let shape = inspection.shape.unwrap();
    assert_eq!((shape.world.as_deref(), shape.contract.as_deref()), (Some("view"), Some("0.2.0")));

    // No component at all, and no file at all.
    let inspection = runtime.inspect(&folder.put("text.wasm", "text"));
    assert_eq!(inspection.failure.map(|failure| failure.kind), Some(FailureKind::NotAComponent));
    assert_eq!((inspection.content.unwrap().size_bytes, inspection.shape), (4, None));
    let inspection = runtime.inspect(&folder.path().join("lost.wasm"));
    assert_eq!(inspection.failure.map(|failure| failure.kind), Some(FailureKind::Unreadable));
    assert_eq!(inspection.content, None);
    assert!(runtime.counts().snapshot().is_empty(), "looking is no failure");
}

#[test]
fn code_without_a_signature_that_counts_is_not_run() {
    let folder = Folder::new();
    let file = folder.put("guest.wasm", include_bytes!("signed/first.wasm"));
    folder.put("guest.wasm.minisig", include_str!("signed/first.wasm.minisig"));
    let unchecked = runtime().inspect(&file);
    assert_eq!(unchecked.content.unwrap().signature, SignatureState::Unchecked);

    let trusting = |key| {
        let trusted_keys = vec![TrustedKey::parse(key).unwrap()];
        runtime_with(RuntimeConfig { trusted_keys, ..quick() })
    };
    let trusted = trusting(include_str!("signed/signer.pub")).inspect(&file);
    let SignatureState::Trusted { key, comment } = trusted.content.unwrap().signature else {
        panic!("it is signed by the key");
    };
    assert!(key == "0848594E6DBCCD97" && comment.contains("file:first.wasm"), "{key} {comment}");
    assert!(trusted.introduction.is_some() && trusted.failure.is_none());

    let refused = trusting(include_str!("signed/other.pub")).inspect(&file);
    assert_eq!(refused.content.unwrap().signature, SignatureState::Refused);
    assert_eq!(refused.failure.map(|failure| failure.kind), Some(FailureKind::BadSignature));
    assert!(refused.shape.is_some() && refused.introduction.is_none());
}
