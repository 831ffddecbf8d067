//! JavaScript: the package `componentize-qjs` of npm, which has QuickJS in it.

use anyhow::Context;

use super::{Workplace, contract};
use crate::{packages, shell};

pub(super) fn build(work: &Workplace) -> anyhow::Result<()> {
    let modules = packages::node::prepare(&work.source, &work.dir.join("node"))?
        .with_context(|| format!("no `package.json` in `{}`", work.source.display()))?;
    let component = work.fresh("build")?.join("component.wasm");
    // Not through the link in `.bin`, which is a shell script on some systems.
    shell::program("node")
        .arg(modules.join("componentize-qjs/bin/componentize-qjs"))
        .args(["--world", "view", "--sync", "--stub-wasi", "--wit"])
        .arg(contract())
        .arg("--js")
        .arg(work.source.join("routes.js"))
        .arg("--output")
        .arg(&component)
        .text()?;
    work.place(&component)
}
