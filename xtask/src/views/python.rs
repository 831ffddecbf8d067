//! Python: the package `componentize-py` of PyPI, which has CPython in it.

use super::{Workplace, contract};
use crate::shell;

pub(super) fn build(work: &Workplace) -> anyhow::Result<()> {
    let python = work.python()?;
    let dir = work.fresh("build")?;
    // A folder of its own: all that is in it becomes part of the component.
    let sources = dir.join("sources");
    std::fs::create_dir_all(&sources)?;
    std::fs::copy(work.source.join("routes.py"), sources.join("routes.py"))?;
    let component = dir.join("component.wasm");
    shell::program(python.with_file_name("componentize-py"))
        .arg("--wit-path")
        .arg(contract())
        .args(["--world", "view", "componentize", "--stub-wasi", "--python-path"])
        .arg(&sources)
        .arg("--output")
        .arg(&component)
        .arg("routes")
        .text()?;
    work.place(&component)
}
