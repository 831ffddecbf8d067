//! What the bench and some tests have a processor do with a frame of the plugin contract.

use std::hint::black_box;

use serde::Deserialize;
use wasmeter_guest::frame::{Edit, Frame, Number, PointData};
use wasmeter_guest::{Fault, Outcome, Processor};

/// What it does, as its configuration says.
#[derive(Deserialize)]
#[serde(tag = "task", rename_all = "snake_case", deny_unknown_fields)]
pub enum Task {
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
    let number = |data: PointData<'_>| match data {
        PointData::Number(Some(Number::Int(int))) => int as f64,
        PointData::Number(Some(Number::Double(double))) => double,
        _ => 0.0,
    };
    frame.metrics().flat_map(|metric| metric.points()).map(|point| number(point.data())).sum()
}

impl Processor for Task {
    fn process(&self, mut frame: Frame) -> Result<Outcome, Fault> {
        match self {
            Self::Echo => Ok(Outcome::Replaced(frame)),
            Self::Read => {
                black_box(total(&frame));
                Ok(Outcome::Unchanged)
            }
            Self::Remove { key } => {
                let remove = |found: &str, _: wasmeter_guest::frame::ValueRef<'_>| {
                    if found == key { Edit::Remove } else { Edit::Keep }
                };
                if !frame.edit_attributes(remove) {
                    return Ok(Outcome::Unchanged);
                }
                frame.merge_points();
                Ok(Outcome::Replaced(frame))
            }
        }
    }
}

wasmeter_guest::register_processor!(Task);
