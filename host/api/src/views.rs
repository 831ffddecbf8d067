//! Views of the application: one that panics has not answered, and is told so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasmeter_engine::{Reservoir, ReservoirSeries, View, ViewFault, Views};
use wasmeter_model::{Attributes, Instrument, StreamSpec};

use crate::diagnostics::panic_text;

struct Guarded(Arc<dyn View>);

/// The same Views; a panic in one of them becomes a fault, which the engine passes over or refuses a swap for.
pub(crate) fn guarded(views: Views) -> Views {
    let guard = |views: Vec<Arc<dyn View>>| {
        views.into_iter().map(|view| Arc::new(Guarded(view)) as Arc<dyn View>).collect()
    };
    let Views { base, mode, plugins, meters } = views;
    Views { base: guard(base), mode, plugins: guard(plugins), meters }
}

impl Guarded {
    fn ask<T>(&self, question: impl FnOnce(&dyn View) -> Result<T, ViewFault>) -> Result<T, ViewFault> {
        catch_unwind(AssertUnwindSafe(|| question(self.0.as_ref()))).unwrap_or_else(|payload| {
            let reason = format!("panicked: {}", panic_text(payload.as_ref()));
            Err(ViewFault { view: self.0.name().into(), reason })
        })
    }
}

impl View for Guarded {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        self.ask(|view| view.streams(instrument))
    }

    fn map_attributes(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        self.ask(|view| view.map_attributes(tag, attributes))
    }

    fn reservoir(&self, tag: u32, series: &ReservoirSeries<'_>) -> Option<Box<dyn Reservoir>> {
        // The engine catches what reservoirs do, their making included.
        self.0.reservoir(tag, series)
    }
}
