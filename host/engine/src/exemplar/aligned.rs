//! The reservoir with a place for each bucket (metrics SDK, "AlignedHistogramBucketExemplarReservoir").

use std::sync::Arc;

use wasmeter_model::limits::EXEMPLARS_MAX;

use super::pick::{Pick, Random};
use super::{Measurement, Reservoir};

/// Keeps one measurement for each bucket of an explicit histogram. Each one offered in a bucket since the last collection has
/// the same chance to be it.
#[derive(Clone, Debug)]
pub struct AlignedHistogramBucket {
    bounds: Arc<[f64]>,
    /// In the order of the buckets; only those that have one.
    kept: Vec<Bucket>,
    random: Option<Random>,
}

#[derive(Clone, Debug)]
struct Bucket {
    index: usize,
    seen: u64,
    measurement: Measurement,
}

impl AlignedHistogramBucket {
    /// A reservoir for buckets with these upper bounds, strictly ascending. 96 bytes for each bucket that something falls
    /// into, of which there are at most [`EXEMPLARS_MAX`].
    pub fn new(bounds: Arc<[f64]>, seed: u64) -> Self {
        Self::picking(bounds, Pick::Uniform(seed))
    }

    pub(super) fn picking(bounds: Arc<[f64]>, pick: Pick) -> Self {
        let random = match pick {
            Pick::Uniform(seed) => Some(Random::new(seed)),
            Pick::Newest => None,
        };
        Self { bounds, kept: Vec::new(), random }
    }
}

impl Reservoir for AlignedHistogramBucket {
    fn offer(&mut self, measurement: &Measurement) {
        let value = measurement.value.as_f64();
        let index = self.bounds.partition_point(|bound| *bound < value);
        match self.kept.binary_search_by_key(&index, |bucket| bucket.index) {
            Err(_) if self.kept.len() >= EXEMPLARS_MAX => {}
            Err(at) => self.kept.insert(at, Bucket { index, seen: 1, measurement: measurement.clone() }),
            Ok(at) => {
                let Some(bucket) = self.kept.get_mut(at) else { return };
                bucket.seen = bucket.seen.saturating_add(1);
                let is_picked = match &mut self.random {
                    Some(random) => random.below(bucket.seen) == 0,
                    None => bucket.measurement.time <= measurement.time,
                };
                if is_picked {
                    bucket.measurement.clone_from(measurement);
                }
            }
        }
    }

    fn collect(&mut self, export: &mut dyn FnMut(Measurement)) {
        self.kept.drain(..).for_each(|bucket| export(bucket.measurement));
    }
}

#[cfg(test)]
mod tests {
    use wasmeter_model::{Attributes, Number, Timestamp};

    use super::*;

    fn measured(value: f64) -> Measurement {
        Measurement {
            value: Number::Double(value),
            time: Timestamp::from_secs(1),
            attributes: Attributes::empty(),
            span: None,
        }
    }

    fn collected(reservoir: &mut AlignedHistogramBucket) -> Vec<f64> {
        let mut values = Vec::new();
        reservoir.collect(&mut |kept| values.push(kept.value.as_f64()));
        values
    }

    #[test]
    fn m5_one_for_each_bucket_with_its_upper_bound() {
        let mut reservoir = AlignedHistogramBucket::new([1.0, 2.0, 4.0].into(), 1);
        for value in [5.0, 9.0, 1.0, 4.0, -3.0] {
            reservoir.offer(&measured(value));
        }
        let kept = collected(&mut reservoir);
        assert_eq!(kept.len(), 3, "{kept:?}");
        assert!(
            [1.0, -3.0].contains(&kept[0]) && kept[1] == 4.0 && [5.0, 9.0].contains(&kept[2]),
            "{kept:?}"
        );
        assert!(collected(&mut reservoir).is_empty());
    }

    /// Of ten in a bucket each is kept with a chance of a tenth: 2,000 times of 20,000, with a standard deviation of 42.
    #[test]
    fn m5_every_measurement_of_a_bucket_has_the_same_chance() {
        let mut reservoir = AlignedHistogramBucket::new([10.0].into(), 7);
        let mut times_kept = [0u32; 10];
        for _ in 0..20_000 {
            (1u8..=10).for_each(|value| reservoir.offer(&measured(value.into())));
            let kept = collected(&mut reservoir);
            let [value] = kept[..] else { panic!("{kept:?}") };
            let place = (1u8..=10).position(|offered| f64::from(offered) == value).unwrap();
            times_kept[place] += 1;
        }
        for (place, times) in times_kept.into_iter().enumerate() {
            assert!((1_830..=2_170).contains(&times), "{place} was kept {times} times of 20,000");
        }
    }
}
