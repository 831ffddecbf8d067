//! The number types of the API as the engine's two.

use wasmeter_model::{Number, NumberKind};

/// A type that instruments of the API measure in: `u64`, `i64` or `f64`.
pub trait Measured: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The engine's type for it.
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

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for i64 {}
    impl Sealed for f64 {}
}
