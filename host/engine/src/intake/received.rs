//! Received frames: every point becomes a contribution of its source (design: received OTLP is aggregated).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmeter_model::frame::{Frame, MetricRef, PointKind, PointRef, SetId};
use wasmeter_model::{
    Advisory, Attributes, ExemplarFilter, Instrument, InstrumentKind, Number, NumberKind, Origin, Resource,
    Scope, Temporality, Timestamp,
};

use super::points;
use crate::aggregate::{
    ExplicitDelta, ExplicitPoint, ExponentialDelta, ExponentialPoint, NumberSum, is_less,
};
use crate::engine::Inner;
use crate::instrument::{Contributed, Contribution, Entry, Form, Routing, State};
use crate::lock;
use crate::report::{IngestReport, Rejection};
use crate::source::{Received, Source, SourceData, Step};

/// Takes a frame in that was received or observed.
pub(crate) fn ingest(inner: &Inner, frame: &Frame, origin: Origin, now: Timestamp) -> IngestReport {
    let mut batch = Batch {
        inner,
        frame,
        origin,
        now,
        report: IngestReport::default(),
        resources: HashMap::new(),
        scopes: HashMap::new(),
    };
    for metric in frame.metrics() {
        batch.metric(metric);
    }
    inner.counters.accepted.fetch_add(batch.report.accepted, Ordering::Relaxed);
    for (reason, points) in &batch.report.rejected {
        inner.counters.reject(*reason, *points);
    }
    inner.counters.reject(Rejection::MeterDisabled, batch.report.disabled);
    batch.report
}

/// One frame on its way in.
struct Batch<'a> {
    inner: &'a Inner,
    frame: &'a Frame,
    origin: Origin,
    now: Timestamp,
    report: IngestReport,
    /// By row of the frame, so that all metrics of one share it.
    resources: HashMap<usize, Arc<Resource>>,
    scopes: HashMap<usize, Arc<Scope>>,
}

/// A received histogram of either form.
trait ReceivedHistogram: Clone {
    /// What it adds to the one before.
    type Delta;

    /// The history of a source of this form.
    fn received(data: &mut SourceData) -> Option<&mut Received<Self>>;
    /// All of it; `running` if it is not the first of its writer.
    fn whole(&self, running: bool) -> Self::Delta;
    /// It less the one before; `None` means a reset.
    fn since(&self, before: &Self) -> Option<Self::Delta>;
    /// What is counted.
    fn contribution(delta: &Self::Delta) -> Contribution<'_>;
}

impl ReceivedHistogram for ExplicitPoint {
    type Delta = ExplicitDelta;

    fn received(data: &mut SourceData) -> Option<&mut Received<Self>> {
        if let SourceData::Explicit(received) = data { Some(received) } else { None }
    }

    fn whole(&self, running: bool) -> ExplicitDelta {
        self.whole(running)
    }

    fn since(&self, before: &Self) -> Option<ExplicitDelta> {
        self.since(before)
    }

    fn contribution(delta: &ExplicitDelta) -> Contribution<'_> {
        Contribution::Explicit(delta)
    }
}

impl ReceivedHistogram for ExponentialPoint {
    type Delta = ExponentialDelta;

    fn received(data: &mut SourceData) -> Option<&mut Received<Self>> {
        if let SourceData::Exponential(received) = data { Some(received) } else { None }
    }

    fn whole(&self, running: bool) -> ExponentialDelta {
        self.whole(running)
    }

    fn since(&self, before: &Self) -> Option<ExponentialDelta> {
        self.since(before)
    }

    fn contribution(delta: &ExponentialDelta) -> Contribution<'_> {
        Contribution::Exponential(delta)
    }
}

/// What is told where deltas of one series cover the same time (data model, "Overlap observability"). They are added up.
const OVERLAP: &str = "received deltas of one series overlap in time, so several processes write it; all are counted, but \
                       give each process its own `service.instance.id`";

/// What all points of a metric have in common.
#[derive(Clone, Copy)]
struct Shape {
    kind: InstrumentKind,
    form: Form,
    /// `None` for gauges.
    temporality: Option<Temporality>,
}

