//! The points of each kind, and exemplars: columns of equal length, and what the data model says of their values.

use super::{FrameFault, covers, equal, rows::sets, within};
use crate::frame::points::{HAS_MAX, HAS_MIN, HAS_SUM};
use crate::frame::{Frame, NumberPoints, PointColumns};
use crate::total_count;

pub(super) fn check(frame: &Frame) -> Result<(), FrameFault> {
    numbers(frame)?;
    histograms(frame)?;
    exponentials(frame)?;
    summaries(frame)?;
    exemplars(frame)
}

fn columns(frame: &Frame, table: &'static str, columns: &PointColumns) -> Result<(), FrameFault> {
    let lengths = [
        columns.start.len(),
        columns.time.len(),
        columns.flags.len(),
        columns.exemplars_start.len(),
        columns.exemplars_end.len(),
    ];
    equal(table, columns.len(), &lengths)?;
    sets(frame, table, "attributes", &columns.attributes)
}

fn tags(table: &'static str, tags: &[u8]) -> Result<(), FrameFault> {
    within(table, "tags", tags.iter().map(|tag| u32::from(*tag)), usize::from(NumberPoints::DOUBLE) + 1)
}

fn known(table: &'static str, known: &[u8]) -> Result<(), FrameFault> {
    let all = usize::from(HAS_SUM | HAS_MIN | HAS_MAX);
    within(table, "known", known.iter().map(|bits| u32::from(*bits)), all + 1)
}

/// Whether buckets that hold `held` are those of a point that counts `count`: a count that has reached its end stays there.
fn adds_up(count: u64, held: u128) -> bool {
    held == u128::from(count) || (count == u64::MAX && held > u128::from(count))
}

fn numbers(frame: &Frame) -> Result<(), FrameFault> {
    let numbers = &frame.numbers;
    columns(frame, "numbers", &numbers.columns)?;
    equal("numbers", numbers.columns.len(), &[numbers.tags.len(), numbers.bits.len()])?;
    tags("numbers", &numbers.tags)
}

fn histograms(frame: &Frame) -> Result<(), FrameFault> {
    const TABLE: &str = "histograms";
    let points = &frame.histograms;
    columns(frame, TABLE, &points.columns)?;
    let rows = points.columns.len();
    let lengths = [
        points.count.len(),
        points.known.len(),
        points.sum.len(),
        points.min.len(),
        points.max.len(),
        points.bounds.len(),
        points.counts_offsets.len(),
    ];
    equal(TABLE, rows, &lengths)?;
    known(TABLE, &points.known)?;
    within(TABLE, "bounds", points.bounds.iter().map(|id| id.0), frame.bounds.offsets.len())?;
    covers(TABLE, "counts", &points.counts_offsets, points.counts.len())?;
    for (row, count) in points.count.iter().enumerate() {
        let bounds = points.bounds.get(row).map(|id| frame.bounds.get(*id)).unwrap_or_default();
        let counts = points.counts.get(points.counts_offsets.range(row)).unwrap_or_default();
        if counts.is_empty() && bounds.is_empty() {
            continue;
        }
        if counts.len() != bounds.len() + 1 {
            let wrong = format!("row {row} has {} bounds and {} counts", bounds.len(), counts.len());
            return Err(FrameFault::new(TABLE, wrong));
        }
        if !adds_up(*count, total_count(counts)) {
            let wrong =
                format!("row {row} counts {count} values, and its buckets hold {}", total_count(counts));
            return Err(FrameFault::new(TABLE, wrong));
        }
    }
    Ok(())
}

fn exponentials(frame: &Frame) -> Result<(), FrameFault> {
    const TABLE: &str = "exponentials";
    let points = &frame.exponentials;
    columns(frame, TABLE, &points.columns)?;
    let rows = points.columns.len();
    let lengths = [
        points.count.len(),
        points.known.len(),
        points.sum.len(),
        points.min.len(),
        points.max.len(),
        points.scale.len(),
        points.zero_count.len(),
        points.zero_threshold.len(),
        points.positive_offset.len(),
        points.positive.len(),
        points.negative_offset.len(),
        points.negative.len(),
    ];
    equal(TABLE, rows, &lengths)?;
    known(TABLE, &points.known)?;
    if let Some(row) = points.zero_threshold.iter().position(|width| width.is_nan() || *width < 0.0) {
        return Err(FrameFault::new(TABLE, format!("the zero bucket of row {row} has no width")));
    }
    for (row, (count, zero)) in points.count.iter().zip(&points.zero_count).enumerate() {
        let (positive, negative) = (points.positive.get(row), points.negative.get(row));
        let held = positive.total() + negative.total() + u128::from(*zero);
        if !adds_up(*count, held) {
            let wrong = format!("row {row} counts {count} values, and its buckets hold {held}");
            return Err(FrameFault::new(TABLE, wrong));
        }
        for (offsets, counts) in [(&points.positive_offset, positive), (&points.negative_offset, negative)] {
            let offset = offsets.get(row).copied().unwrap_or_default();
            if i64::from(offset) + counts.len() as i64 > i64::from(i32::MAX) {
                let wrong = format!("the buckets of row {row} from {offset} on have no indices left");
                return Err(FrameFault::new(TABLE, wrong));
            }
        }
    }
    Ok(())
}

fn summaries(frame: &Frame) -> Result<(), FrameFault> {
    const TABLE: &str = "summaries";
    let points = &frame.summaries;
    columns(frame, TABLE, &points.columns)?;
    let lengths = [points.count.len(), points.sum.len(), points.quantile_offsets.len()];
    equal(TABLE, points.columns.len(), &lengths)?;
    equal(TABLE, points.quantiles.len(), &[points.quantile_values.len()])?;
    covers(TABLE, "quantiles", &points.quantile_offsets, points.quantiles.len())?;
    match points.quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
        None => Ok(()),
        Some(quantile) => Err(FrameFault::new(TABLE, format!("the quantile {quantile} is not from 0 to 1"))),
    }
}

fn exemplars(frame: &Frame) -> Result<(), FrameFault> {
    let exemplars = &frame.exemplars;
    let lengths = [
        exemplars.time.len(),
        exemplars.tags.len(),
        exemplars.bits.len(),
        exemplars.trace_id.len(),
        exemplars.span_id.len(),
    ];
    equal("exemplars", exemplars.attributes.len(), &lengths)?;
    sets(frame, "exemplars", "attributes", &exemplars.attributes)?;
    tags("exemplars", &exemplars.tags)
}
