//! Received frames: every point becomes a contribution of its source (design: received OTLP is aggregated).

use std::sync::atomic::Ordering;

use wasmeter_model::batch::{Batch, BatchMetric, BatchPoint};
use wasmeter_model::frame::PointKind;
use wasmeter_model::{
    Advisory, Attributes, ExemplarFilter, Instrument, InstrumentKind, Number, NumberKind, Origin,
    Temporality, Timestamp,
};

use super::points;
use crate::aggregate::{
    ExplicitDelta, ExplicitPoint, ExplicitRow, ExponentialDelta, ExponentialPoint, NumberSum, is_less,
};
use crate::engine::Inner;
use crate::instrument::{Contributed, Contribution, Entry, Form, Open, Routing, State};
use crate::lock;
use crate::report::{IngestReport, Rejection};
use crate::source::{Received, Source, SourceData, Step};

/// Takes a batch in that was received or observed.
pub(crate) fn ingest(inner: &Inner, batch: &Batch<'_>, origin: Origin, now: Timestamp) -> IngestReport {
    let report = IngestReport { duplicate_keys: batch.duplicate_keys(), ..IngestReport::default() };
    let mut intake = Intake { inner, origin, now: inner.not_before_latest(now), report };
    for metric in batch.metrics() {
        intake.metric(metric);
    }
    let report = intake.report;
    inner.counters.accepted.fetch_add(report.accepted, Ordering::Relaxed);
    for (reason, points) in &report.rejected {
        inner.counters.reject(*reason, *points);
    }
    inner.counters.reject(Rejection::MeterDisabled, report.disabled);
    report
}

/// One batch on its way in.
struct Intake<'a> {
    inner: &'a Inner,
    origin: Origin,
    now: Timestamp,
    report: IngestReport,
}

/// What is kept of a received histogram of either form.
trait ReceivedHistogram: Sized {
    /// A point as it was read.
    type Row<'a>;
    /// What a point adds to the one before; made anew for each, in the memory of the last one.
    type Delta: Default;

