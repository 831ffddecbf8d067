//! Finding, fetching and unpacking the packages.

use std::path::Path;

use anyhow::{Context, bail};

use crate::{debian, shell, workspace};

/// The compilers a distribution may have: the newest one, which browsers are built with, and the ordinary one. Each with its
/// host library and its sources.
const FAMILIES: [[&str; 3]; 2] =
    [["rustc-web", "libstd-rust-web-dev", "rust-web-src"], ["rustc", "libstd-rust-dev", "rust-src"]];

/// `1.96.0+dfsg1-1~deb12u2` -> `[1, 96]`.
fn version_of(text: &str) -> Option<[u32; 2]> {
    let mut parts = text.trim().split(['.', '+', '-', '~']);
    Some([parts.next()?.parse().ok()?, parts.next()?.parse().ok()?])
}

/// The Rust version the workspace asks for.
fn version_wanted() -> anyhow::Result<[u32; 2]> {
    let manifest = workspace::root().join("Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(manifest)?.parse()?;
    let version = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("rust-version")?.as_str())
        .and_then(version_of);
    version.context("no `workspace.package.rust-version` in the root Cargo.toml")
}

/// The version apt would install, if it knows the package.
fn candidate(package: &str) -> Option<String> {
    let policy = shell::program("apt-cache").args(["policy", package]).env("LC_ALL", "C").text().ok()?;
    let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    Some(line.trim().to_owned())
}

/// The packages a package depends on whose name starts like this.
fn dependencies(package: &str, prefix: &str) -> anyhow::Result<Vec<String>> {
    let depends = shell::program("apt-cache")
        .args(["depends", "--no-recommends", package])
        .env("LC_ALL", "C")
        .text()?;
    let names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect())
}

fn family() -> anyhow::Result<[&'static str; 3]> {
    let wanted = version_wanted()?;
    let mut found = Vec::new();
    for family in FAMILIES {
        let [compiler, ..] = family;
        let Some(candidate) = candidate(compiler) else { continue };
        if version_of(&candidate).is_some_and(|version| version >= wanted) {
            return Ok(family);
        }
        found.push(format!("{compiler} {candidate}"));
    }
    let [major, minor] = wanted;
    bail!("apt offers no Rust {major}.{minor} or newer (found: {})", found.join(", "));
}

/// Unpacks compiler, libraries and sources into `dir`.
pub(super) fn unpack(dir: &Path) -> anyhow::Result<()> {
    let family = match family() {
        Ok(family) => family,
        Err(first) => {
            // Fresh containers have no lists at all.
            debian::update_lists().with_context(|| format!("{first:#}; and `apt-get update` failed"))?;
            family()?
        }
    };
    let [compiler, library, sources] = family;
    let mut names = vec![compiler.to_owned(), library.to_owned(), sources.to_owned()];
    for library in dependencies(library, "libstd-rust-")? {
        names.extend(dependencies(&library, "libllvm")?);
        names.push(library);
    }
    debian::unpack(&names, dir)
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_of_packages_compare_as_numbers() {
        assert_eq!(super::version_of(" 1.96.0+dfsg1-1~deb12u2"), Some([1, 96]));
        assert!(super::version_of("1.100.0") > super::version_of("1.96.0"));
        assert_eq!(super::version_of("(none)"), None);
    }
}
