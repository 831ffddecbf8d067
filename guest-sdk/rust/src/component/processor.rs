//! The export of a processor: `processors`.

use std::marker::PhantomData;

use super::bindings::processor::exports::wasmeter::plugin::processors;
use super::{frames, with_plugin};
use crate::{Outcome, Processor, Registered};

/// The part of a component that serves the processor `P`.
pub struct ProcessorComponent<P>(PhantomData<P>);

impl<P: Processor + Registered> processors::Guest for ProcessorComponent<P> {
    fn process(frame: processors::Frame) -> Result<processors::Outcome, processors::Fault> {
        let frame = frames::taken(frame);
        match with_plugin("process", |processor: &P| processor.process(frame)) {
            Ok(Outcome::Unchanged) => Ok(processors::Outcome::Unchanged),
            Ok(Outcome::Replaced(frame)) => Ok(processors::Outcome::Replaced(frames::given(frame))),
            Ok(Outcome::Dropped) => Ok(processors::Outcome::Dropped),
            Err(fault) => Err(processors::Fault { reason: fault.reason }),
        }
    }
}
