//! Sums that do not drift.

use wasmeter_model::{Number, NumberKind};

/// A sum of doubles kept in twice their precision.
///
/// A received cumulative value enters a series as `+ new - old`. In plain doubles each such step rounds, and after a day
/// the output of a single source no longer equals its input. With 106 bits it does, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct DoubleSum {
    high: f64,
    low: f64,
}

impl DoubleSum {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        // Knuth's two-sum: `sum + error` is exactly `high + value`.
        let sum = self.high + value;
        if !sum.is_finite() {
            *self = Self { high: sum, low: 0.0 };
            return;
        }
        let part = sum - self.high;
        let error = (self.high - (sum - part)) + (value - part);
        let low = self.low + error;
        let high = sum + low;
        *self = Self { high, low: low - (high - sum) };
    }

    /// The sum, rounded once.
    pub(crate) fn get(self) -> f64 {
        self.high + self.low
    }
}

/// A sum of the instrument's kind of number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NumberSum {
    /// Wide enough that no sequence of measurements overflows it; clamped to 64 bits when read.
    Int(i128),
    /// See [`DoubleSum`].
    Double(DoubleSum),
}

impl NumberSum {
    /// Nothing yet.
    pub(crate) fn zero(kind: NumberKind) -> Self {
        match kind {
            NumberKind::Int => Self::Int(0),
            NumberKind::Double => Self::Double(DoubleSum::default()),
        }
    }

    /// Adds a value; one of the other kind is converted.
    pub(crate) fn add(&mut self, value: Number) {
        match (self, value) {
            (Self::Int(sum), Number::Int(value)) => *sum = sum.saturating_add(i128::from(value)),
            #[expect(clippy::cast_possible_truncation, reason = "saturates, as intended")]
            (Self::Int(sum), Number::Double(value)) => *sum = sum.saturating_add(value as i128),
            (Self::Double(sum), value) => sum.add(value.as_f64()),
        }
    }

    /// Takes a value away again.
    pub(crate) fn subtract(&mut self, value: Number) {
        match (self, value) {
            (Self::Int(sum), Number::Int(value)) => *sum = sum.saturating_sub(i128::from(value)),
            #[expect(clippy::cast_possible_truncation, reason = "saturates, as intended")]
            (Self::Int(sum), Number::Double(value)) => *sum = sum.saturating_sub(value as i128),
            (Self::Double(sum), value) => sum.add(-value.as_f64()),
        }
    }

    /// The sum.
    pub(crate) fn get(self) -> Number {
        match self {
            Self::Int(sum) => {
                Number::Int(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }))
            }
            Self::Double(sum) => Number::Double(sum.get()),
        }
    }
}

/// `a < b`, exact where both are integers.
pub(crate) fn is_less(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a < b,
        _ => a.as_f64() < b.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_cumulative_source_comes_out_bit_for_bit() {
        let mut sum = DoubleSum::default();
        let (mut value, mut before) = (0.0f64, 0.0f64);
        for step in 1..100_000u32 {
            value += 0.1 * f64::from(step % 7);
            sum.add(value);
            sum.add(-before);
            before = value;
        }
        assert_eq!(sum.get().to_bits(), value.to_bits());
    }

    #[test]
    fn integers_clamp_instead_of_wrapping() {
        let mut sum = NumberSum::zero(NumberKind::Int);
        sum.add(Number::Int(i64::MAX));
        sum.add(Number::Int(5));
        assert_eq!(sum.get(), Number::Int(i64::MAX));
        sum.subtract(Number::Int(6));
        assert_eq!(sum.get(), Number::Int(i64::MAX - 1));
    }
}
