//! The example View of `examples/views/rust` as a component, and the same written natively.

use std::path::Path;
use std::sync::Arc;

use wasmeter_api::model::{AttributeRule, Pattern, StreamSpec};
use wasmeter_api::{NativeView, View};
use wasmeter_runtime::{Runtime, RuntimeConfig};

/// Loads the component.
pub(super) fn load(file: &Path) -> anyhow::Result<Arc<dyn View>> {
    let runtime = Arc::new(Runtime::new(RuntimeConfig::default())?);
    Ok(runtime.load(file).map_err(|failure| anyhow::anyhow!("{failure}"))?)
}

/// What the component does, for instruments whose name does not begin with `debug.`.
pub(super) fn native() -> Arc<dyn View> {
    let keys = ["user.*", "session.*"].map(Pattern::new).into();
    let spec = StreamSpec { attributes: vec![AttributeRule::Exclude(keys)], ..StreamSpec::default() };
    NativeView::new("native", |instrument| !instrument.name.starts_with("debug."), spec)
}
