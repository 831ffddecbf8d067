//! What series have counted by a round, worked out from the round alone: nothing is remembered, so rounds can be made in any
//! order and checked without having been sent.

/// Changes all figures if it is changed.
const SEED: u64 = 0x7761_736d_6574_6572;
/// The most that a sum grows by in a round, without what makes rounds differ; and that a bucket does.
const STEP_MAX: u64 = 1000;
const BUCKET_STEP_MAX: u64 = 4;
/// Buckets of either histogram.
pub(crate) const BUCKETS: usize = 16;
/// The boundaries of the explicit one.
pub(crate) const BOUNDS: [f64; BUCKETS - 1] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 25.0];
/// The value that was recorded into each of its buckets: few bits, so that sums are exact.
const RECORDED: [f64; BUCKETS] = [
    0.00390625, 0.0078125, 0.015625, 0.03125, 0.0625, 0.09375, 0.125, 0.5, 0.625, 0.875, 2.0, 4.0, 6.0, 8.0,
    16.0, 32.0,
];
/// The one of them that gets values where every series counts the same.
const EVEN_BUCKET: usize = 7;

/// What series count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// One in each round, of 0.5: whoever reads them sees at once what is missing.
    Even,
    /// Each its own, as telemetry does: bodies compress as little as theirs.
    Seeded,
}

/// The 64 bits that follow: the finish of `SplitMix64`.
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// All that counter number `which` of a series has counted by the end of a round: it grows in each.
fn counted(series: usize, which: usize, step_max: u64, rounds: u64) -> u64 {
    if rounds == 0 {
        return 0;
    }
    let own = mix(SEED ^ ((series * (BUCKETS + 1) + which) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let step = 1 + own % step_max;
    rounds * step + mix(own ^ rounds) % step
}

impl Values {
    /// What a sum has counted in the rounds up to one.
    pub(super) fn sum(self, series: usize, rounds: u64) -> u64 {
        match self {
            Self::Even => rounds,
            Self::Seeded => counted(series, BUCKETS, STEP_MAX, rounds),
        }
    }

    /// What the buckets of a histogram have counted in the rounds up to one.
    pub(super) fn buckets(self, series: usize, rounds: u64) -> [u64; BUCKETS] {
        match self {
            Self::Even => std::array::from_fn(|bucket| if bucket == EVEN_BUCKET { rounds } else { 0 }),
            Self::Seeded => std::array::from_fn(|bucket| counted(series, bucket, BUCKET_STEP_MAX, rounds)),
        }
    }

    /// Where a gauge stands in a round: quarters, so that totals are exact.
    pub(super) fn gauge(self, series: usize, round: u64) -> f64 {
        match self {
            Self::Even => round as f64,
            Self::Seeded => (mix(SEED ^ ((series as u64) << 32) ^ round) % (4 * STEP_MAX)) as f64 / 4.0,
        }
    }
}

/// The sum of the values in a histogram's buckets.
pub(super) fn sum_of(buckets: &[u64; BUCKETS]) -> f64 {
    buckets.iter().zip(RECORDED).map(|(count, value)| *count as f64 * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_grows_in_every_round_and_by_its_own() {
        for series in [0, 1, 9999] {
            for round in 0..50 {
                assert!(Values::Seeded.sum(series, round) < Values::Seeded.sum(series, round + 1));
                let (before, after) =
                    (Values::Seeded.buckets(series, round), Values::Seeded.buckets(series, round + 1));
                assert!(before.iter().zip(after).all(|(before, after)| *before < after));
            }
        }
        let steps: std::collections::HashSet<_> =
            (0..1000).map(|series| Values::Seeded.sum(series, 1)).collect();
        assert!(steps.len() > 500, "{} of 1000 series differ", steps.len());
    }

    #[test]
    fn what_is_recorded_lies_in_its_bucket() {
        for (bucket, value) in RECORDED.iter().enumerate() {
            assert!(bucket == 0 || BOUNDS[bucket - 1] < *value, "bucket {bucket}");
            assert!(bucket == BOUNDS.len() || *value <= BOUNDS[bucket], "bucket {bucket}");
        }
    }
}
