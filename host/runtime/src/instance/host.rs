//! The imports every plugin has: `wasmeter:plugin/host`. There are no others.
//!
//! A panic here would unwind the host's thread, so nothing here can.

use std::sync::Arc;

use super::limiter::Limiter;
use crate::bindings::{frames, host, types};
use crate::limits::PluginLimits;
use crate::log::{LogLevel, PluginLog};

/// What a store carries.
pub(crate) struct HostState {
    pub(super) limiter: Limiter,
    config: Arc<str>,
    log: Arc<PluginLog>,
    last_words: Option<String>,
}

impl HostState {
    pub(super) fn new(config: Arc<str>, limits: &PluginLimits, log: Arc<PluginLog>) -> Self {
        let limiter = Limiter::new(limits.memory_limit_bytes, limits.table_elements_max);
        Self { limiter, config, log, last_words: None }
    }

    pub(super) fn begin_call(&mut self) {
        self.limiter.forget_denials();
        self.last_words = None;
    }

    /// The last line logged as an error during this call. Guest SDKs write a panic's message there before they trap,
    /// which says far more than the trap does.
    pub(super) fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }
}

impl host::Host for HostState {
    fn log(&mut self, level: host::Level, message: String) {
        let level = match level {
            host::Level::Trace => LogLevel::Trace,
            host::Level::Debug => LogLevel::Debug,
            host::Level::Info => LogLevel::Info,
            host::Level::Warn => LogLevel::Warn,
            host::Level::Error => LogLevel::Error,
        };
        let line = self.log.line(level, &message);
        if level == LogLevel::Error {
            self.last_words = line;
        }
    }

    fn config(&mut self) -> String {
        self.config.to_string()
    }
}

impl types::Host for HostState {}

impl frames::Host for HostState {}
