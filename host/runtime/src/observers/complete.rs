//! What an observer left open, filled in as the plugin contract says (`wit/observer.wit`).

use wasmeter_model::frame::{Frame, FrameBuilder, PointColumns, PointKind};
use wasmeter_model::{Resource, Temporality, Timestamp};

/// Completes the observation that the plugin `name` made at `now`, and the one before at `heard`.
pub(super) fn complete(
    mut frame: Frame,
    resource: &Resource,
    name: &str,
    heard: Timestamp,
    now: Timestamp,
) -> Frame {
    for kind in [PointKind::Gauge, PointKind::Histogram, PointKind::ExponentialHistogram, PointKind::Summary]
    {
        let columns = columns(&mut frame, kind).into_iter();
        for time in columns.flat_map(|columns| &mut columns.time) {
            if time.is_unknown() || *time > now {
                *time = now;
            }
        }
    }
    let deltas: Vec<_> = frame
        .metrics()
        .filter(|metric| metric.temporality() == Some(Temporality::Delta))
        .map(|metric| (metric.kind(), metric.points()))
        .collect();
    for (kind, points) in deltas {
        let columns = columns(&mut frame, kind);
        let starts = columns.and_then(|columns| columns.start.get_mut(points)).unwrap_or_default();
        starts.iter_mut().filter(|start| start.is_unknown()).for_each(|start| *start = heard);
    }
    named(frame, resource, name)
}

/// Gives resources without content, and scopes without a name, the host's resource and this name.
fn named(frame: Frame, resource: &Resource, name: &str) -> Frame {
    let mut named = FrameBuilder::new();
    let own = named.attributes(&resource.attributes);
    let (schema_url, name) = (named.string(&resource.schema_url), named.string(name));
    named.append(&frame, |_, _| true);
    let mut frame = named.finish();
    for row in 0..frame.resources.attributes.len() {
        let is_open = |frame: &Frame| {
            let attributes = frame.resources.attributes.get(row)?;
            let url = frame.resources.schema_url.get(row)?;
            Some(frame.pairs(*attributes).next().is_none() && frame.strings.get(*url).is_empty())
        };
        if is_open(&frame) == Some(true) {
            frame.resources.attributes.get_mut(row).into_iter().for_each(|set| *set = own);
            frame.resources.schema_url.get_mut(row).into_iter().for_each(|url| *url = schema_url);
        }
    }
    let strings = &frame.strings;
    frame
        .scopes
        .name
        .iter_mut()
        .filter(|known| strings.get(**known).is_empty())
        .for_each(|known| *known = name);
    frame
}

/// The table of a kind's points.
fn columns(frame: &mut Frame, kind: PointKind) -> Option<&mut PointColumns> {
    match kind {
        PointKind::None => None,
        PointKind::Gauge | PointKind::Sum => Some(&mut frame.numbers.columns),
        PointKind::Histogram => Some(&mut frame.histograms.columns),
        PointKind::ExponentialHistogram => Some(&mut frame.exponentials.columns),
        PointKind::Summary => Some(&mut frame.summaries.columns),
    }
}
