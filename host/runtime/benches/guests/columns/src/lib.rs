//! What the bench and some tests have a processor do with a frame of the plugin contract.

use std::hint::black_box;

use serde::Deserialize;
use wasmeter_guest::frame::{Frame, Number};
use wasmeter_guest::{Fault, Outcome, Processor};

/// What it does, as its configuration says.
#[derive(Deserialize)]
#[serde(tag = "task", rename_all = "snake_case", deny_unknown_fields)]
pub enum Task {
    /// Does not look at the frame: what it costs to be asked.
    Ignore,
    /// Returns the frame as one of its own.
    Echo,
    /// Reads the value of each point.
    Read,
    /// Removes the attributes of a key.
    Remove {
        /// The key.
        key: String,
    },
}

/// The sum of all numbers.
fn total(frame: &Frame) -> f64 {
    let number = |value| match value {
        Some(Number::Double(double)) => double,
        Some(Number::Int(int)) => int as f64,
        None => 0.0,
    };
    frame.metrics().flat_map(|metric| metric.numbers()).map(number).sum()
}

impl Processor for Task {
    fn process(&self, mut frame: Frame) -> Result<Outcome, Fault> {
        match self {
            Self::Ignore => Ok(Outcome::Unchanged),
            Self::Echo => Ok(Outcome::Replaced(frame)),
            Self::Read => {
                black_box(total(&frame));
                Ok(Outcome::Unchanged)
            }
            Self::Remove { key } => {
                if !frame.remove_attributes(|found| found == key) {
                    return Ok(Outcome::Unchanged);
                }
                frame.merge_points();
                Ok(Outcome::Replaced(frame))
            }
        }
    }
}

wasmeter_guest::register_processor!(Task);
