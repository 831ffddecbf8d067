//! The engines of a runtime: one for each size of stack in use, as wasmtime gives all code of an engine the same.
//!
//! Sizes are rounded up to steps, so there are at most sixteen engines whatever settings ask for. An engine has a set of imports of
//! its own, and neither compiled components nor instances pass from one to another; the epoch clock and the compile cache are for
//! all. `cargo test --workspace --lib what_an_engine_costs -- --ignored --nocapture` measures what one costs: about 10 µs and 8 KiB, but
//! for the first, which is 0.5 ms and 2 MiB.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmeter_model::limits::STACK_STEP_BYTES;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, EngineWeak, OptLevel};

use crate::bindings::{frames, host, types};
use crate::instance::HostState;

/// An engine, and what every component of it is linked with.
pub(crate) struct Workshop {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<HostState>,
    /// The stack of what runs in it, in bytes.
    pub(crate) stack_bytes: usize,
}

/// The engines there are.
#[derive(Default)]
pub(crate) struct Engines {
    workshops: Mutex<Vec<Arc<Workshop>>>,
    clock: Clock,
}

/// Moves the epochs of all engines on. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Vec<EngineWeak>>>);

impl Engines {
    /// The engine whose code has at least this much stack, made if there is none yet.
    ///
    /// # Errors
    ///
    /// The compiler does not support this machine, or memory is short.
    pub(crate) fn with_stack(&self, bytes: usize) -> wasmtime::Result<Arc<Workshop>> {
        let stack_bytes = rounded(bytes);
        let mut workshops = self.workshops.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = workshops.iter().find(|workshop| workshop.stack_bytes == stack_bytes) {
            return Ok(known.clone());
        }
        let made = Arc::new(Workshop::new(stack_bytes)?);
        // Before anything can run in it, or a deadline might never pass.
        self.clock.engines().push(made.engine.weak());
        workshops.push(made.clone());
        Ok(made)
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }
}

impl Clock {
    pub(crate) fn tick(&self) {
        for engine in self.engines().iter().filter_map(EngineWeak::upgrade) {
            engine.increment_epoch();
        }
    }

    fn engines(&self) -> MutexGuard<'_, Vec<EngineWeak>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workshop {
    fn new(stack_bytes: usize) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config(stack_bytes))?;
        let mut linker = Linker::new(&engine);
        host::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        frames::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        Ok(Self { engine, linker, stack_bytes })
    }

    /// Whether its code has as much stack as this asks for, and not a step more.
    pub(crate) fn is_for(&self, stack_bytes: usize) -> bool {
        self.stack_bytes == rounded(stack_bytes)
    }
}

impl fmt::Debug for Workshop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workshop").field("stack_bytes", &self.stack_bytes).finish_non_exhaustive()
    }
}

/// As much, in whole steps.
fn rounded(bytes: usize) -> usize {
    bytes.div_ceil(STACK_STEP_BYTES).max(1).saturating_mul(STACK_STEP_BYTES)
}

fn config(stack_bytes: usize) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(stack_bytes)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        // Only the synchronous part of the component model is used; its bookkeeping for the rest costs every call.
        .concurrency_support(false)
        // Smaller is safer: no plugin needs it.
        .wasm_memory64(false);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "a measurement, not a test"]
    #[expect(clippy::print_stderr, reason = "that is the point of it")]
    fn what_an_engine_costs() {
        // The second word is what is resident, in pages.
        let resident_kib = || {
            let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
            pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
        };
        let engines = Engines::default();
        for size in 1..=16 {
            let (before, started) = (resident_kib(), std::time::Instant::now());
            engines.with_stack(size * STACK_STEP_BYTES).unwrap();
            let took = started.elapsed();
            eprintln!("engine {size}: {took:?}, {} KiB", resident_kib() - before);
        }
    }

    #[test]
    fn sizes_within_a_step_share_an_engine_and_there_are_sixteen_at_most() {
        let engines = Engines::default();
        let small = engines.with_stack(65_537).unwrap();
        assert_eq!(small.stack_bytes, 131_072);
        assert!(Arc::ptr_eq(&small, &engines.with_stack(131_072).unwrap()));
        assert!(small.is_for(65_537) && !small.is_for(65_536));
        let most = wasmeter_model::limits::PLUGIN_LIMITS
            .iter()
            .find(|limit| limit.name == "stack_bytes_max")
            .map(|limit| usize::try_from(*limit.range.end()).unwrap())
            .unwrap();
        for bytes in (1..=most).step_by(1000) {
            engines.with_stack(bytes).unwrap();
        }
        assert_eq!(engines.workshops.lock().unwrap().len(), 16);
    }
}
