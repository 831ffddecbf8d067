//! Requests read where they lie: what is known by its encoding is not decoded again.
//!
//! Senders repeat the names of their resources, scopes, metrics and series byte for byte. So [`Names`] keeps what was decoded
//! by the bytes it was decoded from, compared in full, and a point of a known series is read without an allocation, a look at
//! its text or a message in between. Whatever is unusual is left to [`crate::decode`]: parts of a message in two places,
//! arrays and maps as values of points' attributes, repeated keys, points that are refused, fields that are new or deprecated, and all that is
//! malformed. So there is one place that says what is wrong, and what is read here is what would be decoded.

mod cursor;
mod decode;
mod known;
mod names;
mod points;
mod sets;
mod walk;

pub use names::Names;
