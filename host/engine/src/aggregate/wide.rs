//! Integers of 128 bits that stand at any multiple of eight bytes, so that what holds one is no larger for it.

/// An `i128` in two halves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wide {
    low: u64,
    high: i64,
}

impl Wide {
    /// The integer.
    #[inline]
    pub(crate) fn get(self) -> i128 {
        i128::from(self.high) << 64 | i128::from(self.low)
    }

    /// Adds an integer, up to the ends of 128 bits.
    #[inline]
    pub(crate) fn add(&mut self, value: i128) {
        *self = self.get().saturating_add(value).into();
    }
}

impl From<i128> for Wide {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "both halves are kept")]
    fn from(value: i128) -> Self {
        Self { low: value as u64, high: (value >> 64) as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_make_the_whole_again() {
        for value in [0, 1, -1, i128::from(u64::MAX), -(1 << 64), (7 << 70) - 5, i128::MIN, i128::MAX] {
            assert_eq!(Wide::from(value).get(), value);
        }
        let mut wide = Wide::from(i128::from(u64::MAX));
        wide.add(1);
        assert_eq!(wide.get(), 1 << 64);
        wide.add(i128::MAX);
        assert_eq!(wide.get(), i128::MAX);
        assert_eq!((size_of::<Wide>(), align_of::<Wide>()), (16, 8));
    }
}
