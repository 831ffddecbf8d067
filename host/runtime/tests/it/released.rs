//! What is released stays as it is: the text of the contract, and the components that were built against it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmeter_runtime::{Directory, World};

use crate::guest::Guest;
use crate::support::{Folder, runtime};

/// The files of each released version of the contract and the SHA-256 of each. What has to change gets a new version beside
/// these, to which the host adapts the old one; a line here is never edited.
const RELEASED: [(&str, &[(&str, &str)]); 1] = [(
    "0.1.0",
    &[
        ("exporter.wit", "1c87ed43debf355ca0107cfeec6134db06d9cd6ff70fd0babf3c9b5c1364eea3"),
        ("frame.wit", "be60fb1d3e6f0e3bbd249c9fef828b7c6c24657495c51fd35e70f8c4e0cc40f8"),
        ("host.wit", "99eb278d15f52047cdb4b954b3740e03d8f632bea41790365bf08ac49326629b"),
        ("lifecycle.wit", "5106c9090e77fb0a0d8708de25bf9d80a3defef52fda7f37bfbe4d9d519244a8"),
        ("observer.wit", "d030d4448192103232d0036f32f00c69b4bde4a5565fc9193908b593b5ce3cbd"),
        ("processor.wit", "eef79fd97fa9c4a6d1a21630b184afb961fe1ee4800bff04a75567b2a9d91ed3"),
        ("types.wit", "2fa960b02c014d887f1e2412b3de365b3f16ab185a42e81a57b67b15676b79a7"),
        ("view.wit", "96fcc9c605c830448af881c762121d59b52e69458e3d230c4edc2bf5eb62a390"),
    ],
)];

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn root(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

#[test]
fn the_text_of_a_released_contract_does_not_change() {
    for (version, files) in RELEASED {
        let package = format!("package wasmeter:plugin@{version};");
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(root("../../wit")).unwrap() {
            let file = entry.unwrap().path();
            let Ok(text) = fs::read_to_string(&file) else { continue };
            if text.lines().any(|line| line.trim() == package) {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                found.insert(name, hex(&Sha256::digest(text)));
            }
        }
        let expected: BTreeMap<_, _> =
            files.iter().map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned())).collect();
        assert_eq!(
            found, expected,
            "version {version} of the contract is released: give what changes a new version beside it"
        );
    }
}

#[test]
fn components_built_against_a_released_contract_load_for_ever() {
    for (version, _) in RELEASED {
        let folder = Folder::new();
        let kept = root("tests/released").join(version);
        for entry in fs::read_dir(&kept).unwrap() {
            let file = entry.unwrap().path();
            folder.put(&file.file_name().unwrap().to_string_lossy(), fs::read(&file).unwrap());
        }
        let directory = Directory::new(folder.path(), runtime());
        let scan = directory.rescan();
        // Loading asks each what plugins of its world are asked.
        assert_eq!(scan.failures, [], "version {version}");
        let current = directory.current();
        for world in World::ALL {
            let is_there = current.plugins().iter().any(|plugin| plugin.world() == world);
            assert!(is_there, "no component of the world {world} is kept for version {version}");
        }
    }
}

/// Not a test: writes the components that are kept of a version when it is released, into an empty folder. Never into that of a
/// version which is released: what is kept is kept as it was built.
#[test]
#[ignore = "writes the components of a new version of the contract; run it once, when that is released"]
fn components_to_keep() {
    let kept = root("tests/released").join(Guest::default().contract);
    fs::create_dir_all(&kept).unwrap();
    for world in ["view", "observer", "processor", "exporter"] {
        let file = kept.join(world).with_extension("wasm");
        assert!(!file.exists(), "{} is there", file.display());
        let guest = Guest { world, ..Guest::named(world, "1.0.0") };
        fs::write(file, guest.component()).unwrap();
    }
}
