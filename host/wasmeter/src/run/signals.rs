//! What the operating system says: stop, or read again.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::plugin_keeper::PluginKeeper;
use super::views;
use crate::settings::{Settings, load};

/// The signals the program minds.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Acts on SIGHUP until a signal says stop, and returns that signal's name.
    pub(super) async fn run(&mut self, keeper: &PluginKeeper, settings: &Settings) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => read_again(keeper, settings),
            }
        }
    }

    /// Waits for a further stop.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Reads the configuration again and takes over what can change while running: Views and plugins.
fn read_again(keeper: &PluginKeeper, settings: &Settings) {
    let again = match load(&settings.options) {
        Ok(again) => again,
        Err(problems) => {
            for problem in &problems {
                tracing::error!("{problem}");
            }
            return tracing::error!("SIGHUP: the configuration has problems; the one before stays in force");
        }
    };
    let (old, new) = (&settings.config, &again.config);
    let needs_restart = [
        ("readers", old.readers != new.readers),
        ("receivers", old.receivers != new.receivers),
        ("limits", old.limits != new.limits || old.client_limits != new.client_limits),
        ("exemplar_filter", old.exemplar_filter != new.exemplar_filter),
        ("resource", old.resource != new.resource),
        ("plugins", old.plugins != new.plugins),
    ];
    for (section, _) in needs_restart.into_iter().filter(|(_, changed)| *changed) {
        tracing::warn!(section, "SIGHUP: this part has changed and takes effect with the next start");
    }
    tracing::info!("SIGHUP: views and plugins are read again");
    keeper.reload(views::of_config(new));
}
