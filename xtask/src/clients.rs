//! Foreign clients the tests send metrics with: the official SDKs of Python and JavaScript, in folders of their own below
//! `target/clients`.

use std::path::PathBuf;

use crate::packages::{node, python};
use crate::workspace;

/// What the tests are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    /// A Python that has the packages.
    pub(crate) python: Option<PathBuf>,
    /// The folder of Node's packages.
    pub(crate) node_modules: Option<PathBuf>,
}

/// Makes what the tests' lists of packages ask for.
pub(crate) fn prepare() -> anyhow::Result<Clients> {
    let lists = workspace::root().join("host/wasmeter/tests/clients");
    let target = workspace::target().join("clients");
    Ok(Clients {
        python: python::prepare(&lists.join("requirements.txt"), &target.join("venv"))?,
        node_modules: node::prepare(&lists, &target.join("node"))?,
    })
}
