//! What all that is said of a machine has in common.

use wasmeter_guest::Observation;
use wasmeter_guest::frame::PointData;

/// An observation of totals since the machine was started.
pub(crate) struct Said<'a> {
    pub(crate) observation: &'a mut Observation,
    /// When that was, in nanoseconds since the Unix epoch.
    pub(crate) start: u64,
}

impl Said<'_> {
    pub(crate) fn total<const N: usize>(
        &mut self,
        name: &str,
        unit: &str,
        attributes: [(&str, &str); N],
        value: impl Into<PointData<'static>>,
    ) {
        self.observation.counter(name).unit(unit).since(self.start).point(attributes, value);
    }

    pub(crate) fn state<const N: usize>(
        &mut self,
        name: &str,
        unit: &str,
        attributes: [(&str, &str); N],
        value: u64,
    ) {
        self.observation.up_down_counter(name).unit(unit).since(self.start).point(attributes, value);
    }
}
