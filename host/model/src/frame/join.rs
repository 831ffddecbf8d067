//! Putting frames that were written apart together, as if they had been written one behind the other.

use super::builder::id;
use super::points::PointColumns;
use super::tables::{BoundsId, SetId, Sets, StringId, ValueId};
use super::{Frame, FrameBuilder, PointKind};

/// What the rows of a frame are in the one it is put behind.
struct Rows {
    strings: Vec<StringId>,
    values: Vec<ValueId>,
    sets: SetRows,
    bounds: Vec<BoundsId>,
    /// The row of its first exemplar.
    exemplars: u32,
}

/// What the sets are.
enum SetRows {
    /// All of them behind those there are, which so many are.
    Behind(u32),
    Each(Vec<SetId>),
}

impl SetRows {
    fn of(&self, row: SetId) -> SetId {
        match self {
            Self::Behind(before) => SetId(row.0 + before),
            Self::Each(rows) => rows.get(row.0 as usize).copied().unwrap_or_default(),
        }
    }

    /// Adds a column of sets to another one.
    fn extend(&self, to: &mut Vec<SetId>, from: &[SetId]) {
        match self {
            Self::Behind(before) => to.extend(from.iter().map(|set| SetId(set.0 + before))),
            Self::Each(_) => to.extend(from.iter().map(|set| self.of(*set))),
        }
    }
}

impl Rows {
    #[inline]
    fn string(&self, row: StringId) -> StringId {
        self.strings.get(row.0 as usize).copied().unwrap_or_default()
    }

    #[inline]
    fn value(&self, row: ValueId) -> ValueId {
        self.values.get(row.0 as usize).copied().unwrap_or_default()
    }

    fn bounds(&self, row: BoundsId) -> BoundsId {
        self.bounds.get(row.0 as usize).copied().unwrap_or_default()
    }

    fn columns(&self, to: &mut PointColumns, from: &PointColumns) {
        self.sets.extend(&mut to.attributes, &from.attributes);
        to.start.extend_from_slice(&from.start);
        to.time.extend_from_slice(&from.time);
        to.flags.extend_from_slice(&from.flags);
        to.exemplars_start.extend(from.exemplars_start.iter().map(|row| row + self.exemplars));
        to.exemplars_end.extend(from.exemplars_end.iter().map(|row| row + self.exemplars));
    }
}

impl FrameBuilder {
    /// Adds all of a frame behind what is there. Takes a copy of its columns; what is interned is looked for, what is
    /// [kept](FrameBuilder::kept) is not.
    ///
    /// A resource joins the one that is open if it is the very same, and so does a scope.
    pub fn join(&mut self, mut frame: Frame) {
        let rows = self.join_tables(&mut frame);
        let points_before = PointKind::ALL.map(|kind| id(self.table_len(kind)));
        self.join_owners(&rows, &frame, points_before);
        self.join_points(&rows, &frame);
        let (to, from) = (&mut self.frame.exemplars, &frame.exemplars);
        rows.sets.extend(&mut to.attributes, &from.attributes);
        to.time.extend_from_slice(&from.time);
        to.tags.extend_from_slice(&from.tags);
        to.bits.extend_from_slice(&from.bits);
        to.trace_id.extend_from_slice(&from.trace_id);
        to.span_id.extend_from_slice(&from.span_id);
        self.close_exemplars();
    }

    fn join_tables(&mut self, frame: &mut Frame) -> Rows {
        let strings =
            (0..id(frame.strings.offsets.len())).map(|row| self.string(frame.strings.get(StringId(row))));
        let strings = strings.collect();
        let values = (0..id(frame.values.tags.len()))
            .map(|row| self.value(frame.values.get(ValueId(row), &frame.strings)))
            .collect();
        let bounds =
            (0..id(frame.bounds.offsets.len())).map(|row| self.bounds(frame.bounds.get(BoundsId(row))));
        let bounds = bounds.collect();
        let exemplars = id(self.frame.exemplars.time.len());
        let sets = SetRows::Behind(id(self.frame.sets.len()));
        let mut rows = Rows { strings, values, sets, bounds, exemplars };
        if frame.is_interned() {
            let all = (0..id(frame.sets.len())).map(SetId);
            rows.sets = SetRows::Each(all.map(|set| self.join_set(&rows, frame, set)).collect());
        } else {
            self.join_sets(&rows, &mut frame.sets);
        }
        rows
    }

    /// Interns a set of the frame.
    fn join_set(&mut self, rows: &Rows, frame: &Frame, set: SetId) -> SetId {
        let (keys, values) = frame.pair_ids(set);
        let pairs = keys.iter().zip(values).map(|(key, value)| (rows.string(*key), rows.value(*value)));
        let pairs: Vec<_> = pairs.collect();
        let joined = self.set_of_ids(&pairs);
        if let Some(kept) = frame.sets.kept.get(set) {
            self.frame.sets.kept.keep(joined, kept);
        }
        joined
    }

