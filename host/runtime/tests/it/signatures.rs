//! Only what a trusted key has signed is put to work. The components in `signed` were signed with minisign's own tool.

use std::path::PathBuf;
use std::sync::Arc;

use wasmeter_engine::View;
use wasmeter_runtime::{Directory, Failure, FailureKind, Runtime, RuntimeConfig, TrustedKey};

use crate::guest::Guest;
use crate::support::{Folder, quick, runtime, runtime_with};

/// The key that signed `first` and `second`.
const SIGNER: &str = include_str!("signed/signer.pub");
/// A key that signed neither.
const OTHER: &str = include_str!("signed/other.pub");

const FIRST: &[u8] = include_bytes!("signed/first.wasm");
const FIRST_SIGNATURE: &str = include_str!("signed/first.wasm.minisig");
const SECOND: &[u8] = include_bytes!("signed/second.wasm");
const SECOND_SIGNATURE: &str = include_str!("signed/second.wasm.minisig");

/// A runtime that loads what one of these keys has signed.
fn trusting(keys: &[&str]) -> Arc<Runtime> {
    let trusted_keys = keys.iter().map(|key| TrustedKey::parse(key).unwrap()).collect();
    runtime_with(RuntimeConfig { trusted_keys, ..quick() })
}

fn load(runtime: &Arc<Runtime>, component: &[u8], signature: Option<&[u8]>) -> Result<(), Failure> {
    let folder = Folder::new();
    let file: PathBuf = folder.put("guest.wasm", component);
    if let Some(signature) = signature {
        folder.put("guest.wasm.minisig", signature);
    }
    runtime.load(&file).map(drop)
}

#[track_caller]
fn refused(component: &[u8], signature: &[u8], kind: FailureKind, reason: &str) {
    let failure = load(&trusting(&[SIGNER]), component, Some(signature)).unwrap_err();
    assert_eq!((failure.kind, failure.reason.as_str()), (kind, reason));
}

#[test]
fn what_one_of_the_trusted_keys_signed_is_loaded() {
    load(&trusting(&[SIGNER]), FIRST, Some(FIRST_SIGNATURE.as_bytes())).unwrap();
    load(&trusting(&[OTHER, SIGNER]), SECOND, Some(SECOND_SIGNATURE.as_bytes())).unwrap();
}

#[test]
fn without_a_signature_nothing_is_loaded() {
    let failure = load(&trusting(&[SIGNER, OTHER]), FIRST, None).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsigned);
    assert_eq!(
        failure.to_string(),
        "plugin `guest` (guest.wasm): it has no signature, and only what is signed by a key of `0848594E6DBCCD97`, \
         `B21E2788495FD3F2` is loaded; sign it with `minisign -S -m FILE.wasm` and put the `FILE.wasm.minisig` beside it"
    );
}

#[test]
fn a_signature_by_another_key_says_both_keys() {
    let failure = load(&trusting(&[OTHER]), FIRST, Some(FIRST_SIGNATURE.as_bytes())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadSignature);
    assert_eq!(
        failure.reason,
        "it is signed by the key `0848594E6DBCCD97`, expected one of `B21E2788495FD3F2`"
    );
}

#[test]
fn content_that_was_changed_after_it_was_signed_is_refused() {
    let reason = "its signature by the key `0848594E6DBCCD97` is not of this content";
    refused(SECOND, FIRST_SIGNATURE.as_bytes(), FailureKind::BadSignature, reason);
    let mut changed = FIRST.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    refused(&changed, FIRST_SIGNATURE.as_bytes(), FailureKind::BadSignature, reason);
    // What the signer said about the file is signed too.
    let retold = FIRST_SIGNATURE.replace("file:first.wasm", "file:other.wasm");
    assert_ne!(retold, FIRST_SIGNATURE);
    refused(FIRST, retold.as_bytes(), FailureKind::BadSignature, reason);
}

#[test]
fn a_signature_file_that_is_none_is_refused_whatever_it_holds() {
    let reason = "its signature file is not one of minisign";
    let cut = &FIRST_SIGNATURE.as_bytes()[..FIRST_SIGNATURE.len() / 2];
    for content in [b"".as_slice(), b"\n\n\n\n", b"\xff\xfe", cut, SIGNER.as_bytes()] {
        refused(FIRST, content, FailureKind::BadSignature, reason);
    }
    let failure = load(&trusting(&[SIGNER]), FIRST, Some(&[b'x'; 20_000])).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge);
}

#[test]
fn without_trusted_keys_signatures_are_not_looked_at() {
    load(&runtime(), FIRST, None).unwrap();
    load(&runtime(), FIRST, Some(b"nonsense")).unwrap();
}

#[test]
fn the_settings_beside_a_component_cannot_switch_the_check_off() {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &Guest::default());
    folder.put("guest.toml", "trusted_keys = []");
    let failure = trusting(&[SIGNER]).load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadSettings);
}

#[test]
fn an_update_serves_once_its_signature_is_there() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), trusting(&[SIGNER]));
    let serving = || -> Vec<String> {
        directory.current().plugins().iter().map(|plugin| plugin.name().to_owned()).collect()
    };
    folder.put("guest.wasm", FIRST);
    folder.put("guest.wasm.minisig", FIRST_SIGNATURE);
    assert_eq!(directory.rescan().failures, []);
    assert_eq!(serving(), ["guest 1.0.0"]);

    // The component first, its signature a moment later: in between what served serves on.
    folder.put("guest.wasm", SECOND);
    assert_eq!(directory.rescan().failures[0].kind, FailureKind::BadSignature);
    assert_eq!(serving(), ["guest 1.0.0"]);
    folder.put("guest.wasm.minisig", SECOND_SIGNATURE);
    assert_eq!(directory.rescan().swapped.len(), 1);
    assert_eq!(serving(), ["guest 2.0.0"]);

    // A signature that is taken away takes nothing out of service, and is told of.
    folder.remove("guest.wasm.minisig");
    assert_eq!(directory.rescan().failures[0].kind, FailureKind::Unsigned);
    assert_eq!(serving(), ["guest 2.0.0"]);
}

#[test]
fn keys_are_read_as_line_and_as_file() {
    let key = TrustedKey::parse(SIGNER).unwrap();
    assert_eq!(key.id(), "0848594E6DBCCD97");
    assert_eq!(TrustedKey::parse(SIGNER.lines().last().unwrap()), Ok(key));
    for wrong in ["", "RWQ", &"A".repeat(56), FIRST_SIGNATURE] {
        let error = TrustedKey::parse(wrong).unwrap_err();
        assert!(error.to_string().contains("expected 56 characters that begin with `RW`"), "{error}");
    }
}

/// Not a test of anything: writes the components that are kept beside this file, to be signed. See their README.
#[test]
#[ignore = "makes the files that the other tests have"]
fn components_to_sign() {
    let folder = std::path::PathBuf::from(std::env::var_os("SIGNED").expect("SIGNED names a folder"));
    for (name, version) in [("first", "1.0.0"), ("second", "2.0.0")] {
        std::fs::write(folder.join(format!("{name}.wasm")), Guest::named("guest", version).component())
            .unwrap();
    }
}