impl<'a> Batch<'a> {
    fn metric(&mut self, metric: MetricRef<'a>) {
        let points = metric.points().len() as u64;
        let shape = match metric.kind() {
            PointKind::None => return,
            PointKind::Summary => return self.summaries(metric),
            PointKind::Gauge => {
                let kind = self.kind(InstrumentKind::Gauge, InstrumentKind::ObservableGauge);
                Shape { kind, form: Form::Numbers, temporality: None }
            }
            PointKind::Sum if metric.monotonic() => {
                let kind = self.kind(InstrumentKind::Counter, InstrumentKind::ObservableCounter);
                self.shape(metric, kind, Form::Numbers)
            }
            PointKind::Sum => {
                let kind = self.kind(InstrumentKind::UpDownCounter, InstrumentKind::ObservableUpDownCounter);
                self.shape(metric, kind, Form::Numbers)
            }
            PointKind::Histogram => self.shape(metric, InstrumentKind::Histogram, Form::Explicit),
            PointKind::ExponentialHistogram => {
                self.shape(metric, InstrumentKind::Histogram, Form::Exponential)
            }
        };
        if metric.kind() != PointKind::Gauge && shape.temporality.is_none() {
            return self.report.reject(Rejection::UnspecifiedTemporality, points, metric.name());
        }
        if metric.name().is_empty() {
            return self.report.reject(Rejection::NoName, points, "");
        }
        match shape.form {
            Form::Numbers | Form::Measurements => {
                let without =
                    metric.numbers().filter(|row| row.value.is_none() && !row.point.is_ended()).count();
                self.report.reject(Rejection::NoValue, without as u64, metric.name());
                let rows = || metric.numbers().filter(|row| !row.point.is_ended() && row.value.is_some());
                // What a View is told; the kind may differ from point to point and change in the life of a series.
                let number = rows().find_map(|row| row.value).map_or(NumberKind::Int, Number::kind);
                self.instrument(metric, shape, number, rows().count(), |batch, entry, state| {
                    for row in rows() {
                        let value = points::number(&row, shape.kind);
                        batch.number(metric, entry, state, shape, row.point, value);
                    }
                });
                // The last value of a series may stand beside its end, before or behind.
                let ends = metric.numbers().map(|row| row.point).filter(|point| point.is_ended());
                self.ends(metric, shape, NumberKind::Int, ends);
            }
            Form::Explicit => {
                let rows = || metric.histograms().filter(|row| !row.point.is_ended());
                self.instrument(metric, shape, NumberKind::Double, rows().count(), |batch, entry, state| {
                    for row in rows() {
                        batch.histogram(metric, entry, state, shape, row.point, points::explicit(&row));
                    }
                });
                let ends = metric.histograms().map(|row| row.point).filter(|point| point.is_ended());
                self.ends(metric, shape, NumberKind::Double, ends);
            }
            Form::Exponential => {
                let rows = || metric.exponentials().filter(|row| !row.point.is_ended());
                self.instrument(metric, shape, NumberKind::Double, rows().count(), |batch, entry, state| {
                    for row in rows() {
                        batch.histogram(metric, entry, state, shape, row.point, points::exponential(&row));
                    }
                });
                let ends = metric.exponentials().map(|row| row.point).filter(|point| point.is_ended());
                self.ends(metric, shape, NumberKind::Double, ends);
            }
        }
    }

    fn kind(&self, received: InstrumentKind, observed: InstrumentKind) -> InstrumentKind {
        if self.origin == Origin::Observed { observed } else { received }
    }

    fn shape(&self, metric: MetricRef<'_>, kind: InstrumentKind, form: Form) -> Shape {
        Shape { kind, form, temporality: metric.temporality() }
    }

    /// A set as the engine keeps it.
    fn attributes(&mut self, set: SetId) -> Attributes {
        let (attributes, overwritten) = self.frame.attributes(set);
        self.report.duplicate_keys += overwritten as u64;
        attributes
    }

    fn owner(&mut self, metric: MetricRef<'a>) -> (Arc<Resource>, Arc<Scope>) {
        let (frame, report) = (self.frame, &mut self.report);
        let mut attributes = |set| {
            let (attributes, overwritten) = frame.attributes(set);
            report.duplicate_keys += overwritten as u64;
            attributes
        };
        let scope_row = metric.scope();
        let resource_row = scope_row.resource();
        let resource = self.resources.entry(resource_row.row()).or_insert_with(|| {
            let schema_url = resource_row.schema_url().into();
            Arc::new(Resource { attributes: attributes(resource_row.attributes()), schema_url })
        });
        let scope = self.scopes.entry(scope_row.row()).or_insert_with(|| {
            Arc::new(Scope {
                name: scope_row.name().into(),
                version: scope_row.version().into(),
                schema_url: scope_row.schema_url().into(),
                attributes: attributes(scope_row.attributes()),
            })
        });
        (resource.clone(), scope.clone())
    }

