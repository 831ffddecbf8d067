//! What an operator is told when one name is registered several times (metrics SDK, "Duplicate instrument registration").

use std::sync::Arc;

use wasmeter_model::{Instrument, Origin, Resource, Scope};

use super::{Entry, State};
use crate::views::are_bounds;

/// What instruments are duplicates of each other by.
pub(crate) type Name = (Arc<Resource>, Arc<Scope>, Arc<str>);

/// The name of a recorded instrument. Received ones are duplicates by right: each sender has its own.
pub(crate) fn name_of(instrument: &Instrument) -> Option<Name> {
    let name = || instrument.name.to_ascii_lowercase().into();
    (instrument.origin == Origin::Recorded)
        .then(|| (instrument.resource.clone(), instrument.scope.clone(), name()))
}

impl State {
    /// Tells what of a registration is not as its author may expect: `asked` became `entry`, and `first` has the same name.
    pub(crate) fn tell_duplicate(&mut self, entry: &Entry, asked: &Instrument, first: Option<&Entry>) {
        let made = &entry.instrument;
        if made.name != asked.name {
            self.routing.tell(format!(
                "it was also asked for as `{}`; names that differ only by case are one, and the first is used",
                asked.name
            ));
        }
        if made.advisory != asked.advisory {
            self.routing.tell("it was made before with other advice, which is used".to_owned());
        }
        if made.advisory.boundaries.as_ref().is_some_and(|bounds| !are_bounds(bounds)) {
            self.routing.tell(
                "the boundaries it advises are not finite and strictly ascending; they count as none"
                    .to_owned(),
            );
        }
        if let Some(conflict) = first.and_then(|first| self.conflict(made, &first.instrument)) {
            self.routing.tell(conflict);
        }
    }

    /// How an instrument differs from the first of its name, and what to do about it.
    fn conflict(&self, made: &Instrument, first: &Instrument) -> Option<String> {
        let known = "another instrument of this name";
        let streams = &self.routing.resolved.streams;
        // A View has already done what would be advised here.
        let is_renamed = streams.iter().all(|(stream, _)| stream.name.is_some());
        let is_described = streams.iter().all(|(stream, _)| stream.description.is_some());
        if is_renamed {
            return None;
        }
        if made.kind != first.kind {
            return Some(format!(
                "{known} is a {}; both are exported: give one of them another name, here or by a View with the \
                 selector `instrument_type: {}` and a stream `name`",
                first.kind.name(),
                made.kind.name()
            ));
        }
        if made.unit != first.unit {
            return Some(format!(
                "{known} has the unit `{}`; both are exported: give one of them another name, here or by a View with \
                 the selector `unit: {}` and a stream `name`",
                first.unit, made.unit
            ));
        }
        if made.number != first.number {
            return Some(format!("{known} has another type of number; both are exported: use one type"));
        }
        (made.description != first.description && !is_described).then(|| {
            format!("{known} has another description: use one, or a View that sets the `description` of both")
        })
    }
}
