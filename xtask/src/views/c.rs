//! C: bindings, a C compiler with a libc for wasm (the package `ziglang` of PyPI), and from module to component.

use super::Workplace;
use crate::shell;

pub(super) fn build(work: &Workplace) -> anyhow::Result<()> {
    let python = work.python()?;
    let dir = work.fresh("build")?;
    super::bindings("c", &dir)?;
    let module = dir.join("routes.wasm");
    shell::program(python)
        .args(["-m", "ziglang", "cc", "-target", "wasm32-wasi", "-mexec-model=reactor"])
        .args(["-std=c17", "-Os", "-Wall", "-Wextra", "-Werror", "-Wl,--strip-all"])
        // The default is 16 MiB, which every instance would take.
        .arg("-Wl,-z,stack-size=65536")
        .arg("-I")
        .arg(&dir)
        .arg(work.source.join("routes.c"))
        .args(["view.c", "view_component_type.o"].map(|file| dir.join(file)))
        .arg("-o")
        .arg(&module)
        // The libc, compiled once.
        .env("ZIG_GLOBAL_CACHE_DIR", work.dir.join("cache"))
        .env("ZIG_LOCAL_CACHE_DIR", work.dir.join("cache"))
        .run()?;
    let component = dir.join("component.wasm");
    super::componentize().arg("component").arg(&module).arg("--out").arg(&component).run()?;
    work.place(&component)
}
