//! Tables without what nothing refers to any more: what was removed must not leave with the frame.

use super::Frame;
use super::eights::{at, both, mark, renumber};
use super::runs::Runs;
use super::sets::Sets;
use super::tables::{BYTES, NESTED, TEXT, Tables};

/// Which rows of a frame's tables are referred to.
pub(super) struct Used {
    pub(super) strings: Vec<bool>,
    pub(super) values: Vec<bool>,
    blobs: Vec<bool>,
}

impl Used {
    /// What the frame's rows refer to themselves; nothing yet of what sets refer to.
    pub(super) fn beside_sets(frame: &mut Frame, tables: &Tables) -> Self {
        let mut strings = vec![false; tables.text_ends.len()];
        for column in string_columns(frame) {
            column.iter().for_each(|row| mark(&mut strings, *row));
        }
        Self { strings, values: vec![false; tables.tags.len()], blobs: vec![false; tables.blob_ends.len()] }
    }

    /// Tables were written on: there are more rows, which are not used yet.
    pub(super) fn grow(&mut self, tables: &Tables) {
        self.strings.resize(tables.text_ends.len(), false);
        self.values.resize(tables.tags.len(), false);
        self.blobs.resize(tables.blob_ends.len(), false);
    }

    /// Gives the frame tables and sets without what is not used, each set once. Keys and values of the sets have been marked.
    pub(super) fn keep(mut self, mut tables: Tables, mut sets: Sets, frame: &mut Frame) {
        let values = Runs::of(&self.values);
        if !values.is_all() {
            values.keep(&mut tables.tags);
            values.keep(&mut tables.bits);
            renumber(&mut sets.values, &values.new_rows());
        }
        self.mark_content(&tables.tags, &mut tables.bits);
        let strings = Runs::of(&self.strings);
        if !strings.is_all() {
            let rows = strings.new_rows();
            let kept = strings.keep_ranges(&mut tables.text_ends);
            let text = kept.into_iter().filter_map(|range| tables.text.get(range));
            let mut new = String::with_capacity(tables.text.len());
            new.extend(text);
            tables.text = new.into();
            renumber(&mut sets.keys, &rows);
            renumber_content(&tables.tags, &mut tables.bits, is_text, &rows);
            string_columns(frame).into_iter().for_each(|column| renumber(column, &rows));
        }
        let blobs = Runs::of(&self.blobs);
        if !blobs.is_all() {
            let kept = blobs.keep_ranges(&mut tables.blob_ends);
            let content = kept.into_iter().filter_map(|range| tables.blob.get(range));
            tables.blob = content.flatten().copied().collect();
            renumber_content(&tables.tags, &mut tables.bits, |tag| tag == BYTES, &blobs.new_rows());
        }
        if let Some(rows) = sets.unite() {
            set_columns(frame).into_iter().for_each(|column| renumber(column, &rows));
        }
        (tables.keys, tables.values, tables.set_ends) = (sets.keys, sets.values, sets.ends);
        frame.tables = tables;
    }

    /// Marks what values refer to.
    #[inline(never)]
    fn mark_content(&mut self, tags: &[u8], bits: &mut [u64]) {
        both(bits, tags, |bits, tag| {
            if is_text(*tag) {
                mark(&mut self.strings, place(*bits));
            } else if *tag == BYTES {
                mark(&mut self.blobs, place(*bits));
            }
        });
    }
}

#[inline(always)]
fn is_text(tag: u8) -> bool {
    tag == TEXT || tag == NESTED
}

/// The row that the bits of a value are.
#[inline(always)]
fn place(bits: u64) -> u32 {
    u32::try_from(bits).unwrap_or(u32::MAX)
}

/// Gives the values of some tags the rows that a list has for theirs.
#[inline(never)]
fn renumber_content(tags: &[u8], bits: &mut [u64], fits: impl Fn(u8) -> bool, rows: &[u32]) {
    both(bits, tags, |bits, tag| {
        if fits(*tag) {
            *bits = u64::from(at(rows, place(*bits)));
        }
    });
}

/// Every column that refers to strings.
fn string_columns(frame: &mut Frame) -> [&mut Vec<u32>; 7] {
    [
        &mut frame.resources.schema_url,
        &mut frame.scopes.name,
        &mut frame.scopes.version,
        &mut frame.scopes.schema_url,
        &mut frame.metrics.name,
        &mut frame.metrics.description,
        &mut frame.metrics.unit,
    ]
}

/// Every column that refers to sets.
fn set_columns(frame: &mut Frame) -> [&mut Vec<u32>; 8] {
    [
        &mut frame.resources.attributes,
        &mut frame.scopes.attributes,
        &mut frame.metrics.metadata,
        &mut frame.numbers.points.attributes,
        &mut frame.histograms.points.attributes,
        &mut frame.exponentials.points.attributes,
        &mut frame.summaries.points.attributes,
        &mut frame.exemplars.attributes,
    ]
}
