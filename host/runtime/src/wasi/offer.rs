//! Which WASI interfaces there are here, and what each of them takes.

use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random, sync};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi_http::p2::bindings::http;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView as _};

use super::files::Files;
use super::streams::Streams;
use crate::grants::{Capability, Grants};
use crate::instance::HostState;

/// What it takes for an interface to exist for a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Nothing: it gives access to nothing.
    Free,
    /// One of these grants.
    Granted(&'static [Capability]),
    /// This host does not have it.
    Never,
}

const FREE: Offer = Offer::Free;
const ENVIRONMENT: Offer = Offer::Granted(&[Capability::Environment, Capability::Secrets]);
const DIRECTORIES: Offer = Offer::Granted(&[Capability::Directories]);
const HTTP: Offer = Offer::Granted(&[Capability::Http]);
const CLOCKS: Offer = Offer::Granted(&[Capability::Clocks]);
const RANDOMNESS: Offer = Offer::Granted(&[Capability::Randomness]);

type Link = fn(&mut Linker<HostState>) -> wasmtime::Result<()>;

/// Every interface there is, what it takes, and how it gets into a linker. What is written to the standard streams goes to the
/// plugin's log, and there is nothing to read; so they are as free as the log. To exit ends the instance, as a trap does.
static INTERFACES: [(&str, Offer, Link); 22] = [
    ("wasi:io/error", FREE, |l| io::error::add_to_linker::<_, Streams>(l, |state| state.wasi().streams())),
    ("wasi:io/poll", FREE, |l| {
        sync::io::poll::add_to_linker::<_, Streams>(l, |state| state.wasi().streams())
    }),
    ("wasi:io/streams", FREE, |l| {
        sync::io::streams::add_to_linker::<_, Streams>(l, |state| state.wasi().streams())
    }),
    ("wasi:cli/stdin", FREE, |l| cli::stdin::add_to_linker::<_, WasiCli>(l, HostState::cli)),
    ("wasi:cli/stdout", FREE, |l| cli::stdout::add_to_linker::<_, WasiCli>(l, HostState::cli)),
    ("wasi:cli/stderr", FREE, |l| cli::stderr::add_to_linker::<_, WasiCli>(l, HostState::cli)),
    ("wasi:cli/terminal-input", FREE, |l| {
        cli::terminal_input::add_to_linker::<_, WasiCli>(l, HostState::cli)
    }),
    ("wasi:cli/terminal-output", FREE, |l| {
        cli::terminal_output::add_to_linker::<_, WasiCli>(l, HostState::cli)
    }),
    ("wasi:cli/terminal-stdin", FREE, |l| {
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, HostState::cli)
    }),
    ("wasi:cli/terminal-stdout", FREE, |l| {
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, HostState::cli)
    }),
    ("wasi:cli/terminal-stderr", FREE, |l| {
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, HostState::cli)
    }),
    ("wasi:cli/exit", FREE, |l| cli::exit::add_to_linker::<_, WasiCli>(l, HostState::cli)),
    ("wasi:cli/environment", ENVIRONMENT, |l| {
        cli::environment::add_to_linker::<_, WasiCli>(l, HostState::cli)
    }),
    ("wasi:filesystem/types", DIRECTORIES, |l| {
        sync::filesystem::types::add_to_linker::<_, Files>(l, |state| state.wasi().files())
    }),
    ("wasi:filesystem/preopens", DIRECTORIES, |l| {
        filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, HostState::filesystem)
    }),
    ("wasi:http/types", HTTP, |l| {
        let options = http::types::LinkOptions::default();
        http::types::add_to_linker::<_, WasiHttp>(l, &options, HostState::http)
    }),
    ("wasi:http/outgoing-handler", HTTP, |l| {
        http::outgoing_handler::add_to_linker::<_, WasiHttp>(l, HostState::http)
    }),
    ("wasi:clocks/wall-clock", CLOCKS, |l| {
        clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, HostState::clocks)
    }),
    ("wasi:clocks/monotonic-clock", CLOCKS, |l| {
        clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, HostState::clocks)
    }),
    ("wasi:random/random", RANDOMNESS, |l| {
        random::random::add_to_linker::<_, WasiRandom>(l, HostState::random)
    }),
    ("wasi:random/insecure-seed", RANDOMNESS, |l| {
        random::insecure_seed::add_to_linker::<_, WasiRandom>(l, HostState::random)
    }),
    ("wasi:random/insecure", RANDOMNESS, |l| {
        random::insecure::add_to_linker::<_, WasiRandom>(l, HostState::random)
    }),
];

/// The version of WASI whose interfaces these are: any of 0.2.
fn is_of_version(version: &str) -> bool {
    semver::Version::parse(version).is_ok_and(|version| (version.major, version.minor) == (0, 2))
}

fn find(import: &str) -> Option<&'static (&'static str, Offer, Link)> {
    let (name, version) = import.split_once('@')?;
    INTERFACES.iter().find(|interface| interface.0 == name && is_of_version(version))
}

/// What an import of this name, such as `wasi:io/poll@0.2.6`, takes.
pub(crate) fn offer(import: &str) -> Offer {
    find(import).map_or(Offer::Never, |interface| interface.1)
}

/// Adds what the imports ask for, as far as it is granted, to a linker. An interface that is not granted does not exist in it.
pub(crate) fn add_to_linker(
    linker: &mut Linker<HostState>,
    imports: &[String],
    grants: &Grants,
) -> wasmtime::Result<()> {
    let mut added: Vec<&str> = Vec::new();
    for (name, offer, link) in imports.iter().filter_map(|import| find(import)) {
        let is_granted = match offer {
            Offer::Free => true,
            Offer::Granted(by) => by.iter().any(|capability| grants.gives(*capability)),
            Offer::Never => false,
        };
        // A component may import several versions of one interface; the linker has one for all of 0.2.
        if is_granted && !added.contains(name) {
            link(linker)?;
            added.push(name);
        }
    }
    Ok(())
}
