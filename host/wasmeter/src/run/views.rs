//! The Views of the configuration file as the engine takes them.

use std::sync::Arc;

use wasmeter_config::{Config, Meters, ViewMode};
use wasmeter_engine::{IsEnabled, Mode, NativeView, View, Views};
use wasmeter_model::Scope;

/// The file's Views and which Meters it enables, without those of plugins.
pub(super) fn of_config(config: &Config) -> Views {
    let base = config.views.iter().cloned().map(|view| {
        let (name, spec) = (view.name.clone(), view.spec.clone());
        NativeView::new(name, move |instrument| view.matches(instrument), spec) as Arc<dyn View>
    });
    let mode = match config.view_mode {
        ViewMode::Independent => Mode::Independent,
        ViewMode::Composable => Mode::Composable,
    };
    let meters = config.meters.clone();
    // Most files disable nothing, and then nobody need be asked.
    let is_enabled = (meters != Meters::default())
        .then(|| Arc::new(move |scope: &Scope| meters.are_enabled(&scope.name)) as Arc<IsEnabled>);
    Views { base: base.collect(), mode, plugins: Vec::new(), meters: is_enabled }
}
