//! The trait every View implements, native or plugin.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasmeter_model::{Attributes, Instrument, StreamSpec};

use crate::exemplar::{Reservoir, ReservoirSeries};

/// Something that shapes streams: a View of the configuration file or a plugin.
///
/// Both functions are pure for the life of the value: the engine asks once per instrument and once per distinct attribute
/// set, and remembers the answer for as long as this View is in service. Neither may call back into the engine. One that panics
/// has not answered.
///
/// A View is the same after a swap if it is the same value, and what its own reservoirs have kept goes on then.
pub trait View: Send + Sync {
    /// Names the View in diagnostics; for a plugin its name and version.
    fn name(&self) -> &str;

    /// What streams the instrument has. `None`: nothing to say about it. An empty list: drop it.
    ///
    /// # Errors
    ///
    /// The View could not answer. The engine then treats it as having nothing to say about this instrument, or, during a
    /// swap, refuses the swap.
    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault>;

    /// What becomes of a set under [`wasmeter_model::AttributeRule::Computed`]. `None`: measurements with it are dropped.
    ///
    /// # Errors
    ///
    /// The View could not answer. The engine then keeps the set as it is, or, during a swap, refuses the swap.
    fn map_attributes(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault>;

    /// A reservoir for a series under [`wasmeter_model::ExemplarReservoir::Custom`], asked for when the first measurement is
    /// offered to the series, with the series locked: it must be quick. `None`: the default one.
    fn reservoir(&self, tag: u32, series: &ReservoirSeries<'_>) -> Option<Box<dyn Reservoir>> {
        let (_, _) = (tag, series);
        None
    }
}

/// Asks a View.
pub(super) fn ask<T>(
    view: &dyn View,
    question: impl FnOnce(&dyn View) -> Result<T, ViewFault>,
) -> Result<T, ViewFault> {
    // It may be the application's own code; what is wrong with it must not reach the code that measures.
    catch_unwind(AssertUnwindSafe(|| question(view))).unwrap_or_else(|payload| {
        let name = catch_unwind(AssertUnwindSafe(|| view.name().into()));
        let reason = format!("panicked: {}", panic_text(payload.as_ref()));
        Err(ViewFault { view: name.unwrap_or_default(), reason })
    })
}

/// What a panic said.
fn panic_text(payload: &(dyn Any + Send)) -> String {
    let owned = || payload.downcast_ref::<String>().map(String::as_str);
    let text = payload.downcast_ref::<&str>().copied().or_else(owned);
    text.unwrap_or("no message").chars().take(200).collect()
}

/// A View that could not answer: who, and what happened and what to do about it, in words for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewFault {
    /// The View's name.
    pub view: Arc<str>,
    /// What happened; lower case, no final dot.
    pub reason: String,
}

impl fmt::Display for ViewFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "view `{}`: {}", self.view, self.reason)
    }
}

impl std::error::Error for ViewFault {}
