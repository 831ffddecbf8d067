//! Which Meters are enabled (metrics SDK, "MeterConfigurator").

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasmeter_model::{Pattern, Scope};

use crate::diagnostics::{DiagnosticKind, Diagnostics, panic_text};

/// What is configured of a Meter (metrics SDK, "MeterConfig").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeterConfig {
    /// True by default. The instruments of a Meter that is not enabled are silent, its callbacks do not run, and nothing of
    /// it is exported.
    pub enabled: bool,
}

impl MeterConfig {
    /// A Meter as it is by default.
    pub const ENABLED: Self = Self { enabled: true };
    /// A Meter that does nothing.
    pub const DISABLED: Self = Self { enabled: false };
}

impl Default for MeterConfig {
    fn default() -> Self {
        Self::ENABLED
    }
}

type Function = dyn Fn(&Scope) -> MeterConfig + Send + Sync;

/// Says how each Meter is configured. All are enabled by default.
#[derive(Clone)]
pub struct MeterConfigurator(Arc<Function>);

impl MeterConfigurator {
    /// Has `function` say it, from the scope that a Meter was asked for with. It is asked when a Meter is made, and again about
    /// every Meter when it comes into service later ([`crate::MeterProvider::update_meter_configurator`]); of one scope it must
    /// always say the same. A panic counts as the default and is told.
    pub fn new(function: impl Fn(&Scope) -> MeterConfig + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// The configuration of the first pattern that the Meter's name matches, or else `default`. This is what
    /// `meter_configurator/development` of the declarative configuration says.
    pub fn by_name<P: Into<Arc<str>>>(
        meters: impl IntoIterator<Item = (P, MeterConfig)>,
        default: MeterConfig,
    ) -> Self {
        let meters: Vec<_> =
            meters.into_iter().map(|(pattern, config)| (Pattern::new(pattern), config)).collect();
        Self::new(move |scope| {
            let found = meters.iter().find(|(pattern, _)| pattern.matches(&scope.name));
            found.map_or(default, |(_, config)| *config)
        })
    }

    /// Asks about a scope.
    pub(crate) fn ask(&self, scope: &Scope, diagnostics: &Diagnostics) -> MeterConfig {
        catch_unwind(AssertUnwindSafe(|| (self.0)(scope))).unwrap_or_else(|payload| {
            let text = panic_text(payload.as_ref());
            let message = format!(
                "the meter configurator panicked over meter `{}`: {text}; the meter is enabled",
                scope.name
            );
            diagnostics.tell_once(DiagnosticKind::Configurator, message);
            MeterConfig::default()
        })
    }
}

impl Default for MeterConfigurator {
    fn default() -> Self {
        Self::new(|_| MeterConfig::default())
    }
}

impl std::fmt::Debug for MeterConfigurator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeterConfigurator").finish_non_exhaustive()
    }
}
