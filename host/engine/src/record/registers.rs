//! Numbers in registers.

use wasmeter_model::{Number, NumberKind};

/// A number in two registers. Passed as it is it would lie in memory, and even a measurement that never gets to where it is passed
/// would wait for that.
#[derive(Clone, Copy)]
pub(super) struct Registers {
    kind: NumberKind,
    bits: u64,
}

impl Registers {
    #[inline(always)]
    pub(super) fn of(value: Number) -> Self {
        match value {
            Number::Int(int) => Self { kind: NumberKind::Int, bits: int.cast_unsigned() },
            Number::Double(double) => Self { kind: NumberKind::Double, bits: double.to_bits() },
        }
    }

    /// The number, rounded if it is an integer beyond 53 bits.
    #[inline(always)]
    pub(super) fn as_f64(self) -> f64 {
        self.number().as_f64()
    }

    #[inline(always)]
    pub(super) fn number(self) -> Number {
        match self.kind {
            NumberKind::Int => Number::Int(self.bits.cast_signed()),
            NumberKind::Double => Number::Double(f64::from_bits(self.bits)),
        }
    }
}