    fn described(&mut self, metric: MetricRef<'a>, shape: Shape, number: NumberKind) -> Instrument {
        let (resource, scope) = self.owner(metric);
        Instrument {
            name: metric.name().into(),
            description: metric.description().into(),
            unit: metric.unit().into(),
            kind: shape.kind,
            number,
            origin: self.origin,
            scope,
            resource,
            advisory: Advisory::default(),
        }
    }

    /// Looks the instrument up and holds it while its `points` are taken in with `take`.
    fn instrument(
        &mut self,
        metric: MetricRef<'a>,
        shape: Shape,
        number: NumberKind,
        points: usize,
        take: impl FnOnce(&mut Self, &Entry, &mut State),
    ) {
        if points == 0 {
            return;
        }
        let instrument = self.described(metric, shape, number);
        loop {
            let entry = match self.inner.entry(&instrument, shape.form) {
                Ok(entry) => entry,
                Err(reason) => return self.report.reject(reason, points as u64, metric.name()),
            };
            let mut state = lock(&entry.state);
            if state.retired {
                continue;
            }
            state.heard = self.now;
            self.inner.bring_up_to_date(&entry, &mut state, self.now);
            state.hear_description(&entry, &instrument.description);
            state.hear_metadata(self.attributes(metric.metadata()));
            let accepted = self.report.accepted;
            take(self, &entry, &mut state);
            if state.routing.resolved.is_disabled {
                // They are taken note of: once the Meter is enabled, what comes is told from what was there.
                self.report.disabled += std::mem::replace(&mut self.report.accepted, accepted) - accepted;
            }
            return self.inner.tell(&entry, &mut state);
        }
    }

