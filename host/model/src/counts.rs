//! The counts of buckets.

/// The sum of counts, which may exceed 64 bits. Costs less than a nanosecond for each two where they are small.
pub fn total_count(counts: &[u64]) -> u128 {
    let (bits, sum) =
        counts.iter().fold((0, 0_u64), |(bits, sum), count| (bits | count, sum.wrapping_add(*count)));
    // Fewer than 2^n numbers below 2^(64 - n) are less than 2^64 together.
    let bits_of_length = usize::BITS - counts.len().leading_zeros();
    if bits.leading_zeros() >= bits_of_length {
        return sum.into();
    }
    counts.iter().map(|count| u128::from(*count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sum_is_too_large() {
        for (counts, total) in [
            (&[][..], 0),
            (&[7], 7),
            (&[u64::MAX], u64::MAX.into()),
            (&[1 << 63, 1 << 63], 1 << 64),
            (&[1 << 62; 2], 1 << 63),
            (&[1 << 62; 3], 3 << 62),
            (&[1 << 62; 4], 1 << 64),
            (&[1 << 61; 8], 1 << 64),
            (&[u64::MAX >> 2; 3], 3 * u128::from(u64::MAX >> 2)),
            (&[u64::MAX >> 1; 3], 3 * u128::from(u64::MAX >> 1)),
            (&[u64::MAX; 5], 5 * u128::from(u64::MAX)),
        ] {
            assert_eq!(total_count(counts), total, "{counts:?}");
        }
    }
}
