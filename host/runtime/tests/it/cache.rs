//! The compile cache: what it spares, and that nothing foreign is ever taken for an artefact.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use wasmeter_engine::View;
use wasmeter_runtime::{Runtime, RuntimeConfig};

use crate::guest::Guest;
use crate::support::{Folder, counter, quick, runtime_with};

fn config(cache: &Path) -> RuntimeConfig {
    RuntimeConfig { cache_directory: Some(cache.to_owned()), ..quick() }
}

/// Loads a component in a host of its own; true if its machine code was there already.
fn is_cached(cache: &Path, guest: &Guest) -> bool {
    let folder = Folder::new();
    let plugin = runtime_with(config(cache)).load(&folder.put_guest("guest.wasm", guest)).unwrap();
    assert_eq!(plugin.streams(&counter()), Ok(None));
    plugin.info().is_cached
}

/// The only artefact of a cache.
fn artefact(cache: &Path) -> PathBuf {
    let files = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let mut artefacts =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "artefact"));
    let (one, none) = (artefacts.next(), artefacts.next());
    assert_eq!(none, None);
    one.expect("an artefact")
}

#[test]
fn a_component_is_compiled_once_for_all_starts() {
    let folder = Folder::new();
    let cache = folder.path().join("deep/cache");
    assert!(!is_cached(&cache, &Guest::default()));
    assert!(is_cached(&cache, &Guest::default()));
    assert!(!is_cached(&cache, &Guest::named("guest", "2.0.0")), "another component");
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(cache.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_was_changed_is_not_run_but_compiled_anew() {
    let folder = Folder::new();
    let cache = folder.path().join("cache");
    is_cached(&cache, &Guest::default());
    let artefact = artefact(&cache);
    let whole = fs::read(&artefact).unwrap();
    let changed = |at: usize| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    };
    let variants = [
        Vec::new(),
        whole[..31].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], b"x"].concat(),
        whole[32..].to_vec(),
        changed(0),
        changed(32),
        changed(whole.len() / 2),
        changed(whole.len() - 1),
    ];
    for (number, variant) in variants.into_iter().enumerate() {
        fs::write(&artefact, variant).unwrap();
        assert!(!is_cached(&cache, &Guest::default()), "variant {number}");
        assert!(is_cached(&cache, &Guest::default()), "it was written anew");
    }
}

#[test]
fn an_artefact_of_another_component_or_of_another_host_is_not_run() {
    let folder = Folder::new();
    let (own, foreign) = (folder.path().join("own"), folder.path().join("foreign"));
    is_cached(&own, &Guest::default());
    let (name, good) = (artefact(&own), fs::read(artefact(&own)).unwrap());
    // The same component, compiled by a host with another key.
    is_cached(&foreign, &Guest::default());
    assert_eq!(artefact(&foreign).file_name(), name.file_name());
    fs::copy(artefact(&foreign), &name).unwrap();
    assert!(!is_cached(&own, &Guest::default()));
    // This host's own artefact, under the name of another component.
    let other = Folder::new();
    let other = other.path().join("cache");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
    fs::copy(own.join("key"), other.join("key")).unwrap();
    is_cached(&other, &Guest::named("guest", "2.0.0"));
    fs::write(artefact(&other), good).unwrap();
    assert!(!is_cached(&other, &Guest::named("guest", "2.0.0")));
}

#[test]
fn a_directory_others_may_enter_is_refused() {
    let folder = Folder::new();
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o750)).unwrap();
    let error = Runtime::new(config(&cache)).unwrap_err().to_string();
    assert!(
        error.contains("is open to others (mode 750), expected mode 700; change it with `chmod`"),
        "{error}"
    );
    assert!(error.contains(&cache.display().to_string()), "{error}");

    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
    Runtime::new(config(&cache)).unwrap();
    fs::set_permissions(cache.join("key"), fs::Permissions::from_mode(0o640)).unwrap();
    let error = Runtime::new(config(&cache)).unwrap_err().to_string();
    assert!(error.contains("its file `key` is open to others (mode 640), expected mode 600"), "{error}");

    let link = folder.path().join("link");
    symlink(&cache, &link).unwrap();
    let error = Runtime::new(config(&link)).unwrap_err().to_string();
    assert!(error.contains("it is a link or a file, expected a directory"), "{error}");
}
