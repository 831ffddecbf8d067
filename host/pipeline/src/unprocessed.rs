//! What a reader has collected and not yet had processed.

use wasmeter_model::delivery::Backlog;
use wasmeter_model::frame::Frame;
use wasmeter_runtime::{Processed, ProcessorFault};

use crate::Collected;

/// What of a reader's collections could not be processed, oldest first. It is kept where it holds an interval that comes once, which
/// delta points do, within the bounds of a [`Backlog`]; what is cumulative is made good by the next collection.
#[derive(Debug, Default)]
pub struct Unprocessed {
    frames: Backlog,
}

/// What the processors made of a collection and of what was kept before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ready {
    /// What goes on, oldest first.
    pub frames: Vec<Frame>,
    /// Points that go no further, because a processor or the operator said so.
    pub dropped: u64,
    /// Points that could not be processed this time.
    pub kept_back: u64,
    /// Points that were kept and had to go for newer ones.
    pub lost: u64,
}

impl Unprocessed {
    /// Has a collection processed behind what could not be before, in order. Blocks for as long as the processors take. `told`
    /// hears of each that could not do its work.
    pub fn process(&mut self, collected: Collected, mut told: impl FnMut(ProcessorFault)) -> Ready {
        let Collected { frame, processors } = collected;
        let mut ready = Ready { lost: self.frames.push(frame) as u64, ..Ready::default() };
        while let Some(frame) = self.frames.pop() {
            let points = frame.point_count() as u64;
            match processors.process(frame, &mut told) {
                Processed::Frame(frame) => ready.frames.push(frame),
                Processed::Dropped => ready.dropped += points,
                Processed::Failed(frame) => {
                    ready.kept_back += points;
                    if frame.has_delta() {
                        self.frames.put_back(frame);
                    }
                    break;
                }
            }
        }
        ready
    }

    /// How many points are kept.
    pub fn points(&self) -> u64 {
        self.frames.points() as u64
    }
}
