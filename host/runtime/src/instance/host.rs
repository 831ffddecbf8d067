//! The imports every plugin has: `wasmeter:plugin/host`. All others are [`crate::wasi`]'s.
//!
//! A panic here would unwind the host's thread, so nothing here can.

use std::sync::Arc;
use std::time::Duration;

use super::Grants;
use super::limiter::Limiter;
use crate::bindings::{frames, host, types};
use crate::log::{LogLevel, PluginLog};
use crate::wasi::Wasi;

/// What a store carries.
pub(crate) struct HostState {
    pub(super) limiter: Limiter,
    config: Arc<str>,
    log: Arc<PluginLog>,
    last_words: Option<String>,
    wasi: Wasi,
}

impl HostState {
    /// # Errors
    ///
    /// A granted directory cannot be opened.
    pub(super) fn new(grants: &Grants, log: &Arc<PluginLog>) -> wasmtime::Result<Self> {
        let limits = &grants.limits;
        Ok(Self {
            limiter: Limiter::new(limits.memory_limit_bytes, limits.table_elements_max),
            config: grants.config.clone(),
            log: log.clone(),
            last_words: None,
            wasi: Wasi::new(&grants.prepared, log, limits)?,
        })
    }

    pub(super) fn begin_call(&mut self, deadline: Duration) {
        self.limiter.forget_denials();
        self.last_words = None;
        self.wasi.begin_call(deadline);
    }

    /// The last line logged as an error during this call, or written to the standard error stream. Guest SDKs and languages write
    /// a panic's message there before they trap, which says far more than the trap does.
    pub(super) fn last_words(&self) -> Option<String> {
        self.last_words.clone().or_else(|| self.wasi.last_words())
    }

    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        &mut self.wasi
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
