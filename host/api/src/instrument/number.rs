//! The number types of the API as the engine's two.

use wasmeter_model::{Number, NumberKind};

/// A type that instruments of the API measure in.
pub(crate) trait Measured: Copy + Send + Sync + 'static {
    const KIND: NumberKind;

    /// The value, and whether it had to be cut to the largest integer there is.
    fn number(self) -> (Number, bool);
}

impl Measured for u64 {
    const KIND: NumberKind = NumberKind::Int;

    fn number(self) -> (Number, bool) {
        i64::try_from(self).map_or((Number::Int(i64::MAX), true), |int| (Number::Int(int), false))
    }
}

impl Measured for i64 {
    const KIND: NumberKind = NumberKind::Int;

    fn number(self) -> (Number, bool) {
        (Number::Int(self), false)
    }
}

impl Measured for f64 {
    const KIND: NumberKind = NumberKind::Double;

    fn number(self) -> (Number, bool) {
        (Number::Double(self), false)
    }
}
