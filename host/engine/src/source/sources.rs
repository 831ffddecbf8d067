//! The sources of an instrument, by attributes and in the order they came.

use hashbrown::HashTable;
use wasmeter_model::Attributes;
use wasmeter_model::batch::PlaceInRun;

use super::Source;

/// All sources of one instrument. Iterates in the order they came, as long as none was removed: what happens to them then
/// does not depend on how they hash.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    places: HashTable<u32>,
    entries: Vec<Source>,
    /// Behind the source that was asked for last: senders mostly keep to an order, and then it is the next one.
    next: u32,
    /// The run of sets of which one was found last that was not the next one.
    run: Option<KnownRun>,
    /// Behind the sources that a walk has come to, see [`Sources::walk`].
    walked: u32,
}

/// Where the sources of a run of sets are. Whoever keeps to no order still sends together what came together before, and that got its
/// sources one behind the other.
#[derive(Clone, Copy, Debug)]
struct KnownRun {
    /// As in [`PlaceInRun`].
    run: usize,
    /// The place of the first one's source, if all are in that order; below zero as what is added to it wraps.
    first: u32,
}

impl Sources {
    /// The source of a set, for the caller to change anything but its attributes.
    pub(crate) fn get_mut(&mut self, attributes: &Attributes) -> Option<&mut Source> {
        let place = self.place(attributes)?;
        self.entries.get_mut(place)
    }

    /// The source of a set, made by `make` if it is not known. `place_in_run` is where the set lies, if it is kept with others.
    ///
    /// # Errors
    ///
    /// That of `make`.
    pub(crate) fn get_or_insert<E>(
        &mut self,
        attributes: &Attributes,
        place_in_run: impl FnOnce() -> Option<PlaceInRun>,
        make: impl FnOnce() -> Result<Source, E>,
    ) -> Result<&mut Source, E> {
        let place = match self.guess(attributes).or_else(|| self.find(attributes, place_in_run())) {
            Some(place) => place,
            None => {
                let source = make()?;
                let place = self.entries.len();
                self.entries.push(source);
                self.index(place);
                place
            }
        };
        self.next = number(place + 1);
        match self.entries.get_mut(place) {
            Some(source) => Ok(source),
            None => unreachable!("a place is that of an entry"),
        }
    }

    /// Forgets the source of a set; false if there is none. The last source takes its place.
    pub(crate) fn remove(&mut self, attributes: &Attributes) -> bool {
        let Some(mut place) = self.place(attributes) else { return false };
        self.unindex(attributes);
        if place < self.walked as usize {
            // A walk comes to each source once: what takes the place of one behind it is another one behind it.
            self.walked -= 1;
            let behind = self.walked as usize;
            if place != behind
                && let Some(moved) = self.entries.get(behind).map(|source| source.attributes.clone())
            {
                self.unindex(&moved);
                self.entries.swap(place, behind);
                self.index(place);
                place = behind;
            }
        }
        let last = self.entries.len() - 1;
        if place != last
            && let Some(moved) = self.entries.last().map(|source| source.attributes.clone())
        {
            self.unindex(&moved);
            self.entries.swap_remove(place);
            self.index(place);
        } else {
            self.entries.pop();
        }
        true
    }

