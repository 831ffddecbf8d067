//! The reservoir of fixed size (metrics SDK, "SimpleFixedSizeExemplarReservoir").

use super::pick::{Pick, Random};
use super::{Measurement, Reservoir};

/// Keeps `size` measurements. Each one offered since the last collection has the same chance to be among them.
#[derive(Clone, Debug)]
pub struct SimpleFixedSize {
    kept: Vec<Measurement>,
    size: usize,
    seen: u64,
    random: Option<Random>,
}

impl SimpleFixedSize {
    /// A reservoir of `size`; 0 keeps nothing. 80 bytes for each measurement that is kept.
    pub fn new(size: usize, seed: u64) -> Self {
        Self::picking(size, Pick::Uniform(seed))
    }

    pub(super) fn picking(size: usize, pick: Pick) -> Self {
        let random = match pick {
            Pick::Uniform(seed) => Some(Random::new(seed)),
            Pick::Newest => None,
        };
        Self { kept: Vec::new(), size, seen: 0, random }
    }
}

impl Reservoir for SimpleFixedSize {
    fn offer(&mut self, measurement: &Measurement) {
        self.seen = self.seen.saturating_add(1);
        if self.kept.len() < self.size {
            self.kept.push(measurement.clone());
            return;
        }
        let place = match &mut self.random {
            // The place among all seen so far; beyond the reservoir it is out.
            Some(random) => usize::try_from(random.below(self.seen)).unwrap_or(usize::MAX),
            None => {
                let oldest = self.kept.iter().enumerate().min_by_key(|(_, kept)| kept.time);
                match oldest {
                    Some((at, kept)) if kept.time <= measurement.time => at,
                    _ => return,
                }
            }
        };
        if let Some(kept) = self.kept.get_mut(place) {
            kept.clone_from(measurement);
        }
    }

    fn collect(&mut self, export: &mut dyn FnMut(Measurement)) {
        self.kept.sort_by_key(|kept| kept.time);
        self.kept.drain(..).for_each(export);
        self.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use wasmeter_model::{Attributes, Number, Timestamp};

    use super::*;

    fn measured(value: i64) -> Measurement {
        Measurement {
            value: Number::Int(value),
            time: Timestamp::from_secs(1),
            attributes: Attributes::empty(),
            span: None,
        }
    }

    fn collected(reservoir: &mut SimpleFixedSize) -> Vec<i64> {
        let mut values = Vec::new();
        reservoir.collect(&mut |kept| match kept.value {
            Number::Int(int) => values.push(int),
            Number::Double(_) => panic!("only integers were offered"),
        });
        values
    }

    /// Twenty measurements, four kept, 20,000 times over: each is kept with a chance of a fifth, which is 4,000 times with a
    /// standard deviation of 57. The seed is fixed, so that this cannot fail by chance.
    #[test]
    fn m5_every_measurement_has_the_same_chance() {
        let mut reservoir = SimpleFixedSize::new(4, 42);
        let mut times_kept = [0u32; 20];
        for _ in 0..20_000 {
            (0..20).for_each(|value| reservoir.offer(&measured(value)));
            let kept = collected(&mut reservoir);
            assert_eq!(kept.len(), 4);
            for value in kept {
                times_kept[usize::try_from(value).unwrap()] += 1;
            }
        }
        for (value, times) in times_kept.into_iter().enumerate() {
            assert!((3_770..=4_230).contains(&times), "{value} was kept {times} times of 20,000");
        }
    }

    #[test]
    fn m5_a_collection_begins_anew() {
        let mut reservoir = SimpleFixedSize::new(2, 1);
        (0..1000).for_each(|value| reservoir.offer(&measured(value)));
        assert_eq!(collected(&mut reservoir).len(), 2);
        assert!(collected(&mut reservoir).is_empty());
        // Those seen before do not lower the chance of these.
        reservoir.offer(&measured(1001));
        reservoir.offer(&measured(1002));
        assert_eq!(collected(&mut reservoir), [1001, 1002]);
    }
}
