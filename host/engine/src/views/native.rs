//! Views written in the host's own language, such as those of the configuration file.

use std::sync::Arc;

use wasmeter_model::{Attributes, ExemplarReservoir, Instrument, StreamSpec};

use super::{View, ViewFault};
use crate::exemplar::{Reservoir, ReservoirSeries};

type Selector = Box<dyn Fn(&Instrument) -> bool + Send + Sync>;
type Factory = Box<dyn Fn(&ReservoirSeries<'_>) -> Box<dyn Reservoir> + Send + Sync>;

/// A selector and the one stream it configures (metrics SDK, "View").
pub struct NativeView {
    name: String,
    selector: Selector,
    spec: StreamSpec,
    reservoirs: Option<Factory>,
}

impl NativeView {
    /// A View that gives `spec` to every instrument `selector` is true for. Rules of the kind `Computed` keep every set, and
    /// the reservoir `Custom` is the default one.
    pub fn new(
        name: impl Into<String>,
        selector: impl Fn(&Instrument) -> bool + Send + Sync + 'static,
        spec: StreamSpec,
    ) -> Arc<Self> {
        Arc::new(Self { name: name.into(), selector: Box::new(selector), spec, reservoirs: None })
    }

    /// As [`NativeView::new`], with exemplar reservoirs of one's own: `make` makes one for each series, which may depend on
    /// the aggregation (metrics SDK, "Stream configuration", `exemplar_reservoir`). See [`View::reservoir`] for when it is
    /// called.
    pub fn with_reservoirs(
        name: impl Into<String>,
        selector: impl Fn(&Instrument) -> bool + Send + Sync + 'static,
        spec: StreamSpec,
        make: impl Fn(&ReservoirSeries<'_>) -> Box<dyn Reservoir> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let spec = StreamSpec { exemplar_reservoir: ExemplarReservoir::Custom(0), ..spec };
        let (selector, reservoirs) = (Box::new(selector), Some(Box::new(make) as Factory));
        Arc::new(Self { name: name.into(), selector, spec, reservoirs })
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

    fn reservoir(&self, _tag: u32, series: &ReservoirSeries<'_>) -> Option<Box<dyn Reservoir>> {
        self.reservoirs.as_ref().map(|make| make(series))
    }
}
