//! The Views of the configuration file as the engine takes them.

use std::sync::Arc;

use wasmeter_config::{Config, ViewMode};
use wasmeter_engine::{Mode, NativeView, View, Views};

/// The file's Views, without those of plugins.
pub(super) fn of_config(config: &Config) -> Views {
    let base = config.views.iter().cloned().map(|view| {
        let (name, spec) = (view.name.clone(), view.spec.clone());
        NativeView::new(name, move |instrument| view.matches(instrument), spec) as Arc<dyn View>
    });
    let mode = match config.view_mode {
        ViewMode::Independent => Mode::Independent,
        ViewMode::Composable => Mode::Composable,
    };
    Views { base: base.collect(), mode, plugins: Vec::new() }
}
