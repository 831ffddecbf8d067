//! What a provider tells about itself: to `tracing`, or to whoever asked for it.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::counts::Tallied;
use crate::lock;

/// How many different diagnostics are told once each.
const TOLD_MAX: usize = 1024;

/// What a diagnostic is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// The name of a meter is empty (metrics API, "Get a Meter").
    MeterName,
    /// The name of an instrument does not have the specified syntax.
    InstrumentName,
    /// Advice for bucket boundaries that cannot be followed.
    Boundaries,
    /// Two instruments of one name that are not the same (metrics SDK, "Duplicate instrument registration").
    Duplicate,
    /// An integer that is larger than those there are.
    Saturated,
    /// An instrument that could not be had.
    Refused,
    /// A meter configurator panicked.
    Configurator,
    /// A callback panicked, or was not done in time.
    Callback,
    /// A producer had nothing, or only a part of its metrics.
    Producer,
    /// What the engine noticed, faults of Views among it.
    Engine,
    /// A file of the plugin directory could not be put to work, or a plugin was taken out of service.
    Plugin,
    /// An export failed.
    Export,
    /// Something in the environment was ignored.
    Environment,
}

/// Something an operator should know: what was found, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What it is about.
    pub kind: DiagnosticKind,
    /// One sentence, lower case, no final dot.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

pub(crate) type Handler = Box<dyn Fn(&Diagnostic) + Send + Sync>;

/// The way to the handler.
pub(crate) struct Diagnostics {
    handler: Handler,
    told: Mutex<HashSet<String>>,
    pub(crate) dropped: Tallied,
}

impl Diagnostics {
    pub(crate) fn new(handler: Option<Handler>) -> Self {
        Self {
            handler: handler.unwrap_or_else(|| Box::new(log)),
            told: Mutex::default(),
            dropped: Tallied::default(),
        }
    }

    /// Tells what may be told again.
    pub(crate) fn tell(&self, kind: DiagnosticKind, message: String) {
        let diagnostic = Diagnostic { kind, message: shortened(message) };
        // The handler is the application's own code, and this may be a thread it must not end.
        if catch_unwind(AssertUnwindSafe(|| (self.handler)(&diagnostic))).is_err() {
            self.dropped.add();
        }
    }

    /// Tells what would be the same each time.
    pub(crate) fn tell_once(&self, kind: DiagnosticKind, message: String) {
        let message = shortened(message);
        let mut told = lock(&self.told);
        if told.contains(&message) {
            return;
        }
        if told.len() >= TOLD_MAX {
            drop(told);
            self.dropped.add();
            return;
        }
        told.insert(message.clone());
        drop(told);
        self.tell(kind, message);
    }
}

/// The beginning and the end of a message that is too long to keep: names may be of any length.
fn shortened(message: String) -> String {
    const PART: usize = 400;
    if message.chars().count() <= 2 * PART {
        return message;
    }
    let head: String = message.chars().take(PART).collect();
    let tail = message.char_indices().rev().nth(PART).map_or(0, |(at, _)| at);
    format!("{head} [...] {}", message.get(tail..).unwrap_or_default())
}

fn log(diagnostic: &Diagnostic) {
    tracing::warn!(target: "wasmeter", kind = ?diagnostic.kind, "{diagnostic}");
}

/// What a panic said.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    text.chars().take(200).collect()
}
