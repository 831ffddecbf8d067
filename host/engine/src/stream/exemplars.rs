//! The exemplars of one series.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmeter_model::frame::{ExemplarRow, FrameBuilder};
use wasmeter_model::limits::EXEMPLARS_MAX;
use wasmeter_model::{Attributes, Timestamp};

use crate::exemplar::{Measurement, Reservoir};

/// What a series keeps of the measurements offered to it: eight bytes until there is one.
#[derive(Default)]
pub(crate) struct Exemplars(Option<Box<Kept>>);

enum Kept {
    Sampled(Box<dyn Reservoir>),
    /// The reservoir panicked.
    Broken {
        is_told: bool,
    },
}

impl std::fmt::Debug for Exemplars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0.as_deref() {
            None => "None",
            Some(Kept::Sampled(_)) => "Sampled",
            Some(Kept::Broken { .. }) => "Broken",
        })
    }
}

impl Exemplars {
    /// Offers a measurement to the reservoir, which `make` makes if there is none. `Some`: what is to be told, once.
    pub(crate) fn offer(
        &mut self,
        measurement: &Measurement,
        make: impl FnOnce() -> Box<dyn Reservoir>,
    ) -> Option<&'static str> {
        // A reservoir may be somebody's own; what is wrong with it must not reach the code that measures.
        let offered = catch_unwind(AssertUnwindSafe(|| match self.0.as_deref_mut() {
            None => {
                let mut reservoir = make();
                reservoir.offer(measurement);
                self.0 = Some(Box::new(Kept::Sampled(reservoir)));
            }
            Some(Kept::Sampled(reservoir)) => reservoir.offer(measurement),
            Some(Kept::Broken { .. }) => {}
        }));
        if offered.is_err() {
            *self = Self::broken();
        }
        match self.0.as_deref_mut() {
            Some(Kept::Broken { is_told: is_told @ false }) => {
                *is_told = true;
                Some("an exemplar reservoir of a View panicked; its series go on without exemplars")
            }
            _ => None,
        }
    }

    fn broken() -> Self {
        Self(Some(Box::new(Kept::Broken { is_told: false })))
    }

    /// Writes what was kept since the previous collection, for the point with attributes `on_point` and time `until` that is
    /// written next. What the point does not tell of a measurement's attributes is on the exemplar (metrics SDK, "Exemplar").
    pub(crate) fn emit(&mut self, on_point: &Attributes, until: Timestamp, frame: &mut FrameBuilder) {
        let Some(Kept::Sampled(reservoir)) = self.0.as_deref_mut() else { return };
        let mut room = EXEMPLARS_MAX;
        let mut export = |kept: Measurement| {
            if room == 0 {
                return;
            }
            room -= 1;
            // An attribute without a key is on neither.
            let is_removed = |key: &str, value| !key.is_empty() && on_point.get(key) != Some(value);
            let removed = kept.attributes.iter().filter(|(key, value)| is_removed(key, *value));
            let attributes = frame.set(removed);
            let (trace_id, span_id) = kept.span.map_or((0, 0), |span| (span.trace_id, span.span_id));
            // A measurement may come while a collection is under way, and clocks differ: none is after its point.
            let time = kept.time.min(until);
            frame.exemplar(ExemplarRow { attributes, time, value: Some(kept.value), trace_id, span_id });
        };
        if catch_unwind(AssertUnwindSafe(|| reservoir.collect(&mut export))).is_err() {
            *self = Self::broken();
        }
    }
}
