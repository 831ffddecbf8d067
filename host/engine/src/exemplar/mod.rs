//! Exemplars: sampled measurements, exported beside the point they are part of (metrics SDK, "Exemplar").
//!
//! A measurement that the filter admits is offered to the reservoir of each series it becomes part of, with all its
//! attributes. What a reservoir has kept is exported with the next point of its series, and the reservoir begins anew. A
//! series has no reservoir before the first offer.
//!
//! # Removed attributes can be seen
//!
//! **An exemplar has the attributes that Views removed from its series.** That is what exemplars are for: with those of the
//! point they are all attributes of the measurement. If an attribute is removed because it must not leave the process, say so
//! in the View with [`ExemplarReservoir::None`](wasmeter_model::ExemplarReservoir::None), or turn exemplars off as a whole
//! with [`ExemplarFilter::AlwaysOff`](wasmeter_model::ExemplarFilter::AlwaysOff).

mod aligned;
mod choice;
mod fixed;
mod pick;
mod reservoir;

pub use aligned::AlignedHistogramBucket;
pub(crate) use choice::Choice;
pub use fixed::SimpleFixedSize;
pub use reservoir::{Measurement, Reservoir, ReservoirSeries};
