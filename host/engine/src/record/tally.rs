//! A running total that one thread adds to without a lock, and another reads.

use wasmeter_model::{Number, NumberKind};

use super::fence::Patience;
use crate::aggregate::{DoubleSum, NumberSum};
use crate::sync::atomic::{AtomicU64, Ordering, fence};

/// How many measurements there were, and what they add up to.
///
/// A sequence lock with one writer: an addition is a handful of plain loads and stores, no locked instruction. The total only
/// grows by additions and is never reset; whoever reads keeps what was read before and takes the difference.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Twice the count; odd while the writer is in the middle of an addition.
    version: AtomicU64,
    /// The integer, or the upper half of the double, as bits.
    high: AtomicU64,
    /// The lower half of the double, as bits.
    low: AtomicU64,
}

/// What was read of a [`Tally`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    version: u64,
    high: u64,
    low: u64,
}

impl Tally {
    /// Adds a measurement. By one thread only; false if the total would leave its range, and then nothing is added.
    #[inline(always)]
    pub(crate) fn add(&self, value: Number) -> bool {
        match value {
            Number::Int(value) => {
                let total = self.high.load(Ordering::Relaxed).cast_signed();
                let Some(total) = total.checked_add(value) else { return false };
                self.write(total.cast_unsigned(), None);
            }
            Number::Double(value) => {
                let bits = [&self.high, &self.low].map(|half| f64::from_bits(half.load(Ordering::Relaxed)));
                let mut sum = DoubleSum::from_halves(bits);
                sum.add(value);
                let [high, low] = sum.halves();
                if !high.is_finite() {
                    return false;
                }
                self.write(high.to_bits(), Some(low.to_bits()));
            }
        }
        true
    }

    #[inline(always)]
    fn write(&self, high: u64, low: Option<u64>) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        // Whoever sees one of the halves below sees the odd version too.
        fence(Ordering::Release);
        self.high.store(high, Ordering::Relaxed);
        if let Some(low) = low {
            self.low.store(low, Ordering::Relaxed);
        }
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// Count and total as they were together.
    pub(crate) fn read(&self) -> Reading {
        let mut patience = Patience::default();
        loop {
            let version = self.version.load(Ordering::Acquire);
            if version.is_multiple_of(2) {
                let high = self.high.load(Ordering::Relaxed);
                let low = self.low.load(Ordering::Relaxed);
                fence(Ordering::Acquire);
                if self.version.load(Ordering::Relaxed) == version {
                    return Reading { version, high, low };
                }
            }
            patience.wait();
        }
    }
}

impl Reading {
    /// How many measurements came since `before`, and what they add up to.
    pub(crate) fn since(self, before: Self, kind: NumberKind) -> (u64, NumberSum) {
        let count = self.version.wrapping_sub(before.version) / 2;
        let total = match kind {
            NumberKind::Int => {
                let [now, before] = [self, before].map(|reading| i128::from(reading.high.cast_signed()));
                NumberSum::Int((now - before).into())
            }
            NumberKind::Double => NumberSum::Double(self.double().since(before.double())),
        };
        (count, total)
    }

    fn double(self) -> DoubleSum {
        DoubleSum::from_halves([self.high, self.low].map(f64::from_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_thread_adds_another_reads_whole() {
        let tally = Tally::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for value in 1..=100_000 {
                    assert!(tally.add(Number::Int(value)));
                }
            });
            let mut before = Reading::default();
            let (mut counted, mut added) = (0, 0);
            while counted < 100_000 {
                let now = tally.read();
                let (count, NumberSum::Int(total)) = now.since(before, NumberKind::Int) else {
                    unreachable!()
                };
                before = now;
                counted += count;
                added += total.get();
                assert_eq!(added, i128::from(counted) * i128::from(counted + 1) / 2, "after {counted}");
            }
        });
    }

    #[test]
    fn an_addition_beyond_the_integers_is_not_made() {
        let tally = Tally::default();
        assert!(tally.add(Number::Int(i64::MAX)));
        assert!(!tally.add(Number::Int(1)));
        let (count, total) = tally.read().since(Reading::default(), NumberKind::Int);
        assert_eq!((count, total), (1, NumberSum::Int(i128::from(i64::MAX).into())));
    }

    #[test]
    fn differences_of_doubles_lose_nothing() {
        let tally = Tally::default();
        let mut before = Reading::default();
        let mut sum = NumberSum::zero(NumberKind::Double);
        let mut direct = DoubleSum::default();
        for step in 0..10_000u32 {
            let value = f64::from(step) * 0.1 + 1e9;
            assert!(tally.add(Number::Double(value)));
            direct.add(value);
            if step % 7 == 0 {
                let now = tally.read();
                sum.merge(now.since(before, NumberKind::Double).1);
                before = now;
            }
        }
        sum.merge(tally.read().since(before, NumberKind::Double).1);
        assert_eq!(sum.get(), Number::Double(direct.get()));
    }
}
