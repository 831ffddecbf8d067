//! What makes two instruments the same.

use std::hash::{Hash, Hasher};

use wasmeter_model::{Instrument, NumberKind, Origin};

/// In what form values come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// One measurement at a time, from this process.
    Measurements,
    /// Received gauges and sums.
    Numbers,
    /// Received explicit histograms.
    Explicit,
    /// Received exponential histograms.
    Exponential,
}

impl Form {
    /// For messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Measurements => "measurements",
            Self::Numbers => "number",
            Self::Explicit => "explicit-bucket histogram",
            Self::Exponential => "exponential histogram",
        }
    }
}

/// Identity of an instrument (metrics SDK, "Duplicate instrument registration"): names differ by more than ASCII case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    instrument: &'a Instrument,
    form: Form,
}

impl<'a> Key<'a> {
    pub(crate) fn of(instrument: &'a Instrument, form: Form) -> Self {
        Self { instrument, form }
    }

    /// A View is asked about the description, so two of them are two questions. Received ones vary at will.
    fn description(&self) -> &str {
        match self.instrument.origin {
            Origin::Recorded => &self.instrument.description,
            Origin::Received | Origin::Observed => "",
        }
    }

    /// See [`crate::stream::Output`] for why received ones have none.
    fn number(&self) -> Option<NumberKind> {
        (!self.instrument.origin.is_aggregated()).then_some(self.instrument.number)
    }

    /// All but the name.
    fn rest(&self) -> impl Hash + Eq + 'a {
        let Instrument { resource, scope, unit, kind, origin, .. } = self.instrument;
        (&**resource, &**scope, &**unit, *kind, *origin, self.number(), self.form)
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.instrument.name.eq_ignore_ascii_case(&other.instrument.name)
            && self.description() == other.description()
            && self.rest() == other.rest()
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.instrument.name.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        self.description().hash(state);
        self.rest().hash(state);
    }
}