    /// Forgets the sources for which `keep` is false.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&mut Source) -> bool) {
        let before = self.entries.len();
        self.entries.retain_mut(keep);
        if self.entries.len() < before {
            self.places.clear();
            (0..self.entries.len()).for_each(|place| self.index(place));
        }
    }

    /// Every source.
    pub(crate) fn all(&mut self) -> &mut [Source] {
        &mut self.entries
    }

    /// Has the next [`Sources::walk`] begin with the first source.
    pub(crate) fn begin_walk(&mut self) {
        self.walked = 0;
    }

    /// The next sources, so many at most. There is one walk at a time, that of the collection under way. Sources may come and go between one part of the walk and the next: whatever stays is come
    /// to once.
    pub(crate) fn walk(&mut self, most: usize) -> &mut [Source] {
        let from = (self.walked as usize).min(self.entries.len());
        let end = from.saturating_add(most).min(self.entries.len());
        self.walked = number(end);
        self.entries.get_mut(from..end).unwrap_or_default()
    }

    /// True if a walk has come to all sources.
    pub(crate) fn is_walked(&self) -> bool {
        self.walked as usize >= self.entries.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Source> {
        self.entries.iter()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        self.entries.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place behind the one asked for last, if that is the place of this very set: then nothing is hashed or compared.
    #[inline]
    fn guess(&self, attributes: &Attributes) -> Option<usize> {
        let next = self.next as usize;
        self.is_at(next, attributes).then_some(next)
    }

    #[inline]
    fn is_at(&self, place: usize, attributes: &Attributes) -> bool {
        self.entries.get(place).is_some_and(|source| source.attributes.is_same(attributes))
    }

    /// The place of a set that is not the next one.
    fn find(&mut self, attributes: &Attributes, place_in_run: Option<PlaceInRun>) -> Option<usize> {
        let Some(PlaceInRun { run, at }) = place_in_run else { return self.place(attributes) };
        if let Some(known) = self.run.filter(|known| known.run == run) {
            let guess = known.first.wrapping_add(at) as usize;
            if self.is_at(guess, attributes) {
                return Some(guess);
            }
        }
        let place = self.place(attributes)?;
        self.run = Some(KnownRun { run, first: number(place).wrapping_sub(at) });
        Some(place)
    }

    fn place(&self, attributes: &Attributes) -> Option<usize> {
        let is_it = |place: &u32| {
            self.entries.get(*place as usize).is_some_and(|source| source.attributes == *attributes)
        };
        self.places.find(attributes.hash_value(), is_it).map(|place| *place as usize)
    }

    fn index(&mut self, place: usize) {
        let Self { places, entries, .. } = self;
        let hash_of = |place: &u32| {
            entries.get(*place as usize).map_or(0, |source: &Source| source.attributes.hash_value())
        };
        let place = number(place);
        places.insert_unique(hash_of(&place), place, hash_of);
    }

    fn unindex(&mut self, attributes: &Attributes) {
        let Self { places, entries, .. } = self;
        let is_it =
            |place: &u32| entries.get(*place as usize).is_some_and(|source| source.attributes == *attributes);
        if let Ok(entry) = places.find_entry(attributes.hash_value(), is_it) {
            entry.remove();
        }
    }
}

/// A place, or how many there are: the limit of sources is far below.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Recorded, SourceData};
    use super::*;

    fn set(number: i64) -> Attributes {
        [("number", number)].into_iter().collect()
    }

    fn source(number: i64) -> Source {
        Source {
            attributes: set(number),
            heard: wasmeter_model::Timestamp::UNKNOWN,
            routes: smallvec::SmallVec::new(),
            data: SourceData::Recorded(Recorded::new(
                wasmeter_model::InstrumentKind::Counter,
                wasmeter_model::NumberKind::Int,
            )),
            is_dormant: false,
            exemplars_until: wasmeter_model::Timestamp::UNKNOWN,
        }
    }

    fn filled(count: i64) -> Sources {
        let mut sources = Sources::default();
        for number in 0..count {
            sources.get_or_insert(&set(number), || None, || Ok::<_, ()>(source(number))).unwrap();
        }
        sources
    }

    #[test]
    fn sources_stay_in_the_order_they_came() {
        let mut sources = filled(1000);
        assert!(sources.get_or_insert(&set(7), || None, || Err(())).is_ok());
        sources.retain(|source| source.attributes != set(500));
        let numbers: Vec<_> = sources.values().map(|source| source.attributes.clone()).collect();
        let expected: Vec<_> = (0..1000).filter(|number| *number != 500).map(set).collect();
        assert_eq!(numbers, expected);
        assert!(sources.get_mut(&set(500)).is_none());
        assert!(sources.get_mut(&set(999)).is_some_and(|source| source.attributes == set(999)));
    }

    #[test]
    fn what_is_removed_is_gone_and_the_rest_is_found() {
        let mut sources = filled(100);
        for number in (0..100).step_by(3) {
            assert!(sources.remove(&set(number)));
            assert!(!sources.remove(&set(number)));
        }
        for number in 0..100 {
            assert_eq!(sources.get_mut(&set(number)).is_some(), number % 3 != 0, "{number}");
        }
        assert_eq!(sources.len(), 66);
    }

    #[test]
    fn a_walk_comes_once_to_each_source_that_stays() {
        for seed in 0..50usize {
            let mut sources = filled(40);
            let (mut seen, mut gone, mut added) = (Vec::new(), Vec::new(), 40..);
            sources.begin_walk();
            for step in 1.. {
                seen.extend(sources.walk(3).iter().map(|source| source.attributes.clone()));
                if sources.is_walked() {
                    break;
                }
                let number = ((step * 17 + seed * 29) % 40) as i64;
                if sources.remove(&set(number)) {
                    gone.push(set(number));
                }
                if step % 4 == 0 {
                    let new = added.next().unwrap();
                    sources.get_or_insert(&set(new), || None, || Ok::<_, ()>(source(new))).unwrap();
                }
            }
            let stay: Vec<_> = sources.values().map(|source| source.attributes.clone()).collect();
            assert!(
                stay.iter().all(|set| seen.iter().filter(|seen| *seen == set).count() == 1),
                "seed {seed}"
            );
            assert_eq!(seen.len(), seen.iter().collect::<std::collections::HashSet<_>>().len());
            assert!(gone.iter().any(|set| seen.contains(set)) && gone.iter().any(|set| !seen.contains(set)));
            assert!(
                stay.iter().all(|set| sources.get_mut(set).is_some_and(|found| found.attributes == *set))
            );
        }
    }

    #[test]
    fn sets_are_found_in_any_order_and_after_others_went() {
        let sets: Vec<_> = (0..100).map(set).collect();
        // Wherever a set is said to lie, it is the set that counts: truly, all in one place, none anywhere, each in a run of its own.
        let said: [fn(usize) -> Option<PlaceInRun>; 4] = [
            |number| Some(PlaceInRun { run: number / 10, at: number as u32 % 10 }),
            |_| Some(PlaceInRun { run: 7, at: 3 }),
            |_| None,
            |number| Some(PlaceInRun { run: number, at: u32::MAX }),
        ];
        for said in said {
            let mut sources = Sources::default();
            for (number, set) in sets.iter().enumerate() {
                let make = || Ok::<_, ()>(Source { attributes: set.clone(), ..source(number as i64) });
                sources.get_or_insert(set, || said(number), make).unwrap();
            }
            let mut find = |numbers: &[usize]| {
                for &number in numbers {
                    let found = sources.get_or_insert(&sets[number], || said(number), || Err(number));
                    assert_eq!(found.map(|source| &source.attributes), Ok(&sets[number]));
                }
                let gone = numbers[numbers.len() / 2];
                assert!(sources.remove(&sets[gone]));
                assert!(sources.get_or_insert(&sets[gone], || said(gone), || Err(())).is_err());
                numbers.iter().copied().filter(|number| *number != gone).collect::<Vec<_>>()
            };
            let mut left: Vec<_> = (0..100).collect();
            while left.len() > 2 {
                left = find(&left);
                left.reverse();
                left = find(&left);
            }
        }
    }

    #[test]
    fn of_a_run_one_is_found_by_its_hash_and_the_others_by_their_places() {
        let sets: Vec<_> = (0..100).map(set).collect();
        let mut sources = Sources::default();
        for set in &sets {
            let make = || Ok::<_, ()>(Source { attributes: set.clone(), ..source(0) });
            sources.get_or_insert(set, || None, make).unwrap();
        }
        // So that only a place that is guessed finds any.
        let mut places = None;
        for number in [37usize, 41, 30, 49, 33] {
            let place_in_run = || Some(PlaceInRun { run: 3, at: number as u32 - 30 });
            let found = sources.get_or_insert(&sets[number], place_in_run, || Err(number));
            assert_eq!(found.map(|source| &source.attributes), Ok(&sets[number]));
            places.get_or_insert_with(|| std::mem::take(&mut sources.places));
        }
        let elsewhere = || Some(PlaceInRun { run: 4, at: 7 });
        assert!(sources.get_or_insert(&sets[47], elsewhere, || Err(())).is_err());
    }
}