    /// Puts all sets behind those there are, also those that are there already: only where all are interned they differ.
    fn join_sets(&mut self, rows: &Rows, from: &mut Sets) {
        let to = &mut self.frame.sets;
        let before = to.len();
        to.offsets.join(&from.offsets, to.keys.len());
        to.keys.extend(from.keys.iter().map(|key| rows.string(*key)));
        to.values.extend(from.values.iter().map(|value| rows.value(*value)));
        to.kept.join(&mut from.kept, before);
    }

    /// Adds resources, scopes and metrics, whose points come behind those there are.
    fn join_owners(&mut self, rows: &Rows, frame: &Frame, points_before: [u32; PointKind::ALL.len()]) {
        let mut scope_rows = Vec::with_capacity(frame.scopes.name.len());
        let mut open = None;
        for scope in frame.scopes() {
            let resource = scope.resource();
            let attributes = rows.sets.of(resource.attributes());
            if open != Some(resource.row()) {
                let (schema_url, dropped) = (resource.schema_url(), resource.dropped_attributes());
                if !self.is_open_resource(attributes, schema_url, dropped) {
                    self.resource(attributes, schema_url, dropped);
                }
                self.entities(resource.entities());
                open = Some(resource.row());
            }
            let (name, version, schema_url) = (scope.name(), scope.version(), scope.schema_url());
            let (attributes, dropped) = (rows.sets.of(scope.attributes()), scope.dropped_attributes());
            if !self.is_open_scope(name, version, schema_url, attributes, dropped) {
                self.scope(name, version, schema_url, attributes, dropped);
            }
            scope_rows.push(id(self.frame.scopes.name.len().saturating_sub(1)));
        }
        let (to, from) = (&mut self.frame.metrics, &frame.metrics);
        to.scope
            .extend(from.scope.iter().map(|row| scope_rows.get(*row as usize).copied().unwrap_or_default()));
        to.name.extend(from.name.iter().map(|row| rows.string(*row)));
        to.description.extend(from.description.iter().map(|row| rows.string(*row)));
        to.unit.extend(from.unit.iter().map(|row| rows.string(*row)));
        to.kind.extend_from_slice(&from.kind);
        to.temporality.extend_from_slice(&from.temporality);
        to.monotonic.extend_from_slice(&from.monotonic);
        rows.sets.extend(&mut to.metadata, &from.metadata);
        let before = |kind: &PointKind| points_before.get(*kind as usize).copied().unwrap_or_default();
        to.points_start
            .extend(from.points_start.iter().zip(&from.kind).map(|(row, kind)| row + before(kind)));
        to.points_end.extend(from.points_end.iter().zip(&from.kind).map(|(row, kind)| row + before(kind)));
    }

    fn join_points(&mut self, rows: &Rows, frame: &Frame) {
        let (to, from) = (&mut self.frame.numbers, &frame.numbers);
        rows.columns(&mut to.columns, &from.columns);
        to.tags.extend_from_slice(&from.tags);
        to.bits.extend_from_slice(&from.bits);

        let (to, from) = (&mut self.frame.histograms, &frame.histograms);
        rows.columns(&mut to.columns, &from.columns);
        to.count.extend_from_slice(&from.count);
        to.known.extend_from_slice(&from.known);
        to.sum.extend_from_slice(&from.sum);
        to.min.extend_from_slice(&from.min);
        to.max.extend_from_slice(&from.max);
        to.bounds.extend(from.bounds.iter().map(|row| rows.bounds(*row)));
        to.counts_offsets.join(&from.counts_offsets, to.counts.len());
        to.counts.extend_from_slice(&from.counts);

        let (to, from) = (&mut self.frame.exponentials, &frame.exponentials);
        rows.columns(&mut to.columns, &from.columns);
        to.count.extend_from_slice(&from.count);
        to.known.extend_from_slice(&from.known);
        to.sum.extend_from_slice(&from.sum);
        to.min.extend_from_slice(&from.min);
        to.max.extend_from_slice(&from.max);
        to.scale.extend_from_slice(&from.scale);
        to.zero_count.extend_from_slice(&from.zero_count);
        to.zero_threshold.extend_from_slice(&from.zero_threshold);
        to.positive_offset.extend_from_slice(&from.positive_offset);
        to.positive.join(&from.positive);
        to.negative_offset.extend_from_slice(&from.negative_offset);
        to.negative.join(&from.negative);

        let (to, from) = (&mut self.frame.summaries, &frame.summaries);
        rows.columns(&mut to.columns, &from.columns);
        to.count.extend_from_slice(&from.count);
        to.sum.extend_from_slice(&from.sum);
        to.quantile_offsets.join(&from.quantile_offsets, to.quantiles.len());
        to.quantiles.extend_from_slice(&from.quantiles);
        to.quantile_values.extend_from_slice(&from.quantile_values);
    }
}
