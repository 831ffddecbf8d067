//! `cargo xtask test`: every test there is, with what it needs.

use crate::{clients, plugins, shell, toolchain};

/// Builds the plugins, prepares the foreign clients and runs the tests whose name contains `filter`.
pub(crate) fn run(filter: Option<&str>) -> anyhow::Result<()> {
    let components = plugins::build(toolchain::From::default())?;
    let clients = clients::prepare()?;
    let mut tests = shell::cargo()
        // Unit, integration and doc tests of every crate; examples are compiled.
        .args(["test", "--workspace", "--locked"])
        .env("WASMETER_COMPONENTS", &components.plugins)
        .env("WASMETER_HOSTILE", &components.hostile)
        .env("WASMETER_EXAMPLES", &components.examples);
    if let Some(python) = &clients.python {
        tests = tests.env("WASMETER_PYTHON", python);
    }
    if let Some(node_modules) = &clients.node_modules {
        tests = tests.env("WASMETER_NODE_MODULES", node_modules);
        // The client itself looks for packages from the folder that holds their list.
        if let Some(folder) = node_modules.parent() {
            tests = tests.env("WASMETER_CLIENT_MODULES", folder);
        }
    }
    if filter.is_none() {
        // All of them, so that one run says all that is broken.
        tests = tests.arg("--no-fail-fast");
    }
    tests.args(filter).echoed()
}
