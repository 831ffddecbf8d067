//! Whether a frame that [`super::FrameBuilder`] did not write holds together: one that a plugin returned, say.
//!
//! Every rule that readers of frames rely on is here, and those of the data model whose breach would mislead a receiver.
//! Takes time linear in the size of the frame, but for the keys that are sorted, and never panics whatever its columns hold. What
//! nearly all frames keep is found out in passes over whole columns, and what is wrong is looked for only where such a pass fails.

mod hash;
mod once;
mod points;
mod rows;
mod series;
mod tables;

use std::fmt;

use super::{Frame, Offsets};

/// The first rule a frame was found to break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameFault {
    table: &'static str,
    wrong: String,
}

impl FrameFault {
    fn new(table: &'static str, wrong: impl Into<String>) -> Self {
        Self { table, wrong: wrong.into() }
    }
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table `{}`: {}", self.table, self.wrong)
    }
}

impl std::error::Error for FrameFault {}

impl Frame {
    /// Checks all that a frame must be:
    ///
    /// - columns of a table are equally long, ranges are in order and cover what they are ranges of, indices point into
    ///   their tables;
    /// - strings, values, sets and bounds are stored once;
    /// - metrics are grouped by scope and scopes by resource; points and exemplars are in the order of the metrics;
    /// - keys of attribute sets are distinct, metrics have names;
    /// - bounds ascend strictly, there is one count more than bounds (or none of either), counts add up to the number of
    ///   values, and what cannot be NaN is not;
    /// - no metric has two points with the same attributes, but for the last value and the end of a series.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, with the row.
    pub fn check(&self) -> Result<(), FrameFault> {
        let frame = &*self.interned();
        let keys_ascend = tables::check(frame)?;
        rows::check(frame)?;
        points::check(frame)?;
        once::check(frame)?;
        series::check(frame, keys_ascend)
    }
}

/// Refuses columns of unequal lengths.
fn equal(table: &'static str, rows: usize, columns: &[usize]) -> Result<(), FrameFault> {
    match columns.iter().find(|length| **length != rows) {
        None => Ok(()),
        Some(length) => Err(FrameFault::new(table, format!("columns of {rows} and {length} rows"))),
    }
}

/// Refuses an index beyond its table.
fn within(
    table: &'static str,
    column: &str,
    indices: impl Iterator<Item = u32> + Clone,
    rows: usize,
) -> Result<(), FrameFault> {
    // One end behind the greatest index.
    let end = indices.clone().fold(0, |end, index| end.max(u64::from(index) + 1));
    if end <= rows as u64 {
        return Ok(());
    }
    for (row, index) in indices.enumerate() {
        if index as usize >= rows {
            return Err(FrameFault::new(
                table,
                format!("`{column}` of row {row} is {index}, and there are {rows} to refer to"),
            ));
        }
    }
    Ok(())
}

/// Refuses ranges that go back or do not cover what they are ranges of.
pub(super) fn covers(
    table: &'static str,
    column: &str,
    ranges: &Offsets,
    length: usize,
) -> Result<(), FrameFault> {
    let ends = ranges.ends.as_slice();
    let following = ends.get(1..).unwrap_or_default();
    let is_sorted = ends.iter().zip(following).fold(true, |sorted, (end, next)| sorted & (end <= next));
    if is_sorted && ends.last().copied().unwrap_or_default() as usize == length {
        return Ok(());
    }
    let mut before = 0;
    for (row, end) in ends.iter().enumerate() {
        if *end < before {
            return Err(FrameFault::new(
                table,
                format!("range {row} of `{column}` ends at {end}, before it begins at {before}"),
            ));
        }
        before = *end;
    }
    if before as usize != length {
        return Err(FrameFault::new(
            table,
            format!("the ranges of `{column}` end at {before}, and there are {length}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod quick_tests;
#[cfg(test)]
mod tests;
