//! Measurements of this process that may become exemplars. Their values are counted elsewhere.

use wasmeter_model::{Attributes, Number, SpanContext, Timestamp};

use super::{BoundRecorder, Recorder};
use crate::exemplar::Measurement;

impl Recorder {
    /// Offers a measurement to the exemplar reservoirs of its series, if the filter admits it, before it is
    /// [recorded](Recorder::record): the value is not counted here. One that cannot be recorded is not offered either.
    ///
    /// `span` is the span in whose context the measurement is made. Costs a lock, a lookup and what the reservoirs do; whoever
    /// records often asks [`ExemplarFilter::admits`](wasmeter_model::ExemplarFilter::admits) first.
    pub fn sample(&self, value: Number, attributes: &Attributes, span: Option<SpanContext>, now: Timestamp) {
        if self.way(value).is_err() || !self.inner.exemplar_filter.admits(span) {
            return;
        }
        self.source(attributes, now, |routing, source| {
            // The set that is kept anyway, so that equal ones are held once; in the overflow there is none.
            let is_kept = source.attributes == *attributes;
            let attributes = if is_kept { &source.attributes } else { attributes }.clone();
            let measurement = Measurement { value, time: now, attributes, span };
            source.offer(&self.entry, routing, &measurement, None);
        });
    }
}

impl BoundRecorder {
    /// As [`Recorder::sample`], with the attributes it is bound to and the span of this measurement.
    pub fn sample(&self, value: Number, span: Option<SpanContext>, now: Timestamp) {
        self.recorder.sample(value, &self.attributes, span, now);
    }
}
