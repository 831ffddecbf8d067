//! Views of the configuration: a selector and the stream it configures.

use wasmeter_model::{Instrument, InstrumentKind, Pattern, StreamSpec};

/// One entry of `meter_provider.views`.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewConfig {
    /// Where it stands, for diagnostics: `wasmeter.yaml:12 views[0]`.
    pub name: String,
    /// Which instruments it is about.
    pub selector: Selector,
    /// The stream it configures for each of them.
    pub spec: StreamSpec,
}

impl ViewConfig {
    /// True if the View is about `instrument`.
    pub fn matches(&self, instrument: &Instrument) -> bool {
        self.selector.matches(instrument)
    }
}

/// Instrument selection criteria (metrics SDK, "Instrument selection criteria"): an instrument has to meet all that are
/// given, so a selector without any is about every instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The instrument's name in lower case, with wildcards: names of instruments are compared without regard to ASCII case.
    pub(crate) instrument_name: Option<Pattern>,
    /// The instrument's kind; for received data the nearest one.
    pub(crate) instrument_type: Option<InstrumentKind>,
    /// The instrument's unit, exactly.
    pub(crate) unit: Option<String>,
    /// The scope's name, exactly.
    pub(crate) meter_name: Option<String>,
    /// The scope's version, exactly.
    pub(crate) meter_version: Option<String>,
    /// The scope's schema URL, exactly.
    pub(crate) meter_schema_url: Option<String>,
}

impl Selector {
    /// True if the instrument meets every criterion.
    pub fn matches(&self, instrument: &Instrument) -> bool {
        let equals =
            |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.instrument_type.is_none_or(|kind| kind == instrument.kind)
            && equals(&self.unit, &instrument.unit)
            && equals(&self.meter_name, &instrument.scope.name)
            && equals(&self.meter_version, &instrument.scope.version)
            && equals(&self.meter_schema_url, &instrument.scope.schema_url)
            && self.instrument_name.as_ref().is_none_or(|pattern| {
                if instrument.name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    pattern.matches(&instrument.name.to_ascii_lowercase())
                } else {
                    pattern.matches(&instrument.name)
                }
            })
    }
}

/// A choice of keys by patterns (`IncludeExclude` of the schema). Case-sensitive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// What to keep; `None` means everything.
    pub included: Option<Vec<Pattern>>,
    /// What to leave out of that.
    pub excluded: Vec<Pattern>,
}

impl KeyFilter {
    /// True if the key is kept.
    pub fn keeps(&self, key: &str) -> bool {
        self.included.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(key)))
            && !self.excluded.iter().any(|pattern| pattern.matches(key))
    }
}
