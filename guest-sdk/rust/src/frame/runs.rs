//! Which rows of a table are kept: runs of neighbours, which are moved together.

use std::ops::Range;

use super::columns::at;
use super::eights::{NOWHERE, each, row};

/// The runs of the rows that are used, and how many rows there are.
pub(super) struct Runs {
    runs: Vec<Range<usize>>,
    rows: usize,
}

impl Runs {
    #[inline(never)]
    pub(super) fn of(used: &[bool]) -> Self {
        let (mut runs, mut next) = (Vec::new(), 0);
        while let Some(start) = place_of(used, true, next) {
            next = place_of(used, false, start).unwrap_or(used.len());
            runs.push(start..next);
        }
        Self { runs, rows: used.len() }
    }

    /// True if every row is kept.
    pub(super) fn is_all(&self) -> bool {
        self.runs.iter().map(ExactSizeIterator::len).sum::<usize>() == self.rows
    }

    /// The new row of each row; of those that are not kept [`NOWHERE`].
    #[inline(never)]
    pub(super) fn new_rows(&self) -> Vec<u32> {
        let (mut rows, mut next) = (vec![NOWHERE; self.rows], 0);
        for run in &self.runs {
            each(rows.get_mut(run.clone()).unwrap_or_default(), |row| {
                *row = next;
                next += 1;
            });
        }
        rows
    }

    /// Takes everything but the kept rows out of a column.
    #[inline(never)]
    pub(super) fn keep<T: Copy>(&self, column: &mut Vec<T>) {
        let mut write = 0;
        for run in &self.runs {
            let run = run.start..run.end.min(column.len());
            let length = run.len();
            if length > 0 {
                column.copy_within(run, write);
                write += length;
            }
        }
        column.truncate(write);
    }

    /// The content of kept ranges: which of it, given where each range ends. The ends become those of what is kept.
    #[inline(never)]
    pub(super) fn keep_ranges(&self, ends: &mut Vec<u32>) -> Vec<Range<usize>> {
        let (mut content, mut length) = (Vec::with_capacity(self.runs.len()), 0);
        for run in &self.runs {
            let start = if run.start == 0 { 0 } else { at(ends, run.start - 1) };
            let end = at(ends, run.end.saturating_sub(1)).max(start);
            content.push(start as usize..end as usize);
        }
        for (run, content) in self.runs.iter().zip(&content) {
            let shift = row(content.start).wrapping_sub(length);
            let ends = ends.get_mut(run.clone()).unwrap_or_default();
            each(ends, |end| *end = end.wrapping_sub(shift));
            length += row(content.len());
        }
        self.keep(ends);
        content
    }
}

/// Where this is first, from a place on.
#[inline(always)]
fn place_of(used: &[bool], wanted: bool, from: usize) -> Option<usize> {
    let rest = used.get(from..)?;
    let (eights, _) = rest.as_chunks::<8>();
    let skipped = 8 * eights.iter().take_while(|eight| **eight == [!wanted; 8]).count();
    let found = rest.get(skipped..)?.iter().position(|used| *used == wanted)?;
    Some(from + skipped + found)
}
