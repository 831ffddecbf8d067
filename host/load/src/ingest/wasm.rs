//! A View in wasm beside the native one.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use wasmeter_engine::View;
use wasmeter_runtime::{Runtime, RuntimeConfig};

/// What it removes is what the route is told from; there is one, so that is all it does beside making a template of that.
const CONFIG: &str = "[config]\nattributes = [\"server.address\"]\nstatus = \"keep\"\n";

/// The View `route-template`, so configured that it removes the same attribute as the native View.
///
/// # Errors
///
/// The component is missing or does not load.
pub(super) fn removing(components: &Path) -> anyhow::Result<Arc<dyn View>> {
    let file = components.join("route-template.wasm");
    let folder = std::env::temp_dir().join(format!("wasmeter-ingest-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let copy = folder.join("route-template.wasm");
    fs::copy(&file, &copy)
        .with_context(|| format!("`{}`; `cargo xtask build-plugins` makes it", file.display()))?;
    fs::write(copy.with_extension("toml"), CONFIG)?;
    let plugin = Arc::new(Runtime::new(RuntimeConfig::default())?).load(&copy);
    // What is left of it is in the system's folder for such things.
    let _removed = fs::remove_dir_all(&folder);
    Ok(plugin.map_err(|failure| anyhow!("{failure}"))?)
}
