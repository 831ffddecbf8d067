//! What a reservoir is, for those of one's own as for the built-in ones.

use wasmeter_model::{Aggregation, Attributes, Number, SpanContext, Timestamp};

/// A measurement as reservoirs see it. A clone costs a reference count.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// What was measured.
    pub value: Number,
    /// When.
    pub time: Timestamp,
    /// All its attributes, whatever the Views make of them. Those that are on the point are left out of the exemplar when it
    /// is exported.
    pub attributes: Attributes,
    /// The span it was made in, if there was one.
    pub span: Option<SpanContext>,
}

/// Decides which measurements of one series become exemplars (metrics SDK, "ExemplarReservoir").
///
/// Called with the series locked, from whatever thread measures or collects: it must be quick and must not measure with the
/// same engine. If it panics it is not asked again, the series goes on without exemplars, and the operator is told.
pub trait Reservoir: Send {
    /// Keeps the measurement or not. It has passed the filter and is part of the point that is exported next.
    fn offer(&mut self, measurement: &Measurement);

    /// Hands out what was kept and begins anew. At most [`wasmeter_model::limits::EXEMPLARS_MAX`] are exported.
    fn collect(&mut self, export: &mut dyn FnMut(Measurement));
}

/// The series that a reservoir is made for.
#[derive(Clone, Copy, Debug)]
pub struct ReservoirSeries<'a> {
    /// How it is aggregated. Explicit boundaries are always given.
    pub aggregation: &'a Aggregation,
    /// The attributes of its points.
    pub attributes: &'a Attributes,
    /// For choosing at random: different for each series, the same in each run of the program.
    pub seed: u64,
}
