//! Resources, scopes and metrics, and that points and exemplars are in their order.

use super::{FrameFault, equal, within};
use crate::frame::{Frame, PointColumns, PointKind, SetId, StringId};

pub(super) fn check(frame: &Frame) -> Result<(), FrameFault> {
    resources(frame)?;
    scopes(frame)?;
    metrics(frame)?;
    order(frame)
}

fn strings(frame: &Frame, table: &'static str, columns: &[(&str, &Vec<StringId>)]) -> Result<(), FrameFault> {
    columns.iter().try_for_each(|(name, column)| {
        within(table, name, column.iter().map(|id| id.0), frame.strings.offsets.len())
    })
}

pub(super) fn sets(
    frame: &Frame,
    table: &'static str,
    name: &str,
    column: &[SetId],
) -> Result<(), FrameFault> {
    within(table, name, column.iter().map(|id| id.0), frame.sets.offsets.len())
}

/// Refuses rows that are not grouped by what they belong to.
fn grouped(table: &'static str, column: &str, owners: &[u32]) -> Result<(), FrameFault> {
    if owners.is_sorted() {
        return Ok(());
    }
    Err(FrameFault::new(table, format!("`{column}` goes back; rows must be grouped by it")))
}

fn resources(frame: &Frame) -> Result<(), FrameFault> {
    let resources = &frame.resources;
    let columns = [resources.schema_url.len(), resources.dropped_attributes.len(), resources.entities.len()];
    equal("resources", resources.attributes.len(), &columns)?;
    sets(frame, "resources", "attributes", &resources.attributes)?;
    strings(frame, "resources", &[("schema-url", &resources.schema_url)])
}

fn scopes(frame: &Frame) -> Result<(), FrameFault> {
    let scopes = &frame.scopes;
    let columns = [
        scopes.name.len(),
        scopes.version.len(),
        scopes.schema_url.len(),
        scopes.attributes.len(),
        scopes.dropped_attributes.len(),
    ];
    equal("scopes", scopes.resource.len(), &columns)?;
    let resources = frame.resources.attributes.len();
    within("scopes", "resource", scopes.resource.iter().copied(), resources)?;
    grouped("scopes", "resource", &scopes.resource)?;
    sets(frame, "scopes", "attributes", &scopes.attributes)?;
    let columns = [("name", &scopes.name), ("version", &scopes.version), ("schema-url", &scopes.schema_url)];
    strings(frame, "scopes", &columns)
}

fn metrics(frame: &Frame) -> Result<(), FrameFault> {
    let metrics = &frame.metrics;
    let columns = [
        metrics.name.len(),
        metrics.description.len(),
        metrics.unit.len(),
        metrics.kind.len(),
        metrics.temporality.len(),
        metrics.monotonic.len(),
        metrics.metadata.len(),
        metrics.points_start.len(),
        metrics.points_end.len(),
    ];
    equal("metrics", metrics.scope.len(), &columns)?;
    within("metrics", "scope", metrics.scope.iter().copied(), frame.scopes.name.len())?;
    grouped("metrics", "scope", &metrics.scope)?;
    let columns = [("name", &metrics.name), ("description", &metrics.description), ("unit", &metrics.unit)];
    strings(frame, "metrics", &columns)?;
    sets(frame, "metrics", "metadata", &metrics.metadata)?;
    match metrics.name.iter().position(|name| frame.strings.get(*name).is_empty()) {
        None => Ok(()),
        Some(row) => Err(FrameFault::new("metrics", format!("row {row} has an empty name"))),
    }
}

/// How far the points of each table and the exemplars have been claimed.
#[derive(Default)]
struct Claimed {
    numbers: usize,
    histograms: usize,
    exponentials: usize,
    summaries: usize,
    exemplars: usize,
}

/// Walks metrics, their points and their exemplars: each must begin where the one before ended, and all must be reached.
fn order(frame: &Frame) -> Result<(), FrameFault> {
    let mut claimed = Claimed::default();
    let metrics = &frame.metrics;
    let ranges = metrics.points_start.iter().zip(&metrics.points_end);
    for (row, (kind, (start, end))) in metrics.kind.iter().zip(ranges).enumerate() {
        let (start, end) = (*start as usize, *end as usize);
        let (columns, next) = match kind {
            PointKind::None => {
                if start != end {
                    return Err(FrameFault::new("metrics", format!("row {row} has points, but no kind")));
                }
                continue;
            }
            PointKind::Gauge | PointKind::Sum => (&frame.numbers.columns, &mut claimed.numbers),
            PointKind::Histogram => (&frame.histograms.columns, &mut claimed.histograms),
            PointKind::ExponentialHistogram => (&frame.exponentials.columns, &mut claimed.exponentials),
            PointKind::Summary => (&frame.summaries.columns, &mut claimed.summaries),
        };
        if start != *next || end < start || end > columns.len() {
            let wrong = format!(
                "the points of row {row} are {start} to {end}, expected from {next} to at most {}",
                columns.len()
            );
            return Err(FrameFault::new("metrics", wrong));
        }
        *next = end;
        exemplars(columns, start..end, &mut claimed.exemplars)?;
    }
    for (table, claimed, length) in [
        ("numbers", claimed.numbers, frame.numbers.columns.len()),
        ("histograms", claimed.histograms, frame.histograms.columns.len()),
        ("exponentials", claimed.exponentials, frame.exponentials.columns.len()),
        ("summaries", claimed.summaries, frame.summaries.columns.len()),
        ("exemplars", claimed.exemplars, frame.exemplars.time.len()),
    ] {
        if claimed != length {
            let wrong = format!("{length} rows, of which {claimed} belong to something");
            return Err(FrameFault::new(table, wrong));
        }
    }
    Ok(())
}

fn exemplars(
    columns: &PointColumns,
    points: std::ops::Range<usize>,
    claimed: &mut usize,
) -> Result<(), FrameFault> {
    let starts = columns.exemplars_start.get(points.clone()).unwrap_or_default();
    let ends = columns.exemplars_end.get(points.clone()).unwrap_or_default();
    equal("points", points.len(), &[starts.len(), ends.len()])?;
    for (start, end) in starts.iter().zip(ends) {
        if *start as usize != *claimed || end < start {
            let wrong = format!("a point's exemplars are {start} to {end}, expected from {claimed}");
            return Err(FrameFault::new("points", wrong));
        }
        *claimed = *end as usize;
    }
    Ok(())
}
