//! What makes two instruments the same.

use std::sync::Arc;

use wasmeter_model::{Instrument, InstrumentKind, NumberKind, Origin, Resource, Scope};

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    name: Arc<str>,
    unit: Arc<str>,
    description: Arc<str>,
    kind: InstrumentKind,
    /// See [`crate::stream::Output`] for why received ones have none.
    number: Option<NumberKind>,
    origin: Origin,
    form: Form,
}

impl Key {
    pub(crate) fn of(instrument: &Instrument, form: Form) -> Self {
        let has_upper = instrument.name.bytes().any(|byte| byte.is_ascii_uppercase());
        Self {
            resource: instrument.resource.clone(),
            scope: instrument.scope.clone(),
            name: if has_upper {
                instrument.name.to_ascii_lowercase().into()
            } else {
                instrument.name.clone()
            },
            unit: instrument.unit.clone(),
            // A View is asked about the description, so two of them are two questions. Received ones vary at will.
            description: match instrument.origin {
                Origin::Recorded => instrument.description.clone(),
                Origin::Received => Arc::from(""),
            },
            kind: instrument.kind,
            number: (instrument.origin == Origin::Recorded).then_some(instrument.number),
            origin: instrument.origin,
            form,
        }
    }
}
