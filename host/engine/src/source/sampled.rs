//! Offering measurements to the reservoirs of the series that a source leads to.

use wasmeter_model::batch::{BatchExemplar, BatchPoint};
use wasmeter_model::{Attributes, InstrumentKind, SpanContext, Temporality, Timestamp};

use super::{Route, Source};
use crate::exemplar::Measurement;
use crate::instrument::{Entry, Routing, bounds_of};
use crate::lock;
use crate::stream::{Slot, SlotState, StreamKey};
use crate::views::Aggregator;

/// The most attributes of a received exemplar, so that a sender cannot make it large.
const RECEIVED_ATTRIBUTES_MAX: usize = 32;

impl Source {
    /// Offers a measurement of this process to the series of all readers, or only of one.
    pub(crate) fn offer(
        &mut self,
        entry: &Entry,
        routing: &mut Routing,
        measurement: &Measurement,
        reader: Option<usize>,
    ) {
        let streams = routing.resolved.streams.len();
        for (at, route) in self.routes.iter_mut().enumerate() {
            let of_reader = at.checked_div(streams).unwrap_or(0);
            let Some(route) = route.as_mut().filter(|_| reader.is_none_or(|only| only == of_reader)) else {
                continue;
            };
            if let Some(notice) = offer(route, entry, measurement, false) {
                routing.tell(notice.to_owned());
            }
        }
    }

    /// Offers the exemplars of a received point to the series it was counted in.
    ///
    /// Senders repeat what they have until they have something newer; readers want each once. A time later than `latest` is wrong, and
    /// nothing newer is to be waited for.
    pub(crate) fn offer_received(
        &mut self,
        entry: &Entry,
        routing: &mut Routing,
        point: BatchPoint<'_>,
        latest: Timestamp,
    ) {
        let until = self.exemplars_until;
        for row in point.exemplars().filter(|row| row.time > until) {
            if row.time <= latest {
                self.exemplars_until = self.exemplars_until.max(row.time);
            }
            let Some(measurement) = received(&self.attributes, row) else { continue };
            for route in self.routes.iter_mut().flatten() {
                if let Some(notice) = offer(route, entry, &measurement, true) {
                    routing.tell(notice.to_owned());
                }
            }
        }
    }
}

/// A received exemplar with all attributes of its measurement; `None` without a value, which OTLP calls invalid.
fn received(given: &Attributes, row: BatchExemplar<'_>) -> Option<Measurement> {
    let attributes = if row.attributes.is_empty() {
        given.clone()
    } else {
        let filtered = row.attributes.iter().take(RECEIVED_ATTRIBUTES_MAX);
        given.iter().chain(filtered).collect()
    };
    let has_span = row.trace_id != 0 || row.span_id != 0;
    let span = SpanContext { trace_id: row.trace_id, span_id: row.span_id, is_sampled: true };
    Some(Measurement { value: row.value?, time: row.time, attributes, span: has_span.then_some(span) })
}

/// True if the value is part of the points of a stream.
fn is_counted(key: &StreamKey, kind: InstrumentKind, measurement: &Measurement) -> bool {
    let is_negative = measurement.value.as_f64() < 0.0;
    match key.aggregator {
        Aggregator::Drop => false,
        Aggregator::LastValue => true,
        _ if !measurement.value.is_finite() => false,
        Aggregator::Sum => !(is_negative && kind.is_monotonic()),
        Aggregator::Explicit { .. } | Aggregator::Exponential { .. } => true,
    }
}

/// Offers a measurement to the series behind a route; what is to be told, if anything.
fn offer(
    route: &mut Route,
    entry: &Entry,
    measurement: &Measurement,
    is_received: bool,
) -> Option<&'static str> {
    let (stream, mut way) = route.split();
    if !is_counted(&stream.key, entry.instrument.kind, measurement) {
        return None;
    }
    let mut slots = lock(&stream.slots);
    if slots.reservoirs.is_none() {
        return None;
    }
    let reservoirs = slots.reservoirs.clone();
    let id = way.arrive(stream.key.temporality, &mut slots);
    let begin = slots.interval_at(id).start;
    let Slot { attributes, epoch, state, exemplars, .. } = slots.get(id)?;
    let make = || {
        let bounds = match (&stream.key.aggregator, state) {
            (_, SlotState::Explicit(histogram)) => Some(histogram.shared_bounds()),
            (Aggregator::Explicit { .. }, _) => Some(bounds_of(stream, entry).clone()),
            _ => None,
        };
        reservoirs.make(&stream.key.aggregator, bounds, (attributes, *epoch), is_received)
    };
    if is_received || stream.key.temporality == Temporality::Cumulative || measurement.time >= begin {
        return exemplars.offer(measurement, make);
    }
    // Measured just before the collection and counted just after it: its point begins with the collection.
    exemplars.offer(&Measurement { time: begin, ..measurement.clone() }, make)
}
