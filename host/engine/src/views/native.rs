//! Views written in the host's own language, such as those of the configuration file.

use std::sync::Arc;

use wasmeter_model::{Attributes, Instrument, StreamSpec};

use super::{View, ViewFault};

type Selector = Box<dyn Fn(&Instrument) -> bool + Send + Sync>;

/// A selector and the one stream it configures (metrics SDK, "View").
pub struct NativeView {
    name: String,
    selector: Selector,
    spec: StreamSpec,
}

impl NativeView {
    /// A View that gives `spec` to every instrument `selector` is true for. Rules of the kind `Computed` keep every set.
    pub fn new(
        name: impl Into<String>,
        selector: impl Fn(&Instrument) -> bool + Send + Sync + 'static,
        spec: StreamSpec,
    ) -> Arc<Self> {
        Arc::new(Self { name: name.into(), selector: Box::new(selector), spec })
    }
}

impl View for NativeView {
    fn name(&self) -> &str {
        &self.name
    }

    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        Ok((self.selector)(instrument).then(|| vec![self.spec.clone()]))
    }

    fn map_attributes(&self, _tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        Ok(Some(attributes.clone()))
    }
}
