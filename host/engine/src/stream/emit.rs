//! Writing the series of a stream into the frame.

use wasmeter_model::frame::{
    ExponentialRow, FrameBuilder, HistogramRow, MetricRow, NO_RECORDED_VALUE, NumberRow, PointHeader,
    PointKind, SetId,
};
use wasmeter_model::{Attributes, Timestamp};

use super::{Output, Passed, Slot, SlotState, Slots, StreamKey};
use crate::filter::{MetricStream, Verdict};
use crate::views::Aggregator;

/// Which collection a stream is written in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collection {
    /// Counts the collections of the engine.
    pub(crate) number: u64,
    /// The time of the points.
    pub(crate) now: Timestamp,
}

/// How many places of a stream, or sources of an instrument, are worked on before whoever waits for its lock has a turn. In tests of
/// the crate itself it is one, so that little is needed for something to come in between.
pub(crate) const CHUNK: usize = if cfg!(test) { 1 } else { 2048 };

/// One metric on its way into a frame.
pub(crate) struct Emission<'a> {
    pub(crate) key: &'a StreamKey,
    pub(crate) collection: Collection,
    /// True once the metric is in the frame.
    pub(crate) is_open: bool,
}

impl Slots {
    /// The attributes of the series in some places that have something to export in this collection.
    pub(crate) fn to_export(
        &self,
        key: &StreamKey,
        collection: Collection,
        places: std::ops::Range<usize>,
    ) -> impl Iterator<Item = &Attributes> {
        let slots = self.iter_in(places).filter(move |slot| slot.has_something(key, collection));
        slots.map(|slot| &slot.attributes)
    }

    /// Writes the metric and, of the next places that the collection comes to, those points that pass the reader's filter, if it
    /// has any. True if there is more to come to.
    pub(crate) fn emit(
        &mut self,
        emission: &mut Emission<'_>,
        verdict: &Verdict,
        frame: &mut FrameBuilder,
    ) -> bool {
        let Emission { key, collection, ref mut is_open } = *emission;
        let (description, metadata) = (self.description.text().clone(), self.metadata.clone());
        self.pass(CHUNK, |slot, interval| {
            let (is_ended, has_value) = (slot.has_end(), slot.has_value(key, collection));
            if (!has_value && !is_ended) || !verdict.passes(&slot.attributes) {
                return Passed::Collected;
            }
            if !std::mem::replace(is_open, true) {
                let metadata = frame.kept(&metadata);
                frame.metric(key.row(&description), metadata);
            }
            let attributes = frame.kept(&slot.attributes);
            if has_value {
                // Whoever ended the series may have read another clock than the collections do.
                let after = Timestamp(interval.start.0.saturating_add(1));
                let ended = slot.ended().filter(|ended| (after..collection.now).contains(ended));
                let time = ended.unwrap_or(collection.now);
                // Clocks differ, and a measurement may come while a collection is under way: no point starts after its end.
                slot.start = slot.start.min(time);
                slot.exemplars.emit(&slot.attributes, time, frame);
                slot.emit_value(key, PointHeader { attributes, start: slot.start, time, flags: 0 }, frame);
            }
            if is_ended {
                emit_end(key, attributes, slot.start, collection.now, frame);
            }
            Passed::Collected
        })
    }

    /// Comes to the next places of a stream that had nothing to export. True if there is more to come to. What has something by
    /// now goes on until the next collection; what does not pass the filter has had its interval all the same.
    pub(crate) fn pass_over(&mut self, key: &StreamKey, collection: Collection, verdict: &Verdict) -> bool {
        self.pass(CHUNK, |slot, _| {
            let is_left = slot.has_something(key, collection) && verdict.passes(&slot.attributes);
            if is_left { Passed::Left } else { Passed::Collected }
        })
    }
}

