//! Changing attributes where they are kept, instead of point by point.

use super::Frame;
use super::columns::{at, range};
use super::compact::Keeper;
use super::intern::Interner;
use super::sets::DistinctSets;
use super::tables::{Tables, ValueRef};
use crate::Value;

/// What becomes of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It stays.
    Keep,
    /// It is removed.
    Remove,
    /// It gets this value.
    Replace(Value),
}

/// A key that is in no frame: nothing has been asked about.
const NONE: u32 = u32::MAX;

/// What becomes of the attributes asked about so far.
struct Answers<F> {
    edit: F,
    /// For each value the key it was last asked about with, and the value that it becomes; none if it is removed. Most values
    /// occur with one key only.
    known: Vec<(u32, Option<u32>)>,
}

impl<F: FnMut(&str, ValueRef<'_>) -> Edit> Answers<F> {
    /// The row of the value that an attribute gets.
    #[inline]
    fn of(&mut self, key: u32, value: u32, tables: &mut Interner) -> Option<u32> {
        match self.known.get(value as usize) {
            Some((asked, answer)) if *asked == key => *answer,
            _ => self.ask(key, value, tables),
        }
    }

    #[cold]
    fn ask(&mut self, key: u32, value: u32, tables: &mut Interner) -> Option<u32> {
        let old = tables.tables();
        let answer = match (self.edit)(old.string(key), old.value(value)) {
            Edit::Keep => Some(value),
            Edit::Remove => None,
            Edit::Replace(new) => Some(tables.added(ValueRef::from(&new))),
        };
        if let Some(known) = self.known.get_mut(value as usize) {
            *known = (key, answer);
        }
        answer
    }
}

impl Frame {
    /// Asks about every attribute: of points, exemplars, resources, scopes and metadata alike. True if anything changed.
    ///
    /// Attributes are shared, so each distinct one is asked about once as a rule, however many points have it; the answer may
    /// depend on nothing but the key and the value. What is removed or replaced is nowhere in the frame any more. Points of a
    /// metric may have the same attributes afterwards, which the host refuses: [`Frame::merge_points`] makes one of them.
    ///
    /// ```
    /// use wasmeter_guest::Value;
    /// use wasmeter_guest::frame::{Edit, ValueRef};
    /// # use wasmeter_guest::frame::Frame;
    /// # let mut frame = Frame::default();
    ///
    /// let changed = frame.edit_attributes(|key, value| match (key, value) {
    ///     ("user.id", _) => Edit::Remove,
    ///     ("client.address", ValueRef::Text(_)) => Edit::Replace(Value::from("hidden")),
    ///     _ => Edit::Keep,
    /// });
    /// # assert!(!changed);
    /// ```
    pub fn edit_attributes(&mut self, edit: impl FnMut(&str, ValueRef<'_>) -> Edit) -> bool {
        let mut tables = Interner::of(std::mem::take(&mut self.tables));
        let values = tables.tables().tags.len();
        let mut answers = Answers { edit, known: vec![(NONE, None); values] };
        let used = self.used_sets(tables.tables().set_ends.len());
        let (keys, old_values, ends) = tables.take_sets();
        let mut changed = false;
        let mut sets = DistinctSets::with_room(keys.len(), ends.len());
        let mut rows = vec![0; ends.len()];
        for (set, (row, _)) in rows.iter_mut().zip(&used).enumerate().filter(|(_, (_, used))| **used) {
            let pairs = range(&ends, set);
            let values = old_values.get(pairs.clone()).unwrap_or_default();
            for (key, value) in keys.get(pairs).unwrap_or_default().iter().zip(values) {
                let new = answers.of(*key, *value, &mut tables);
                changed |= new != Some(*value);
                if let Some(new) = new {
                    sets.push(*key, new);
                }
            }
            *row = sets.close();
        }
        if !changed {
            self.tables = Tables { keys, values: old_values, set_ends: ends, ..tables.finish() };
            return false;
        }
        for column in self.set_columns() {
            column.iter_mut().for_each(|set| *set = at(&rows, *set as usize));
        }
        let (keys, values, set_ends) = sets.finish();
        self.tables = Tables { keys, values, set_ends, ..tables.finish() };
        Keeper::of(self).compact(self);
        true
    }

    /// Which sets anything refers to.
    fn used_sets(&mut self, sets: usize) -> Vec<bool> {
        let mut used = vec![false; sets];
        for column in self.set_columns() {
            for set in column {
                if let Some(used) = used.get_mut(*set as usize) {
                    *used = true;
                }
            }
        }
        used
    }

    /// Every column that refers to sets.
    fn set_columns(&mut self) -> [&mut Vec<u32>; 8] {
        [
            &mut self.resources.attributes,
            &mut self.scopes.attributes,
            &mut self.metrics.metadata,
            &mut self.numbers.points.attributes,
            &mut self.histograms.points.attributes,
            &mut self.exponentials.points.attributes,
            &mut self.summaries.points.attributes,
            &mut self.exemplars.attributes,
        ]
    }
}
