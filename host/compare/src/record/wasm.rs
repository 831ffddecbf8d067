//! Views as components, and the same written natively.

use std::path::Path;
use std::sync::Arc;

use wasmeter_api::model::{AttributeRule, Attributes, Instrument, Pattern, StreamSpec, ValueRef};
use wasmeter_api::{NativeView, View, ViewFault};
use wasmeter_runtime::{Runtime, RuntimeConfig};

/// Two components.
pub(super) struct Components {
    /// `examples/views/first`, which answers with rules: it removes `user.*` and `session.*`.
    pub(super) rules: Arc<dyn View>,
    /// `plugins/route-template`, which is asked about every attribute set: it makes `/orders/{id}` of `/orders/7`.
    pub(super) computed: Arc<dyn View>,
}

impl Components {
    /// Loads the two from the folder that `cargo xtask build-plugins` fills.
    ///
    /// # Errors
    ///
    /// One is not there or cannot be loaded.
    pub(super) fn load(folder: &Path) -> anyhow::Result<Self> {
        let runtime = Arc::new(Runtime::new(RuntimeConfig::default())?);
        let load = |file: &str| {
            let plugin = runtime.load(&folder.join(file)).map_err(|failure| anyhow::anyhow!("{failure}"))?;
            anyhow::Ok(plugin as Arc<dyn View>)
        };
        Ok(Self {
            rules: load("examples/first-view.wasm")?,
            computed: load("components/route-template.wasm")?,
        })
    }
}

/// What `examples/views/first` does, for instruments whose name does not begin with `debug.`.
pub(super) fn native_rules() -> Arc<dyn View> {
    let keys = ["user.*", "session.*"].map(Pattern::new).into();
    let spec = StreamSpec { attributes: vec![AttributeRule::Exclude(keys)], ..StreamSpec::default() };
    NativeView::new("native", |instrument| !instrument.name.starts_with("debug."), spec)
}

/// What `plugins/route-template` does to routes that are a folder and a number.
pub(super) fn native_computed() -> Arc<dyn View> {
    Arc::new(Template)
}

struct Template;

const ROUTE: &str = "http.route";

impl View for Template {
    fn name(&self) -> &str {
        "native"
    }

    fn streams(&self, _: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        let attributes = vec![AttributeRule::Computed(0)];
        Ok(Some(vec![StreamSpec { attributes, ..StreamSpec::default() }]))
    }

    fn map_attributes(&self, _: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        let route = attributes.get(ROUTE).and_then(ValueRef::as_str).and_then(|route| route.rsplit_once('/'));
        let Some((folder, _)) = route else { return Ok(Some(attributes.clone())) };
        let others = attributes.iter().filter(|(key, _)| *key != ROUTE);
        let route = format!("{folder}/{{id}}");
        Ok(Some(Attributes::from_pairs(others.chain([(ROUTE, ValueRef::String(&route))])).0))
    }
}
