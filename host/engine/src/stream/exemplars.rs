//! Exemplars: sampled measurements that received points bring along, kept for the series they end up in.

use wasmeter_model::frame::{ExemplarRow, FrameBuilder, PointRef};
use wasmeter_model::{Attributes, Number, Timestamp};

/// The most exemplars of a series. One is the specified default for sums, one a bucket for histograms; a few of the newest
/// serve both and bound what a series costs.
const KEPT_MAX: usize = 4;
/// The most attributes of an exemplar, so that a sender cannot make it large.
const ATTRIBUTES_MAX: usize = 32;

/// A sampled measurement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    /// The attributes that are not on the point.
    attributes: Attributes,
    pub(crate) time: Timestamp,
    value: Option<Number>,
    trace_id: u128,
    span_id: u64,
}

/// The newest exemplars of a series.
#[derive(Debug, Default)]
pub(crate) struct Reservoir {
    kept: Vec<Exemplar>,
}

/// The newest exemplars of a received point.
pub(crate) fn of_point(point: PointRef<'_>) -> Vec<Exemplar> {
    let mut reservoir = Reservoir::default();
    for row in point.exemplars() {
        let pairs = row.pairs().take(ATTRIBUTES_MAX).map(|(key, value)| (key, value.to_value()));
        let (attributes, _) = Attributes::from_pairs(pairs);
        let (time, value, trace_id, span_id) = (row.time, row.value, row.trace_id, row.span_id);
        reservoir.offer(Exemplar { attributes, time, value, trace_id, span_id });
    }
    reservoir.kept
}

impl Exemplar {
    /// The exemplar of a point with the attributes `given`, as one of a series that has only `kept` of them: what the Views
    /// removed is found here (metrics SDK, "Exemplar", filtered attributes).
    pub(crate) fn moved(&self, given: &Attributes, kept: &Attributes) -> Self {
        let removed = given.iter().filter(|(key, value)| kept.get(key) != Some(*value));
        let all = removed.chain(self.attributes.iter()).take(ATTRIBUTES_MAX);
        let attributes = all.map(|(key, value)| (key.clone(), value.clone())).collect();
        Self { attributes, ..self.clone() }
    }
}

impl Reservoir {
    /// Keeps an exemplar if it is among the newest.
    pub(crate) fn offer(&mut self, exemplar: Exemplar) {
        if self.kept.len() >= KEPT_MAX {
            let oldest = self.kept.iter().enumerate().min_by_key(|(_, kept)| kept.time);
            match oldest.map(|(at, kept)| (at, kept.time)) {
                Some((at, time)) if time <= exemplar.time => drop(self.kept.remove(at)),
                _ => return,
            }
        }
        self.kept.push(exemplar);
    }

    /// Writes what came since the previous collection, for the point that is written next.
    pub(crate) fn emit(&mut self, frame: &mut FrameBuilder) {
        for exemplar in self.kept.drain(..) {
            let attributes = frame.attributes(&exemplar.attributes);
            let Exemplar { time, value, trace_id, span_id, .. } = exemplar;
            frame.exemplar(ExemplarRow { attributes, time, value, trace_id, span_id });
        }
    }
}
