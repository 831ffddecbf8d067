//! Sums that do not drift.

use wasmeter_model::{Number, NumberKind};

use super::Wide;

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
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        // Knuth's two-sum: `sum + error` is exactly `high + value`. The errors add up apart, off the way from one sum to the next.
        let sum = self.high + value;
        if !sum.is_finite() {
            *self = Self { high: sum, low: 0.0 };
            return;
        }
        let part = sum - self.high;
        let error = (self.high - (sum - part)) + (value - part);
        *self = Self { high: sum, low: self.low + error };
    }

    /// Adds an integer of up to 106 bits without rounding it first.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "what is lost is added next"
    )]
    fn add_exactly(&mut self, value: i128) {
        let high = value as f64;
        self.add(high);
        self.add((value - high as i128) as f64);
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.high);
        self.add(other.low);
    }

    /// The sum as two doubles that add up to it.
    pub(crate) fn halves(self) -> [f64; 2] {
        [self.high, self.low]
    }

    /// The sum of [`DoubleSum::halves`].
    pub(crate) fn from_halves([high, low]: [f64; 2]) -> Self {
        Self { high, low }
    }

    /// What was added since the sum was `before`.
    pub(crate) fn since(mut self, before: Self) -> Self {
        self.add(-before.high);
        self.add(-before.low);
        self
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
    Int(Wide),
    /// See [`DoubleSum`].
    Double(DoubleSum),
}

impl NumberSum {
    /// Nothing yet.
    pub(crate) fn zero(kind: NumberKind) -> Self {
        match kind {
            NumberKind::Int => Self::Int(Wide::default()),
            NumberKind::Double => Self::Double(DoubleSum::default()),
        }
    }

    /// The sum of one value, which is that value to the bit.
    pub(crate) fn of(value: Number) -> Self {
        match value {
            Number::Int(value) => Self::Int(i128::from(value).into()),
            // Whatever is added to -0.0 stays as it is, itself included.
            Number::Double(value) => Self::Double(DoubleSum { high: value, low: -0.0 }),
        }
    }

    /// Adds a value. A sum of integers that meets a double is one of doubles from then on.
    #[inline]
    pub(crate) fn add(&mut self, value: Number) {
        match (&mut *self, value) {
            (Self::Int(sum), Number::Int(value)) => sum.add(i128::from(value)),
            (Self::Double(sum), Number::Double(value)) => sum.add(value),
            (Self::Double(sum), Number::Int(value)) => sum.add_exactly(i128::from(value)),
            (Self::Int(_), Number::Double(value)) => {
                let mut sum = self.to_doubles();
                sum.add(value);
                *self = Self::Double(sum);
            }
        }
    }

    /// Adds a value in place of one that was added before.
    #[inline]
    pub(crate) fn step(&mut self, value: Number, before: Number) {
        match (&mut *self, value, before) {
            (Self::Int(sum), Number::Int(value), Number::Int(before)) => {
                sum.add(i128::from(value) - i128::from(before));
            }
            // What was there before goes first, so that a total near the end of the doubles does not become infinite.
            _ => {
                self.subtract(before);
                self.add(value);
            }
        }
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Int(sum), Self::Int(other)) => sum.add(other.get()),
            (Self::Double(sum), Self::Double(other)) => sum.merge(other),
            (Self::Double(sum), Self::Int(other)) => sum.add_exactly(other.get()),
            (Self::Int(_), Self::Double(other)) => {
                let mut sum = self.to_doubles();
                sum.merge(other);
                *self = Self::Double(sum);
            }
        }
    }

    /// Takes a value away again.
    pub(crate) fn subtract(&mut self, value: Number) {
        match (&mut *self, value) {
            (Self::Int(sum), Number::Int(value)) => sum.add(-i128::from(value)),
            (Self::Double(sum), Number::Double(value)) => sum.add(-value),
            (Self::Double(sum), Number::Int(value)) => sum.add_exactly(-i128::from(value)),
            (Self::Int(_), Number::Double(value)) => {
                let mut sum = self.to_doubles();
                sum.add(-value);
                *self = Self::Double(sum);
            }
        }
    }

    /// The sum so far as one of doubles.
    fn to_doubles(self) -> DoubleSum {
        match self {
            Self::Double(sum) => sum,
            Self::Int(int) => {
                let mut sum = DoubleSum::default();
                sum.add_exactly(int.get());
                sum
            }
        }
    }

    /// The sum.
    pub(crate) fn get(self) -> Number {
        match self {
            Self::Int(sum) => {
                let sum = sum.get();
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
    fn a_sum_of_integers_that_meets_a_double_loses_nothing() {
        let mut sum = NumberSum::zero(NumberKind::Int);
        sum.add(Number::Int((1 << 60) + 1));
        sum.add(Number::Double(0.5));
        sum.subtract(Number::Int(1 << 60));
        assert_eq!(sum.get(), Number::Double(1.5));
    }

    #[test]
    fn g8_integers_clamp_instead_of_wrapping() {
        let mut sum = NumberSum::zero(NumberKind::Int);
        sum.add(Number::Int(i64::MAX));
        sum.add(Number::Int(5));
        assert_eq!(sum.get(), Number::Int(i64::MAX));
        sum.subtract(Number::Int(6));
        assert_eq!(sum.get(), Number::Int(i64::MAX - 1));
    }
}
