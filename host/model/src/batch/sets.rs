//! The attribute sets of a batch.

use triomphe::ThinArc;

use crate::Attributes;
use crate::frame::SetId;

/// Sets that whoever reads batches keeps together, since they came together and will again: a batch that has all of them costs one
/// reference count, not one for each.
#[derive(Clone, Debug)]
pub struct SetRun(ThinArc<(), Attributes>);

impl SetRun {
    /// A run of these sets. Costs one allocation.
    pub fn new(sets: impl ExactSizeIterator<Item = Attributes>) -> Self {
        Self(ThinArc::from_header_and_iter((), sets))
    }

    /// The set at a place.
    #[inline]
    pub fn get(&self, at: u32) -> Option<&Attributes> {
        self.0.slice.get(at as usize)
    }

    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        self.0.ptr() == other.0.ptr()
    }
}

/// Where a set is in its [`SetRun`]. The same for as long as the run is kept; later ones may be where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceInRun {
    /// Tells runs apart.
    pub run: usize,
    /// How many sets are before it.
    pub at: u32,
}

/// An attribute set, and how many of the attributes it was given had a key that came again.
#[derive(Debug)]
struct Own {
    attributes: Attributes,
    duplicate_keys: u64,
}

/// Where a set is: in a run, or if there is no such run, among the batch's own.
#[derive(Clone, Copy, Debug)]
struct Place {
    run: u32,
    at: u32,
}

/// The run of those that are in none.
const OWN: u32 = u32::MAX;
/// Among how many of the runs a set came from lately the next one's is looked for.
const RUNS_LOOKED_AT: usize = 8;

/// What [`SetId`]s stand for in a batch.
#[derive(Debug, Default)]
pub(super) struct Sets {
    runs: Vec<SetRun>,
    own: Vec<Own>,
    places: Vec<Place>,
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Sets {
    /// Adds a set.
    #[inline]
    pub(super) fn add(&mut self, attributes: Attributes, duplicate_keys: u64) -> SetId {
        self.own.push(Own { attributes, duplicate_keys });
        self.place(Place { run: OWN, at: number(self.own.len() - 1) })
    }

    /// Adds a set of a run.
    #[inline]
    pub(super) fn add_known(&mut self, run: &SetRun, at: u32) -> SetId {
        let mut lately = self.runs.iter().enumerate().rev().take(RUNS_LOOKED_AT);
        let known = lately.find(|(_, known)| known.is_same(run));
        let index = match known {
            Some((index, _)) => index,
            None => {
                self.runs.push(run.clone());
                self.runs.len() - 1
            }
        };
        self.place(Place { run: number(index), at })
    }

    #[inline]
    fn place(&mut self, place: Place) -> SetId {
        self.places.push(place);
        SetId(number(self.places.len() - 1))
    }

    /// Makes room for so many more.
    pub(super) fn expect(&mut self, sets: usize) {
        self.places.reserve(sets);
    }

    #[inline]
    fn own(&self, id: SetId) -> Option<&Own> {
        let place = self.places.get(id.0 as usize).filter(|place| place.run == OWN)?;
        self.own.get(place.at as usize)
    }

    /// A set.
    #[inline]
    pub(super) fn get(&self, id: SetId) -> Option<&Attributes> {
        let Place { run, at } = *self.places.get(id.0 as usize)?;
        match self.runs.get(run as usize) {
            Some(run) => run.get(at),
            None => self.own.get(at as usize).map(|own| &own.attributes),
        }
    }

    /// Where a set is in its run, if it is in one.
    pub(super) fn place_in_run(&self, id: SetId) -> Option<PlaceInRun> {
        let Place { run, at } = *self.places.get(id.0 as usize)?;
        let run = self.runs.get(run as usize)?.0.ptr() as usize;
        Some(PlaceInRun { run, at })
    }

    /// How many attributes that a set was given had a key that came again.
    #[inline]
    pub(super) fn duplicate_keys(&self, id: SetId) -> u64 {
        self.own(id).map_or(0, |own| own.duplicate_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(number: i64) -> Attributes {
        [("n", number)].into_iter().collect()
    }

    #[test]
    fn sets_of_runs_and_others_are_told_apart() {
        let runs: Vec<_> =
            (0..20i64).map(|run| SetRun::new([set(10 * run), set(10 * run + 1)].into_iter())).collect();
        let (mut sets, mut expected) = (Sets::default(), Vec::new());
        for step in 0..200u32 {
            let (run_at, at) = (step as usize * 7 % 20, step % 2);
            let number = 10 * run_at as i64 + i64::from(at);
            expected.push((sets.add_known(&runs[run_at], at), number, 0));
            let place = expected.last().and_then(|(id, ..)| sets.place_in_run(*id));
            let own = PlaceInRun { run: runs[run_at].0.ptr() as usize, at };
            assert_eq!(place, Some(own));
            if step % 5 == 0 {
                expected.push((sets.add(set(-number), 3), -number, 3));
                assert_eq!(expected.last().and_then(|(id, ..)| sets.place_in_run(*id)), None);
            }
        }
        for (id, number, duplicate_keys) in expected {
            assert_eq!((sets.get(id), sets.duplicate_keys(id)), (Some(&set(number)), duplicate_keys));
        }
        assert_eq!((sets.get(SetId(1000)), sets.duplicate_keys(SetId(1000))), (None, 0));
    }

    #[test]
    fn what_comes_in_a_row_counts_its_run_once() {
        let run = SetRun::new((0..100).map(set).collect::<Vec<_>>().into_iter());
        let mut sets = Sets::default();
        let ids: Vec<_> = (0..100).map(|at| sets.add_known(&run, at)).collect();
        assert_eq!((sets.runs.len(), ids.len()), (1, 100));
    }
}
