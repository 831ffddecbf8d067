//! What a metric is: attributes, instruments, streams, temporality, limits, the columnar [`frame`], and what becomes of
//! frames that could not be delivered.
//!
//! Plain data and the rules that make it valid. Nothing here does I/O, reads a clock or calls a plugin; every other crate of the host
//! depends on this one and it depends on none of them. Of the wire format only the attributes know, since they are kept in it.

mod attributes;
pub mod batch;
mod counts;
pub mod delivery;
mod entity;
mod exemplar;
pub mod frame;
mod instrument;
pub mod limits;
mod pattern;
mod resource;
mod stream;
mod temporality;
mod time;
mod value;

pub use attributes::{Attribute, Attributes, EncodedKey};
pub use counts::total_count;
pub use entity::{EntityRef, EntityRefs};
pub use exemplar::{ExemplarFilter, ExemplarReservoir, SpanContext};
pub use instrument::{Advisory, Instrument, InstrumentKind, Number, NumberKind, Origin};
pub use pattern::Pattern;
pub use resource::{Resource, Scope};
pub use stream::{Aggregation, AttributeRule, Combine, StreamSpec};
pub use temporality::{Temporality, TemporalityByKind, TemporalityPreference};
pub use time::Timestamp;
pub use value::{Value, ValueRef};