impl StreamKey {
    /// As filters know it.
    pub(crate) fn metric(&self) -> MetricStream<'_> {
        MetricStream::new(&self.scope, &self.name, self.point_kind(), &self.unit)
    }

    const fn point_kind(&self) -> PointKind {
        match self.output {
            Output::Sum { .. } => PointKind::Sum,
            Output::Gauge { .. } => PointKind::Gauge,
            Output::Explicit { .. } => PointKind::Histogram,
            Output::Exponential { .. } => PointKind::ExponentialHistogram,
        }
    }

    fn row<'a>(&'a self, description: &'a str) -> MetricRow<'a> {
        let (kind, monotonic) =
            (self.point_kind(), matches!(self.output, Output::Sum { monotonic: true, .. }));
        let temporality = (kind != PointKind::Gauge).then_some(self.temporality);
        MetricRow { name: &self.name, description, unit: &self.unit, kind, temporality, monotonic }
    }

    fn keeps_extremes(&self) -> bool {
        match self.aggregator {
            Aggregator::Explicit { record_min_max, .. } | Aggregator::Exponential { record_min_max, .. } => {
                record_min_max
            }
            Aggregator::Drop | Aggregator::Sum | Aggregator::LastValue => false,
        }
    }
}

impl Slot {
    /// True if it is to be said that the series has ended: somebody has seen it, or is about to.
    fn has_end(&self) -> bool {
        self.ended().is_some() && !(self.fresh && self.state.is_empty())
    }

    /// True if there is anything to be exported of it.
    fn has_something(&self, key: &StreamKey, collection: Collection) -> bool {
        self.has_end() || self.has_value(key, collection)
    }

    fn has_value(&self, key: &StreamKey, collection: Collection) -> bool {
        match &self.state {
            SlotState::Empty | SlotState::Room(_) => false,
            // What the sources said in an earlier collection is history; a series that has just ended tells it again.
            SlotState::Current(current) => current.collection == collection.number || self.ended().is_some(),
            _ => self.touched || key.temporality == wasmeter_model::Temporality::Cumulative,
        }
    }

    fn emit_value(&self, key: &StreamKey, header: PointHeader, frame: &mut FrameBuilder) {
        let keeps_extremes = key.keeps_extremes();
        match (&self.state, key.output) {
            (SlotState::Sum(sum), _) => frame.number(NumberRow { header, value: Some(sum.get()) }),
            (SlotState::Current(current), Output::Gauge { .. }) => {
                // A gauge has no interval (data model, "Gauge").
                let header = PointHeader { start: Timestamp::UNKNOWN, ..header };
                frame.number(NumberRow { header, value: Some(current.get()) });
            }
            (SlotState::Current(current), _) => {
                frame.number(NumberRow { header, value: Some(current.get()) })
            }
            (SlotState::Explicit(histogram), output) => {
                let with_sum = matches!(output, Output::Explicit { with_sum: true });
                let totals = histogram.totals();
                // One bucket says no more than the count does; then OTLP wants none at all (conformance row G6).
                let counts = if histogram.bounds().is_empty() { &[] } else { histogram.counts() };
                frame.histogram(HistogramRow {
                    header,
                    count: totals.count(),
                    sum: totals.sum().filter(|_| with_sum),
                    min: totals.min().filter(|_| keeps_extremes),
                    max: totals.max().filter(|_| keeps_extremes),
                    bounds: histogram.bounds(),
                    counts,
                });
            }
            (SlotState::Exponential(histogram), output) => {
                let with_sum = matches!(output, Output::Exponential { with_sum: true });
                let totals = histogram.totals();
                let (zero_count, zero_threshold) = histogram.zero();
                frame.exponential(ExponentialRow {
                    header,
                    count: totals.count(),
                    sum: totals.sum().filter(|_| with_sum),
                    min: totals.min().filter(|_| keeps_extremes),
                    max: totals.max().filter(|_| keeps_extremes),
                    scale: i32::from(histogram.scale()),
                    zero_count,
                    zero_threshold,
                    positive: histogram.positive().row(),
                    negative: histogram.negative().row(),
                });
            }
            (SlotState::Empty | SlotState::Room(_), _) => {}
        }
    }
}

/// The point that says: this series has ended.
fn emit_end(key: &StreamKey, attributes: SetId, start: Timestamp, now: Timestamp, frame: &mut FrameBuilder) {
    // A gauge has no interval, and its end none either.
    let start = if matches!(key.output, Output::Gauge { .. }) { Timestamp::UNKNOWN } else { start.min(now) };
    let header = PointHeader { attributes, start, time: now, flags: NO_RECORDED_VALUE };
    match key.output {
        Output::Sum { .. } | Output::Gauge { .. } => frame.number(NumberRow { header, value: None }),
        Output::Explicit { .. } => frame.histogram(HistogramRow { header, ..HistogramRow::default() }),
        Output::Exponential { .. } => {
            frame.exponential(ExponentialRow { header, ..ExponentialRow::default() })
        }
    }
}
