//! Loops over columns, eight rows at a time.
//!
//! The host has a plugin look at the clock each time a loop turns, and whatever the loop needs beyond a handful of numbers is
//! fetched from the stack then. So the loops that edit frames are functions of their own, which do one thing to one or two columns and
//! turn seldom: that is three times as fast as one loop that does it all.

/// Calls for each item.
#[inline(always)]
pub(super) fn each<T>(items: &mut [T], mut work: impl FnMut(&mut T)) {
    let (eights, rest) = items.as_chunks_mut::<8>();
    for eight in eights {
        eight.iter_mut().for_each(&mut work);
    }
    rest.iter_mut().for_each(work);
}

/// Calls for each item and the one that lies at the same place in another slice of the same length.
#[inline(always)]
pub(super) fn both<T, U>(items: &mut [T], others: &[U], mut work: impl FnMut(&mut T, &U)) {
    let (eights, rest) = items.as_chunks_mut::<8>();
    let (other_eights, other_rest) = others.as_chunks::<8>();
    for (eight, others) in eights.iter_mut().zip(other_eights) {
        eight.iter_mut().zip(others).for_each(|(item, other)| work(item, other));
    }
    rest.iter_mut().zip(other_rest).for_each(|(item, other)| work(item, other));
}

/// Stands for a row that is nowhere.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The row a column of rows has at a place, or the new row of a row.
#[inline(always)]
pub(super) fn at(rows: &[u32], row: u32) -> u32 {
    rows.get(row as usize).copied().unwrap_or_default()
}

/// A length as the end of a range. Rows are counted in 32 bits; a frame of more is refused by the host long before.
pub(super) fn row(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(NOWHERE)
}

/// Notes that a row of a table is referred to.
#[inline(always)]
pub(super) fn mark(used: &mut [bool], row: u32) {
    if let Some(used) = used.get_mut(row as usize) {
        *used = true;
    }
}

/// Gives each row of a column the one that the list has for it.
#[inline(never)]
pub(super) fn renumber(column: &mut [u32], rows: &[u32]) {
    each(column, |row| *row = at(rows, *row));
}

/// The distinct rows of a column that refers to a table of this length, in the order they are first met.
#[inline(never)]
pub(super) fn distinct(column: &[u32], length: usize) -> Vec<u32> {
    let mut seen = vec![false; length];
    let mut rows = Vec::new();
    let mut look = |row: &u32| {
        if seen.get(*row as usize) == Some(&false) {
            found(*row, &mut seen, &mut rows);
        }
    };
    let (eights, rest) = column.as_chunks::<8>();
    for eight in eights {
        eight.iter().for_each(&mut look);
    }
    rest.iter().for_each(look);
    rows
}

#[cold]
#[inline(never)]
fn found(row: u32, seen: &mut [bool], rows: &mut Vec<u32>) {
    mark(seen, row);
    rows.push(row);
}

#[cfg(test)]
mod tests {
    use super::{distinct, renumber};

    #[test]
    fn columns_are_gone_through_in_full() {
        let column: Vec<u32> = (0..19).chain([3, 18]).collect();
        assert_eq!(distinct(&column, 18), (0..18).collect::<Vec<_>>());
        let mut moved = column.clone();
        renumber(&mut moved, &(100..118).collect::<Vec<_>>());
        assert_eq!(moved, (100..118).chain([0, 103, 0]).collect::<Vec<_>>());
    }
}
