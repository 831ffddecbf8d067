//! Instruments to ask a View about.

use crate::{Attributes, Instrument, InstrumentKind, NumberKind, Origin, Scope, Value};

/// Builds an [`Instrument`]: recorded, of doubles, without unit, scope and resource unless told otherwise.
#[derive(Clone, Debug)]
pub struct InstrumentBuilder(Instrument);

/// An instrument of any kind.
pub fn of_kind(kind: InstrumentKind, name: impl Into<String>) -> InstrumentBuilder {
    InstrumentBuilder(Instrument {
        name: name.into(),
        description: String::new(),
        unit: String::new(),
        kind,
        number: NumberKind::Double,
        origin: Origin::Recorded,
        scope: Scope::default(),
        resource_attributes: Attributes::new(),
        resource_schema_url: String::new(),
        advisory_boundaries: None,
        advisory_attributes: None,
    })
}

/// A counter.
pub fn counter(name: impl Into<String>) -> InstrumentBuilder {
    of_kind(InstrumentKind::Counter, name)
}

/// An up-down-counter.
pub fn up_down_counter(name: impl Into<String>) -> InstrumentBuilder {
    of_kind(InstrumentKind::UpDownCounter, name)
}

/// A histogram.
pub fn histogram(name: impl Into<String>) -> InstrumentBuilder {
    of_kind(InstrumentKind::Histogram, name)
}

/// A gauge.
pub fn gauge(name: impl Into<String>) -> InstrumentBuilder {
    of_kind(InstrumentKind::Gauge, name)
}

impl InstrumentBuilder {
    /// The unit, in UCUM.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.0.unit = unit.into();
        self
    }

    /// The description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.description = description.into();
        self
    }

    /// Values are integers.
    #[must_use]
    pub fn int(mut self) -> Self {
        self.0.number = NumberKind::Int;
        self
    }

    /// Values come already aggregated, over OTLP.
    #[must_use]
    pub fn received(mut self) -> Self {
        self.0.origin = Origin::Received;
        self
    }

    /// The scope's name and version.
    #[must_use]
    pub fn scope(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.0.scope.name = name.into();
        self.0.scope.version = version.into();
        self
    }

    /// Adds attributes of the resource.
    #[must_use]
    pub fn resource<K: Into<String>, V: Into<Value>>(
        mut self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (key, value) in attributes {
            self.0.resource_attributes.set(key, value);
        }
        self
    }

    /// The bucket boundaries the instrument advises.
    #[must_use]
    pub fn advisory_boundaries(mut self, boundaries: impl IntoIterator<Item = f64>) -> Self {
        self.0.advisory_boundaries = Some(boundaries.into_iter().collect());
        self
    }

    /// The attribute keys the instrument advises to keep.
    #[must_use]
    pub fn advisory_attributes<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.0.advisory_attributes = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// The instrument.
    pub fn build(self) -> Instrument {
        self.0
    }
}