    /// Ends series, if they are known.
    fn ends(
        &mut self,
        metric: MetricRef<'a>,
        shape: Shape,
        number: NumberKind,
        points: impl Iterator<Item = PointRef<'a>>,
    ) {
        let mut points = points.peekable();
        if points.peek().is_none() {
            return;
        }
        let instrument = self.described(metric, shape, number);
        let entry = self.inner.known(&instrument, shape.form);
        for point in points {
            let attributes = self.attributes(point.attributes());
            self.report.accepted += 1;
            if let Some(entry) = &entry {
                let mut state = lock(&entry.state);
                let expiry = self.inner.limits.current_expiry;
                if state.end_source(entry, &attributes, point.start(), self.now, expiry) {
                    self.inner.sources.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn number(
        &mut self,
        metric: MetricRef<'a>,
        entry: &Entry,
        state: &mut State,
        shape: Shape,
        point: PointRef<'a>,
        value: Result<Number, Rejection>,
    ) {
        let (inner, now) = (self.inner, self.now);
        self.point(metric, entry, state, point, value, |value, routing, source| {
            let SourceData::Numbers(received) = &mut source.data else { return Ok(()) };
            let interval = (point.start(), point.time());
            let (before, start) = match shape.temporality {
                None => return received.replace(point.time(), value, now),
                Some(Temporality::Cumulative) => {
                    let step = received.cumulative(interval, value, now, inner.limits.current_expiry)?;
                    match step {
                        // Something that only grows has shrunk: it was reset, and all of the new value is new.
                        Step::Since(before) if shape.kind.is_monotonic() && is_less(value, before) => {
                            (None, None)
                        }
                        Step::Since(before) => (Some(before), None),
                        Step::First => (None, Some(point.start())),
                    }
                }
                Some(Temporality::Delta) => {
                    if received.delta(interval)? {
                        routing.tell(OVERLAP.to_owned());
                    }
                    received.accumulate(point.time(), now, |before| {
                        let mut state = NumberSum::zero(value.kind());
                        // Only of an up-down-counter is the sum so far a state.
                        let before = before.filter(|_| !shape.kind.is_monotonic());
                        before.into_iter().for_each(|before| state.add(*before));
                        state.add(value);
                        state.get()
                    });
                    (None, Some(point.start()))
                }
            };
            let what = Contribution::Difference { now: value, before };
            let contributed = Contributed { what, start, time: point.time() };
            inner.contribute(routing, entry, shape, source, contributed)
        });
    }

    fn histogram<P: ReceivedHistogram>(
        &mut self,
        metric: MetricRef<'a>,
        entry: &Entry,
        state: &mut State,
        shape: Shape,
        point: PointRef<'a>,
        value: Result<P, Rejection>,
    ) {
        let (inner, now) = (self.inner, self.now);
        self.point(metric, entry, state, point, value, |value, routing, source| {
            let Some(received) = P::received(&mut source.data) else { return Ok(()) };
            let interval = (point.start(), point.time());
            let (delta, start) = if shape.temporality == Some(Temporality::Delta) {
                if received.delta(interval)? {
                    routing.tell(OVERLAP.to_owned());
                }
                (value.whole(false), Some(point.start()))
            } else {
                match received.cumulative(interval, value.clone(), now, inner.limits.current_expiry)? {
                    Step::First => (value.whole(false), Some(point.start())),
                    Step::Since(before) => (value.since(&before).unwrap_or_else(|| value.whole(true)), None),
                }
            };
            let what = P::contribution(&delta);
            let contributed = Contributed { what, start, time: point.time() };
            inner.contribute(routing, entry, shape, source, contributed)
        });
    }

    /// Checks a point, finds its source and takes it in with `take`; counts what became of it.
    fn point<V>(
        &mut self,
        metric: MetricRef<'a>,
        entry: &Entry,
        state: &mut State,
        point: PointRef<'a>,
        value: Result<V, Rejection>,
        take: impl FnOnce(V, &mut Routing, &mut Source) -> Result<(), Rejection>,
    ) {
        let attributes = self.attributes(point.attributes());
        let taken = points::check_time(point).and(value).and_then(|value| {
            let start = if point.start().is_unknown() { point.time() } else { point.start() };
            let State { routing, sources, .. } = state;
            let make = || self.inner.new_source(entry, routing, &attributes, start, self.now);
            let source = sources.get_or_insert(&attributes, make)?;
            source.heard = self.now;
            if source.is_dormant {
                let mut on_fault = |fault| {
                    self.inner.fault(&entry.instrument, &fault);
                    Ok(())
                };
                source.wake(entry, routing, self.now, &mut on_fault);
            }
            take(value, routing, source)?;
            // As good as no exemplars at all (metrics SDK, "AlwaysOff").
            if self.inner.exemplar_filter != ExemplarFilter::AlwaysOff {
                source.offer_received(entry, routing, point);
            }
            Ok(())
        });
        match taken {
            Ok(()) => self.report.accepted += 1,
            Err(reason) => self.report.reject(reason, 1, metric.name()),
        }
    }

    fn summaries(&mut self, metric: MetricRef<'a>) {
        let (resource, scope) = self.owner(metric);
        if !self.inner.current_generation().composition.is_enabled(&scope) {
            self.report.disabled += metric.summaries().len() as u64;
            return;
        }
        let metadata = self.attributes(metric.metadata());
        let mut summaries = lock(&self.inner.summaries);
        for row in metric.summaries() {
            let attributes = self.attributes(row.point.attributes());
            let taken = points::check_time(row.point).and_then(|()| {
                summaries.take(
                    &resource,
                    &scope,
                    metric,
                    &metadata,
                    attributes,
                    &row,
                    self.now,
                    self.inner.limits.sources_max,
                )
            });
            match taken {
                Ok(()) => self.report.accepted += 1,
                Err(reason) => self.report.reject(reason, 1, metric.name()),
            }
        }
    }
}

impl Inner {
    fn contribute(
        &self,
        routing: &mut Routing,
        entry: &Entry,
        shape: Shape,
        source: &mut Source,
        contributed: Contributed<'_>,
    ) -> Result<(), Rejection> {
        if shape.temporality == Some(Temporality::Delta) && !contributed.time.is_unknown() {
            let is_counted =
                routing.contribute_interval(entry, &|reader| self.reader_at(reader), source, contributed);
            return if is_counted { Ok(()) } else { Err(Rejection::DuplicateOrOutOfOrder) };
        }
        routing.contribute(entry, &|reader| self.reader_at(reader), source, contributed, None);
        Ok(())
    }

    /// A source of an instrument with its routes, within the limit of sources.
    fn new_source(
        &self,
        entry: &Entry,
        routing: &mut Routing,
        attributes: &Attributes,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<Source, Rejection> {
        if self.reserve_source() {
            Ok(self.make_source(entry, routing, attributes, (start, now)))
        } else {
            Err(Rejection::SourceLimit)
        }
    }
}
