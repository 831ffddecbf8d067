//! Which Meters are enabled.

use wasmeter_model::Pattern;

/// Which instrumentation scopes are enabled, by their names (metrics SDK, "MeterConfigurator").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meters {
    pub(crate) default: bool,
    pub(crate) named: Vec<(Pattern, bool)>,
}

impl Meters {
    /// False if nothing of the scope of this name is wanted. The first pattern that matches decides.
    pub fn are_enabled(&self, name: &str) -> bool {
        let found = self.named.iter().find(|(pattern, _)| pattern.matches(name));
        found.map_or(self.default, |(_, is_enabled)| *is_enabled)
    }
}

/// All are enabled.
impl Default for Meters {
    fn default() -> Self {
        Self { default: true, named: Vec::new() }
    }
}
