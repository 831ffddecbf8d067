//! What it costs to have plugins at all: the time to load one, and the memory of a host with ten.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use wasmeter_runtime::{Runtime, RuntimeConfig};

use super::host::Host;
use super::{Options, quantile};

/// How often a load is timed.
const ROUNDS: usize = 9;
/// How many plugins the idle host has.
const PLUGINS: usize = 10;
/// The component that is loaded: the largest of the Views that come with wasmeter.
const COMPONENT: &str = "route-template.wasm";

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// The size of the component, in bytes.
    pub(crate) component_bytes: u64,
    /// From the file to a plugin that has answered its probe, compiled: the median.
    pub(crate) compiled: Duration,
    /// The same with the machine code from the cache.
    pub(crate) cached: Duration,
    /// What of a host with ten plugins is in memory, in bytes.
    pub(crate) idle_bytes: u64,
}

/// Times loads of a component, each in a runtime of its own, and looks at an idle host.
///
/// # Errors
///
/// The component or the host is missing, or a folder cannot be written.
pub(crate) fn load(options: &Options) -> anyhow::Result<Load> {
    let folder = std::env::temp_dir().join(format!("wasmeter-load-{}", std::process::id()));
    let measured = measure(options, &folder);
    // What is left of it is in the system's folder for such things.
    let _removed = fs::remove_dir_all(&folder);
    measured
}

fn measure(options: &Options, folder: &Path) -> anyhow::Result<Load> {
    let component = options.components.join(COMPONENT);
    let bytes = fs::read(&component)
        .with_context(|| format!("`{}`; `cargo xtask build-plugins` makes it", component.display()))?;
    let cache = folder.join("cache");
    fs::create_dir_all(folder)?;
    let (mut compiled, mut cached) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        compiled.push(time_load(&component, None, false)?);
        // The first one fills the cache.
        time_load(&component, Some(&cache), !cached.is_empty())?;
        cached.push(time_load(&component, Some(&cache), true)?);
    }
    let plugins = folder.join("plugins");
    fs::create_dir_all(&plugins)?;
    for number in 0..PLUGINS {
        // No two files are the same, so that each is compiled.
        let mut build = bytes.clone();
        build.extend_from_slice(&[0, 3, 2, b'0', b'0' + u8::try_from(number)?]);
        fs::write(plugins.join(format!("{number}.wasm")), build)?;
    }
    // With the machine code in the cache, as after any but the first start; the compiler leaves memory behind.
    Host::start(&options.binary, &plugins, &cache)?.stop()?;
    let host = Host::start(&options.binary, &plugins, &cache)?;
    let idle_bytes = host.resident_bytes()?;
    host.stop()?;
    Ok(Load {
        component_bytes: bytes.len() as u64,
        compiled: quantile(&mut compiled, 0.5),
        cached: quantile(&mut cached, 0.5),
        idle_bytes,
    })
}

fn time_load(component: &Path, cache: Option<&PathBuf>, expects_cached: bool) -> anyhow::Result<Duration> {
    let config = RuntimeConfig { cache_directory: cache.cloned(), ..RuntimeConfig::default() };
    let runtime = Arc::new(Runtime::new(config)?);
    let begun = Instant::now();
    let plugin = runtime.load(component).map_err(|failure| anyhow!("{failure}"))?;
    let took = begun.elapsed();
    let is_cached = plugin.info().is_cached;
    anyhow::ensure!(is_cached == expects_cached, "from the cache: {is_cached}, expected {expects_cached}");
    Ok(took)
}
