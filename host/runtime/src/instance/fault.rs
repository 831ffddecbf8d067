//! Why a call failed, in a kind and in words: from wasmtime's error and from what the store saw meanwhile.

use std::fmt::Write as _;
use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::host::HostState;
use super::limiter::Denied;
use crate::failure::{FailureKind, Refusal, bytes, clean};
use crate::load::CONTRACT;
use crate::wasi::Overdue;

/// Guest functions named in a trap's reason, innermost first.
const FRAMES_MAX: usize = 4;
/// The longest function name shown.
const FRAME_BYTES_MAX: usize = 120;

/// The call that failed.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) deadline: Duration,
    /// The setting the deadline can be changed with.
    pub(super) setting: &'static str,
}

/// Says why a call failed.
pub(super) fn explain(error: &wasmtime::Error, state: &HostState, call: Call) -> Refusal {
    let name = call.name;
    let trap = error.downcast_ref::<Trap>().copied();
    if trap == Some(Trap::Interrupt) || error.is::<Overdue>() {
        return Refusal::new(
            FailureKind::Deadline,
            format!("`{name}` ran longer than {:?}{}", call.deadline, last_words(state)),
            format!("make the plugin answer faster, or raise `{}` in its settings", call.setting),
        );
    }
    match state.limiter.denied() {
        Some(Denied::Memory { wanted_bytes }) => {
            return Refusal::new(
                FailureKind::Memory,
                format!(
                    "`{name}` wanted {} of memory and may have {}{}",
                    bytes(wanted_bytes as u64),
                    bytes(state.limiter.memory_bytes_max() as u64),
                    last_words(state)
                ),
                "make the plugin use less, or raise `memory_limit_bytes` in its settings",
            );
        }
        Some(Denied::Table { wanted }) => {
            return Refusal::new(
                FailureKind::Memory,
                format!(
                    "`{name}` wanted {wanted} table elements and may have {}",
                    state.limiter.table_elements_max()
                ),
                "make the plugin use fewer, or raise `table_elements_max` in its settings",
            );
        }
        None => {}
    }
    let help = "report it to the plugin's author";
    if let Some(I32Exit(status)) = error.downcast_ref() {
        let reason = format!("`{name}` exited with status {status}{}", last_words(state));
        return Refusal::new(FailureKind::Trap, reason, help);
    }
    match trap {
        Some(trap) => {
            let help = match trap {
                Trap::StackOverflow => {
                    "make the plugin recurse less deeply, or raise `stack_bytes_max` in its settings"
                }
                _ => help,
            };
            let cause = trap.to_string();
            let cause = cause.strip_prefix("wasm trap: ").unwrap_or(&cause);
            let mut reason = format!("`{name}` trapped: {cause}");
            frames(&mut reason, error);
            reason.push_str(&last_words(state));
            Refusal::new(FailureKind::Trap, reason, help)
        }
        // Not a trap of the code: wasmtime could not make sense of what the guest handed over.
        None => Refusal::new(
            FailureKind::InvalidAnswer,
            format!("`{name}` failed: {}", clean(&error.root_cause().to_string(), 300)),
            help,
        ),
    }
}

/// Says that a component's interfaces are not those of the contract.
pub(crate) fn mismatch(error: &wasmtime::Error) -> Refusal {
    Refusal::new(
        FailureKind::WrongWorld,
        format!(
            "its interfaces differ from version {CONTRACT} of the plugin contract: {}",
            clean(&format!("{error:#}"), 400)
        ),
        format!("build the plugin against the WIT files of version {CONTRACT}, unchanged"),
    )
}

fn frames(reason: &mut String, error: &wasmtime::Error) {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return };
    let names = backtrace.frames().iter().filter_map(|frame| frame.func_name()).take(FRAMES_MAX);
    for (at, name) in names.enumerate() {
        let word = if at == 0 { " in" } else { " <-" };
        // The alternate form leaves out the hash, which means nothing to people.
        let name = clean(&format!("{:#}", rustc_demangle::demangle(name)), FRAME_BYTES_MAX);
        if write!(reason, "{word} `{name}`").is_err() {
            return;
        }
    }
}

fn last_words(state: &HostState) -> String {
    state.last_words().map_or_else(String::new, |words| format!(", after it logged: {words}"))
}
