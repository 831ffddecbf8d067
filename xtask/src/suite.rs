//! `cargo xtask test`: every test there is, with what it needs.

use std::path::{Path, PathBuf};

use crate::{clients, plugins, receivers, shell, toolchain, views};

/// Builds the plugins, prepares the foreign clients and runs the tests whose name contains `filter`. Cargo gets `variables`, too.
pub(crate) fn run(filter: Option<&str>, variables: &[(&str, &str)]) -> anyhow::Result<()> {
    // Unit, integration and doc tests of every crate; examples are compiled.
    let mut tests = shell::cargo().args(["test", "--workspace", "--locked"]).envs(variables);
    for (variable, path) in needs()? {
        tests = tests.env(variable, path);
    }
    if filter.is_none() {
        // All of them, so that one run says all that is broken.
        tests = tests.arg("--no-fail-fast");
    }
    tests.args(filter).echoed()
}

/// Makes what the tests of the whole program need; the variables that tell them where it is.
pub(crate) fn needs() -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let components = plugins::build(toolchain::From::default())?;
    let clients = clients::prepare()?;
    let views = views::build(&[])?;
    let receivers = receivers::prepare()?;
    // The client itself looks for packages from the folder that holds their list.
    let modules = clients.node_modules.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let optional = [
        ("WASMETER_PYTHON", clients.python),
        ("WASMETER_CLIENT_MODULES", modules),
        ("WASMETER_NODE_MODULES", clients.node_modules),
        ("WASMETER_PROMETHEUS", receivers.prometheus),
        ("WASMETER_VICTORIA_METRICS", receivers.victoria_metrics),
    ];
    let needed = [
        ("WASMETER_COMPONENTS", components.plugins),
        ("WASMETER_HOSTILE", components.hostile),
        ("WASMETER_EXAMPLES", components.examples),
        ("WASMETER_VIEWS", views),
    ];
    let found = optional.into_iter().filter_map(|(variable, path)| Some((variable, path?)));
    Ok(needed.into_iter().chain(found).collect())
}
