//! The export of an observer: `observers`.

use std::marker::PhantomData;

use super::bindings::observer::exports::wasmeter::plugin::observers;
use super::{frames, with_plugin};
use crate::{Observation, Observer, Registered};

/// The part of a component that serves the observer `O`.
pub struct ObserverComponent<O>(PhantomData<O>);

impl<O: Observer + Registered> observers::Guest for ObserverComponent<O> {
    fn observe(now: u64) -> Result<observers::Frame, observers::Fault> {
        let mut observation = Observation::at(now);
        match with_plugin("observe", |observer: &O| observer.observe(&mut observation)) {
            Ok(()) => Ok(frames::given(observation.finish())),
            Err(fault) => Err(observers::Fault { reason: fault.reason }),
        }
    }
}
