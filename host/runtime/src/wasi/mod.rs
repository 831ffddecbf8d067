//! WASI 0.2 for plugins that are granted some of it: files, environment, HTTP, clocks, randomness, and what these are read and
//! written with.
//!
//! wasmtime-wasi does the work. What is decided here: which interfaces exist for a plugin ([`offer`]), what its store holds
//! ([`Wasi`]), and that nothing is waited for beyond a call's deadline ([`wait`]). Sockets do not exist.

mod files;
mod http;
mod metered;
mod offer;
mod output;
mod quota;
mod reactor;
mod room;
mod streams;
mod wait;

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::{FsPerms, ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

pub(crate) use offer::{Offer, add_to_linker, offer};
pub(crate) use reactor::Reactor;
pub(crate) use wait::Overdue;

use crate::PluginLimits;
use crate::grants::Prepared;
use crate::instance::HostState;
use crate::log::{LogLevel, PluginLog};
use files::PatientFiles;
use http::Fetcher;
pub(crate) use http::{Outgoing, trusting};
use output::Output;
use quota::Meter;
pub(crate) use quota::Quota;
use streams::Waiting;

/// The most random bytes one call may ask for; the host allocates them.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// What a store holds for WASI.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
    errors: Output,
    http: WasiHttpCtx,
    fetcher: Fetcher,
    meter: Meter,
    /// When the call in progress is over.
    until: Instant,
}

impl Wasi {
    /// What one instance gets.
    ///
    /// # Errors
    ///
    /// A directory cannot be opened.
    pub(crate) fn new(
        prepared: &Prepared,
        log: &Arc<PluginLog>,
        limits: &PluginLimits,
    ) -> wasmtime::Result<Self> {
        let errors = Output::new(LogLevel::Warn, log.clone());
        let mut builder = WasiCtx::builder();
        builder
            .envs(&prepared.variables)
            .stdout(Output::new(LogLevel::Info, log.clone()))
            .stderr(errors.clone())
            .max_random_size(RANDOM_BYTES_MAX);
        for directory in &prepared.directories {
            let access = if directory.is_writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            builder.preopened_dir(&directory.host, &directory.guest, access).map_err(|error| {
                error
                    .context(format!("the granted directory `{}` cannot be opened", directory.host.display()))
            })?;
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles_max);
        Ok(Self {
            ctx: builder.build(),
            table,
            errors,
            http: WasiHttpCtx::new(),
            fetcher: Fetcher::new(prepared.outgoing.clone(), limits),
            meter: Meter::new(prepared.quota.clone()),
            until: Instant::now(),
        })
    }

    /// A call begins that may take this long.
    pub(crate) fn begin_call(&mut self, deadline: Duration) {
        self.errors.forget();
        self.until = Instant::now() + deadline;
        self.fetcher.begin_call(self.until);
        self.meter.begin_call(self.until);
    }

    /// The last line written to the standard error stream during this call.
    pub(crate) fn last_words(&self) -> Option<String> {
        self.errors.last()
    }

    fn streams(&mut self) -> Waiting<'_> {
        Waiting { table: &mut self.table, until: self.until }
    }

    fn files(&mut self) -> PatientFiles<'_> {
        let view = WasiFilesystemCtxView { ctx: self.ctx.filesystem(), table: &mut self.table };
        PatientFiles { view, until: self.until, meter: &self.meter }
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { ctx, table, .. } = self.wasi();
        WasiCtxView { ctx, table }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let Wasi { http, fetcher, table, .. } = self.wasi();
        WasiHttpCtxView { ctx: http, table, hooks: fetcher }
    }
}