    /// The history of a source of this form.
    fn received(data: &mut SourceData) -> Option<&mut Received<Self>>;
    /// Of a point that comes after none.
    fn new(row: &Self::Row<'_>) -> Self;
    /// Becomes the next point, and `delta` what that adds: all of it after a reset.
    fn advance(&mut self, row: &Self::Row<'_>, delta: &mut Self::Delta);
    /// Makes `delta` all of a point that comes after none.
    fn whole(row: &Self::Row<'_>, delta: &mut Self::Delta);
    /// True if no fewer values are in a point than in this one.
    fn goes_on(&self, row: &Self::Row<'_>) -> bool;
    /// What is counted.
    fn contribution(delta: &Self::Delta) -> Contribution<'_>;
}

impl ReceivedHistogram for ExplicitPoint {
    type Row<'a> = ExplicitRow<'a>;
    type Delta = ExplicitDelta;

    fn received(data: &mut SourceData) -> Option<&mut Received<Self>> {
        if let SourceData::Explicit(received) = data { Some(received) } else { None }
    }

    fn new(row: &ExplicitRow<'_>) -> Self {
        Self::new(row)
    }

    fn advance(&mut self, row: &ExplicitRow<'_>, delta: &mut ExplicitDelta) {
        self.advance(row, delta);
    }

    fn whole(row: &ExplicitRow<'_>, delta: &mut ExplicitDelta) {
        delta.set_whole(row, false);
    }

    fn goes_on(&self, row: &ExplicitRow<'_>) -> bool {
        row.count >= self.count
    }

    fn contribution(delta: &ExplicitDelta) -> Contribution<'_> {
        Contribution::Explicit(delta)
    }
}

impl ReceivedHistogram for ExponentialPoint {
    type Row<'a> = &'a Self;
    type Delta = ExponentialDelta;

    fn received(data: &mut SourceData) -> Option<&mut Received<Self>> {
        if let SourceData::Exponential(received) = data { Some(received) } else { None }
    }

    fn new(row: &&Self) -> Self {
        (*row).clone()
    }

    fn advance(&mut self, row: &&Self, delta: &mut ExponentialDelta) {
        self.advance(row, delta);
    }

    fn whole(row: &&Self, delta: &mut ExponentialDelta) {
        delta.set_whole(row, false);
    }

    fn goes_on(&self, row: &&Self) -> bool {
        row.count >= self.count
    }

    fn contribution(delta: &ExponentialDelta) -> Contribution<'_> {
        Contribution::Exponential(delta)
    }
}

/// What is told where deltas of one series cover the same time (data model, "Overlap observability"). They are added up.
const OVERLAP: &str = "received deltas of one series overlap in time, so several processes write it; all are counted, but \
                       give each process its own `service.instance.id`";

/// The instrument that points are for, and its streams, of which some are locked meanwhile.
type To<'a, 'o> = (&'a Entry, &'a mut State, &'a mut Open<'o>);

/// What all points of a metric have in common.
#[derive(Clone, Copy)]
struct Shape {
    kind: InstrumentKind,
    form: Form,
    /// `None` for gauges.
    temporality: Option<Temporality>,
}

impl<'a> Intake<'a> {
    fn metric(&mut self, metric: BatchMetric<'_>) {
        let points = metric.point_count() as u64;
        let shape = match metric.kind() {
            PointKind::None => return,
            PointKind::Summary => return self.summaries(metric),
            PointKind::Gauge => {
                let kind = self.kind(InstrumentKind::Gauge, InstrumentKind::ObservableGauge);
                Shape { kind, form: Form::Numbers, temporality: None }
            }
            PointKind::Sum if metric.row().monotonic => {
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
        // The last value of a series may stand beside its end, before or behind.
        let ended = metric.all_points().filter(BatchPoint::is_ended).count();
        let going_on = metric.point_count() - ended;
        match shape.form {
            Form::Numbers | Form::Measurements => {
                let rows =
                    || metric.numbers().filter(|(point, row)| !point.is_ended() && row.value.is_some());
                let valued = rows().count();
                self.report.reject(Rejection::NoValue, (going_on - valued) as u64, metric.name());
                // What a View is told; the kind may differ from point to point and change in the life of a series.
                let number = rows().find_map(|(_, row)| row.value).map_or(NumberKind::Int, Number::kind);
                self.instrument(metric, shape, number, valued, |intake, entry, state, open| {
                    for (point, row) in rows() {
                        let value = points::number(&row, shape.kind);
                        intake.number(metric, (entry, state, open), shape, point, value);
                    }
                });
            }
            Form::Explicit => {
                let rows = || metric.histograms().filter(|(point, _)| !point.is_ended());
                self.instrument(metric, shape, NumberKind::Double, going_on, |intake, entry, state, open| {
                    let (mut known, mut seen) = (state.take_bounds(), None);
                    let mut delta = ExplicitDelta::default();
                    let has_checked_counts = metric.has_checked_counts();
                    for (point, read) in rows() {
                        let row = points::explicit(&read, has_checked_counts, &mut known, &mut seen);
                        let to = (entry, &mut *state, &mut *open);
                        intake.histogram::<ExplicitPoint>(metric, to, shape, point, &row, &mut delta);
                    }
                    state.keep_bounds(known);
                });
            }
            Form::Exponential => {
                let rows = || metric.exponentials().filter(|(point, _)| !point.is_ended());
                self.instrument(metric, shape, NumberKind::Double, going_on, |intake, entry, state, open| {
                    let (mut read, mut delta) = (ExponentialPoint::default(), ExponentialDelta::default());
                    let has_checked_counts = metric.has_checked_counts();
                    for (point, row) in rows() {
                        let row = points::exponential(&row, has_checked_counts, &mut read);
                        let to = (entry, &mut *state, &mut *open);
                        intake.histogram::<ExponentialPoint>(metric, to, shape, point, &row, &mut delta);
                    }
                });
            }
        }
        if ended > 0 {
            self.ends(metric, shape);
        }
    }

    fn kind(&self, received: InstrumentKind, observed: InstrumentKind) -> InstrumentKind {
        if self.origin == Origin::Observed { observed } else { received }
    }

    fn shape(&self, metric: BatchMetric<'_>, kind: InstrumentKind, form: Form) -> Shape {
        Shape { kind, form, temporality: metric.row().temporality }
    }

    fn described(&self, metric: BatchMetric<'_>, shape: Shape, number: NumberKind) -> Instrument {
        let row = metric.row();
        Instrument {
            name: row.name.name.clone(),
            description: row.name.description.clone(),
            unit: row.name.unit.clone(),
            kind: shape.kind,
            number,
            origin: self.origin,
            scope: row.scope.clone(),
            resource: row.resource.clone(),
            advisory: Advisory::default(),
        }
    }

    /// Looks the instrument up and holds it while its `points` are taken in with `take`.
    fn instrument(
        &mut self,
        metric: BatchMetric<'_>,
        shape: Shape,
        number: NumberKind,
        points: usize,
        take: impl FnOnce(&mut Self, &Entry, &mut State, &mut Open<'_>),
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
            state.hear_metadata(&entry, metric.row().name.metadata.clone());
            state.hear_entities(&entry, &metric.row().resource.entities, self.now);
            let accepted = self.report.accepted;
            let streams = state.routing.streams.clone();
            let mut open = Open::new(&state.routing, &streams);
            take(self, &entry, &mut state, &mut open);
            drop(open);
            if state.routing.resolved.is_disabled {
                // They are taken note of: once the Meter is enabled, what comes is told from what was there.
                self.report.disabled += std::mem::replace(&mut self.report.accepted, accepted) - accepted;
            }
            return self.inner.tell(&entry, &mut state);
        }
    }

    /// Ends the series, if they are known, whose points say so.
    fn ends(&mut self, metric: BatchMetric<'_>, shape: Shape) {
        let number = match shape.form {
            Form::Numbers | Form::Measurements => NumberKind::Int,
            Form::Explicit | Form::Exponential => NumberKind::Double,
        };
        let instrument = self.described(metric, shape, number);
        let entry = self.inner.known(&instrument, shape.form);
        for point in metric.all_points().filter(BatchPoint::is_ended) {
            self.report.duplicate_keys += point.duplicate_keys();
            self.report.accepted += 1;
            if let Some(entry) = &entry {
                let mut state = lock(&entry.state);
                let expiry = self.inner.limits.current_expiry;
                if state.end_source(entry, point.attributes(), point.start(), self.now, expiry) {
                    self.inner.sources.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn number(
        &mut self,
        metric: BatchMetric<'_>,
        to: To<'_, '_>,
        shape: Shape,
        point: BatchPoint<'_>,
        value: Result<Number, Rejection>,
    ) {
        let (inner, now, entry) = (self.inner, self.now, to.0);
        let expiry = inner.limits.current_expiry;
        self.point(metric, to, point, value, |value, routing, source, open| {
            let SourceData::Numbers(received) = &mut source.data else { return Ok(()) };
            let interval = (point.start(), point.time());
            let (before, start) = match shape.temporality {
                None => return received.replace(point.time(), value, now, expiry),
                Some(Temporality::Cumulative) => {
                    let has_shrunk = |before: &Number| shape.kind.is_monotonic() && is_less(value, *before);
                    match received.cumulative(interval, value, now, expiry, |before| !has_shrunk(before))? {
                        // Something that only grows has shrunk: it was reset, and all of the new value is new.
                        Step::Since(before) if has_shrunk(&before) => (None, None),
                        Step::Since(before) if Routing::contribute_step(source, value, before, open) => {
                            return Ok(());
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
            contribute((entry, routing, open), shape, source, contributed)
        });
    }

    /// Takes a point of a histogram in; `delta` is what the one before has added, whose memory is used again.
    fn histogram<P: ReceivedHistogram>(
        &mut self,
        metric: BatchMetric<'_>,
        to: To<'_, '_>,
        shape: Shape,
        point: BatchPoint<'_>,
        row: &Result<P::Row<'_>, Rejection>,
        delta: &mut P::Delta,
    ) {
        let (inner, now, entry) = (self.inner, self.now, to.0);
        let expiry = inner.limits.current_expiry;
        let row = row.as_ref().map_err(|reason| *reason);
        self.point(metric, to, point, row, |row, routing, source, open| {
            let Some(received) = P::received(&mut source.data) else { return Ok(()) };
            let interval = (point.start(), point.time());
            let start = if shape.temporality == Some(Temporality::Delta) {
                if received.delta(interval)? {
                    routing.tell(OVERLAP.to_owned());
                }
                P::whole(row, delta);
                Some(point.start())
            } else if let Some(last) = received.last(interval, now, expiry, |before| before.goes_on(row))? {
                last.advance(row, delta);
                None
            } else {
                received.begin(interval, P::new(row), now, expiry)?;
                P::whole(row, delta);
                Some(point.start())
            };
            let what = P::contribution(delta);
            let contributed = Contributed { what, start, time: point.time() };
            contribute((entry, routing, open), shape, source, contributed)
        });
    }

    /// Checks a point, finds its source and takes it in with `take`; counts what became of it.
    fn point<V>(
        &mut self,
        metric: BatchMetric<'_>,
        (entry, state, open): To<'_, '_>,
        point: BatchPoint<'_>,
        value: Result<V, Rejection>,
        take: impl FnOnce(V, &mut Routing, &mut Source, &mut Open<'_>) -> Result<(), Rejection>,
    ) {
        self.report.duplicate_keys += point.duplicate_keys();
        let attributes = point.attributes();
        let taken = points::check_time(point).and(value).and_then(|value| {
            let start = if point.start().is_unknown() { point.time() } else { point.start() };
            let State { routing, sources, .. } = state;
            let make = || {
                // The Views are asked.
                open.close();
                self.inner.new_source(entry, routing, attributes, start, self.now)
            };
            let source = sources.get_or_insert(attributes, || point.place_in_run(), make)?;
            if source.is_dormant {
                open.close();
                let mut on_fault = |fault| {
                    self.inner.fault(&entry.instrument, &fault);
                    Ok(())
                };
                source.wake(entry, routing, self.now, &mut on_fault);
            }
            take(value, routing, source, open)?;
            source.heard = self.now;
            // As good as no exemplars at all (metrics SDK, "AlwaysOff").
            if point.exemplars().len() > 0 && self.inner.exemplar_filter != ExemplarFilter::AlwaysOff {
                open.close();
                source.offer_received(
                    entry,
                    routing,
                    point,
                    self.now.after(self.inner.limits.current_expiry),
                );
            }
            Ok(())
        });
        match taken {
            Ok(()) => self.report.accepted += 1,
            Err(reason) => self.report.reject(reason, 1, metric.name()),
        }
    }

    fn summaries(&mut self, metric: BatchMetric<'_>) {
        let row = metric.row();
        if !self.inner.current_generation().composition.is_enabled(&row.scope) {
            self.report.disabled += metric.point_count() as u64;
            return;
        }
        let mut summaries = lock(&self.inner.summaries);
        for (point, summary) in metric.summaries() {
            self.report.duplicate_keys += point.duplicate_keys();
            let taken = points::check_time(point)
                .and_then(|()| summaries.take(row, point, &summary, self.now, self.inner.limits.sources_max));
            match taken {
                Ok(()) => self.report.accepted += 1,
                Err(reason) => self.report.reject(reason, 1, metric.name()),
            }
        }
    }
}

fn contribute(
    (entry, routing, open): (&Entry, &mut Routing, &mut Open<'_>),
    shape: Shape,
    source: &mut Source,
    contributed: Contributed<'_>,
) -> Result<(), Rejection> {
    if shape.temporality == Some(Temporality::Delta) && !contributed.time.is_unknown() {
        let is_counted = routing.contribute_interval(entry, source, contributed, open);
        return if is_counted { Ok(()) } else { Err(Rejection::DuplicateOrOutOfOrder) };
    }
    routing.contribute(entry, source, contributed, None, open);
    Ok(())
}

impl Inner {
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
