//! Frames whose sets are all interned, for those who read columns.

use std::borrow::Cow;

use super::intern::Interned;
use super::tables::{KeptSets, SetId, Sets};
use super::{Frame, FrameBuilder};

impl Frame {
    /// True if each set is a row of keys and values, and no two are equal.
    pub fn is_interned(&self) -> bool {
        self.sets.kept.bare() == 0
    }

    /// The same frame with all sets interned.
    ///
    /// The sets of a collection are those of the engine, kept as they are, since whoever encodes them has no use for rows. Whoever reads
    /// the columns of sets, strings and values has them made here: takes some hundred nanoseconds for each set, none if they are there.
    #[must_use]
    pub fn into_interned(mut self) -> Self {
        if self.is_interned() {
            return self;
        }
        let before = std::mem::take(&mut self.sets);
        let count = before.len();
        self.sets = Sets { kept: KeptSets::with_capacity(count), ..Sets::default() };
        self.sets.offsets.ends.reserve(count);
        let mut builder = FrameBuilder::new();
        (builder.interned, builder.frame) = (Interned::texts_of(&self), self);
        let ids: Vec<SetId> = (0..count).map(|row| builder.interned_row(&before, row)).collect();
        drop(before);
        let mut frame = builder.finish();
        for column in frame.set_columns() {
            for set in column {
                *set = ids.get(set.0 as usize).copied().unwrap_or_default();
            }
        }
        frame
    }

    /// As [`Frame::into_interned`], for whoever has no frame of his own; copies it if anything is to be done.
    pub fn interned(&self) -> Cow<'_, Self> {
        if self.is_interned() { Cow::Borrowed(self) } else { Cow::Owned(self.clone().into_interned()) }
    }

    /// True if two sets of the frame are equal: if they are one, where all are interned.
    pub(super) fn is_same_set(&self, one: SetId, other: SetId) -> bool {
        one == other || (!self.is_interned() && self.pairs(one).eq(self.pairs(other)))
    }

    /// All columns that refer to sets.
    pub(super) fn set_columns(&mut self) -> [&mut Vec<SetId>; 8] {
        [
            &mut self.resources.attributes,
            &mut self.scopes.attributes,
            &mut self.metrics.metadata,
            &mut self.numbers.columns.attributes,
            &mut self.histograms.columns.attributes,
            &mut self.exponentials.columns.attributes,
            &mut self.summaries.columns.attributes,
            &mut self.exemplars.attributes,
        ]
    }
}

impl FrameBuilder {
    /// The id of a row of the table there was before, whose strings and values are those of this one.
    fn interned_row(&mut self, before: &Sets, row: usize) -> SetId {
        let set = SetId(super::builder::id(row));
        if let Some(bare) = before.bare(set) {
            return self.attributes(bare);
        }
        let range = before.offsets.range(row);
        let (keys, values) = (before.keys.get(range.clone()), before.values.get(range));
        let pairs = keys.unwrap_or_default().iter().zip(values.unwrap_or_default());
        let pairs: Vec<_> = pairs.map(|(key, value)| (*key, *value)).collect();
        let id = self.set_of_ids(&pairs);
        if let Some(kept) = before.kept.get(set) {
            self.frame.sets.kept.keep(id, kept);
        }
        id
    }
}
