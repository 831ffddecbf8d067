//! Manifests: every dependency has a reason and is declared once, every crate says what it is.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Findings;
use crate::workspace;

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The keys of the root's `[workspace.dependencies]` whose line has no comment, with their line numbers.
fn without_reason(root: &str) -> Vec<(usize, &str)> {
    let section =
        root.lines().enumerate().skip_while(|(_, line)| line.trim() != "[workspace.dependencies]").skip(1);
    let lines = section.take_while(|(_, line)| !line.starts_with('['));
    let dependencies =
        lines.filter(|(_, line)| line.starts_with(|letter: char| letter.is_ascii_alphanumeric()));
    // The crates of this workspace need no reason.
    let foreign = dependencies.filter(|(_, line)| !line.starts_with("wasmeter-"));
    let bare =
        foreign.filter(|(_, line)| line.split_once('#').is_none_or(|(_, reason)| reason.trim().is_empty()));
    bare.map(|(number, line)| (number + 1, line.split([' ', '=']).next().unwrap_or_default())).collect()
}

/// The dependency tables of a manifest, those of one platform included.
fn dependencies(manifest: &Table) -> Vec<(&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = std::iter::once(manifest).chain(platforms.filter_map(|(_, platform)| platform.as_table()));
    let kinds = tables.flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    kinds.flatten().collect()
}

fn check_crate(path: &Path, manifest: &Table, findings: &mut Findings) {
    let description = manifest.get("package").and_then(|package| package.get("description")?.as_str());
    if description.is_none_or(|text| text.trim().is_empty()) {
        findings.push(format!("{}: no `description`", path.display()));
    }
    for (name, declared) in dependencies(manifest) {
        if declared.get("workspace").and_then(Value::as_bool) != Some(true) {
            let path = path.display();
            findings.push(format!(
                "{path}: `{name}` is not `workspace = true`; declare it in the root, with a reason"
            ));
        }
    }
}

/// Checks the root manifest and those of its members.
pub(super) fn check(files: &[PathBuf], findings: &mut Findings) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    for (line, name) in without_reason(&text) {
        findings.push(format!("Cargo.toml:{line}: `{name}` has no comment; say what it is for"));
    }
    let root: Table = text.parse()?;
    let declared = root.get("workspace").and_then(|workspace| workspace.get("dependencies")?.as_table());
    let mut used = Vec::new();
    for path in files.iter().filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml")) {
        let manifest: Table = std::fs::read_to_string(workspace::root().join(path))?.parse()?;
        // The root, and workspaces of their own such as fuzz targets, which need libFuzzer.
        if manifest.contains_key("workspace") {
            continue;
        }
        check_crate(path, &manifest, findings);
        used.extend(dependencies(&manifest).into_iter().map(|(name, _)| name.clone()));
    }
    for name in declared.into_iter().flat_map(Table::keys).filter(|name| !used.contains(name)) {
        findings.push(format!("Cargo.toml: no crate uses `{name}`; remove it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let root = "[workspace.dependencies]\nwasmeter-model = { path = \"m\" }\na = \"1\" # why\nb = \"1\"\nc = \"1\" #\n[x]\nd = 1\n";
        assert_eq!(without_reason(root), [(4, "b"), (5, "c")]);
    }

    #[test]
    fn a_crate_declares_nothing_itself() {
        let manifest =
            "[package]\nname = \"a\"\n[target.'cfg(unix)'.dependencies]\nb = \"1\"\nc.workspace = true\n";
        let mut findings = Vec::new();
        check_crate(Path::new("a/Cargo.toml"), &manifest.parse().unwrap(), &mut findings);
        assert_eq!(findings.len(), 2, "{findings:?}");
    }
}
