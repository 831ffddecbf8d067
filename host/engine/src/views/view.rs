//! The trait every View implements, native or plugin.

use std::fmt;
use std::sync::Arc;

use wasmeter_model::{Attributes, Instrument, StreamSpec};

use crate::exemplar::{Reservoir, ReservoirSeries};

/// Something that shapes streams: a View of the configuration file or a plugin.
///
/// Both functions are pure for the life of the value: the engine asks once per instrument and once per distinct attribute
/// set, and remembers the answer for as long as this View is in service. Neither may call back into the engine.
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
