//! Changing attributes where they are kept, instead of point by point.

use super::Frame;
use super::intern::Interner;
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

/// Not worked out yet.
const UNKNOWN: u32 = u32::MAX;

/// Writes the tables of a frame anew, with what is referred to and no more.
struct Rewriter<'a, F> {
    old: &'a Tables,
    new: Interner,
    strings: Vec<u32>,
    values: Vec<u32>,
    sets: Vec<u32>,
    edit: F,
    changed: bool,
}

impl<F: FnMut(&str, ValueRef<'_>) -> Edit> Rewriter<'_, F> {
    fn string(&mut self, row: u32) -> u32 {
        match self.strings.get_mut(row as usize) {
            Some(new) => {
                if *new == UNKNOWN {
                    *new = self.new.string(self.old.string(row));
                }
                *new
            }
            None => self.new.string(""),
        }
    }

    fn value(&mut self, row: u32) -> u32 {
        match self.values.get_mut(row as usize) {
            Some(new) => {
                if *new == UNKNOWN {
                    *new = self.new.value(self.old.value(row));
                }
                *new
            }
            None => self.new.value(ValueRef::Empty),
        }
    }

    fn set(&mut self, row: u32) -> u32 {
        if let Some(known) = self.sets.get(row as usize).filter(|known| **known != UNKNOWN) {
            return *known;
        }
        let range = super::columns::range(&self.old.set_ends, row as usize);
        let keys = self.old.keys.get(range.clone()).unwrap_or_default();
        let values = self.old.values.get(range).unwrap_or_default();
        let mut pairs = Vec::with_capacity(keys.len());
        for (key, value) in keys.iter().zip(values) {
            let value = match (self.edit)(self.old.string(*key), self.old.value(*value)) {
                Edit::Keep => self.value(*value),
                Edit::Remove => {
                    self.changed = true;
                    continue;
                }
                Edit::Replace(value) => {
                    self.changed = true;
                    self.new.value(ValueRef::from(&value))
                }
            };
            pairs.push((self.string(*key), value));
        }
        let new = self.new.set(pairs);
        if let Some(known) = self.sets.get_mut(row as usize) {
            *known = new;
        }
        new
    }
}

impl Frame {
    /// Asks about every attribute of every set: of points, exemplars, resources, scopes and metadata alike. True if anything
    /// changed.
    ///
    /// Sets are shared, so each distinct set is asked about once, however many points have it. What is removed or replaced is
    /// nowhere in the frame any more. Points of a metric may have the same attributes afterwards, which the host refuses:
    /// [`Frame::merge_points`] makes one of them.
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
        let old = std::mem::take(&mut self.tables);
        let mut rewriter = Rewriter {
            old: &old,
            new: Interner::default(),
            strings: vec![UNKNOWN; old.text_ends.len()],
            values: vec![UNKNOWN; old.tags.len()],
            sets: vec![UNKNOWN; old.set_ends.len()],
            edit,
            changed: false,
        };
        for column in [
            &mut self.resources.attributes,
            &mut self.scopes.attributes,
            &mut self.metrics.metadata,
            &mut self.numbers.points.attributes,
            &mut self.histograms.points.attributes,
            &mut self.exponentials.points.attributes,
            &mut self.summaries.points.attributes,
            &mut self.exemplars.attributes,
        ] {
            column.iter_mut().for_each(|set| *set = rewriter.set(*set));
        }
        for column in [
            &mut self.resources.schema_url,
            &mut self.scopes.name,
            &mut self.scopes.version,
            &mut self.scopes.schema_url,
            &mut self.metrics.name,
            &mut self.metrics.description,
            &mut self.metrics.unit,
        ] {
            column.iter_mut().for_each(|string| *string = rewriter.string(*string));
        }
        let changed = rewriter.changed;
        self.tables = rewriter.new.finish();
        changed
    }
}
