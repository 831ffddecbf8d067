//! Ten cases in which the official SDK deviates from the specification, run on either engine by the same code.

mod cases;
mod page;
mod stage;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::{Setup, Side};
use stage::Stage;

pub use cases::DEFECTS;
pub use page::{markdown, outcomes};

/// What an engine that hangs has as its outcome.
pub const HANGS: &str = "hangs for ever";

/// A case, and what the specification says about it.
#[derive(Clone, Copy)]
pub struct Defect {
    /// Its number.
    pub row: &'static str,
    /// What is done.
    pub case: &'static str,
    /// What must come of it.
    pub specification: &'static str,
    setup: fn() -> Setup,
    run: fn(&Stage) -> String,
}

impl Defect {
    /// What an engine makes of the case, in words and rows; [`HANGS`] if it has not come to an end within `patience`.
    ///
    /// An engine that hangs does so in a thread of its own, until the process ends.
    pub fn outcome(&self, side: Side, patience: Duration) -> String {
        let (sender, outcome) = channel();
        let (setup, run) = (self.setup, self.run);
        let thread = std::thread::spawn(move || {
            let text = Stage::with(side, &setup(), run);
            // Nobody listens any more where this took too long.
            drop(sender.send(text));
        });
        match outcome.recv_timeout(patience) {
            Ok(text) => text,
            Err(RecvTimeoutError::Timeout) => HANGS.to_owned(),
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Ok(()) => "ends without a word".to_owned(),
                Err(_) => "panics".to_owned(),
            },
        }
    }
}
