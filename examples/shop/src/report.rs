//! What a worker has recorded as a frame, cumulative since its start.

use wasmeter_model::frame::{
    Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, PointKind, SetId,
};
use wasmeter_model::{Number, Temporality, Timestamp, ValueRef};

use crate::service::{DURATION_BOUNDS_SECS, Service};

/// What tells a worker from the others, and its clock.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// `service.instance.id`.
    pub(crate) instance: String,
    /// `process.pid`, made up: all workers live in one process.
    pub(crate) pid: i64,
    /// When it started.
    pub(crate) start: Timestamp,
}

const CUMULATIVE: Option<Temporality> = Some(Temporality::Cumulative);

struct Report<'i> {
    builder: FrameBuilder,
    identity: &'i Identity,
    time: Timestamp,
    none: SetId,
}

/// Everything recorded until `time`.
pub(crate) fn report(service: &Service, identity: &Identity, time: Timestamp) -> Frame {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    let resource = builder.set([
        ("service.name", ValueRef::String("shop")),
        ("service.instance.id", ValueRef::String(&identity.instance)),
        ("process.pid", ValueRef::Int(identity.pid)),
    ]);
    builder.resource(resource, "", 0);
    builder.scope("shop", env!("CARGO_PKG_VERSION"), "", none, 0);
    let mut report = Report { builder, identity, time, none };
    report.orders(service);
    report.carts(service);
    report.durations(service);
    report.queue(service);
    report.builder.finish()
}

impl Report<'_> {
    const fn header(&self, attributes: SetId) -> PointHeader {
        PointHeader { attributes, start: self.identity.start, time: self.time, flags: 0 }
    }

    fn number(&mut self, attributes: SetId, value: i64) {
        let header = self.header(attributes);
        self.builder.number(NumberRow { header, value: Some(Number::Int(value)) });
    }

    fn orders(&mut self, service: &Service) {
        let metric = MetricRow {
            name: "shop.orders",
            description: "Orders placed or changed",
            unit: "{order}",
            kind: PointKind::Sum,
            temporality: CUMULATIVE,
            monotonic: true,
        };
        self.builder.metric(metric, self.none);
        for (&(order, method), &count) in &service.orders {
            let path = path(order);
            let attributes = self.builder.set([
                ("http.request.method", ValueRef::String(method)),
                ("url.path", ValueRef::String(&path)),
            ]);
            self.number(attributes, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    fn carts(&mut self, service: &Service) {
        let metric = MetricRow {
            name: "shop.carts",
            description: "Open carts",
            unit: "{cart}",
            kind: PointKind::Sum,
            temporality: CUMULATIVE,
            monotonic: false,
        };
        self.builder.metric(metric, self.none);
        self.number(self.none, service.carts);
    }

    fn durations(&mut self, service: &Service) {
        let metric = MetricRow {
            name: "http.server.request.duration",
            description: "Duration of HTTP server requests",
            unit: "s",
            kind: PointKind::Histogram,
            temporality: CUMULATIVE,
            monotonic: false,
        };
        self.builder.metric(metric, self.none);
        for (request, durations) in &service.durations {
            let path = path(request.order);
            let attributes = self.builder.set([
                ("http.request.method", ValueRef::String(request.method)),
                ("http.response.status_code", ValueRef::Int(i64::from(request.status))),
                ("url.path", ValueRef::String(&path)),
            ]);
            self.builder.histogram(HistogramRow {
                header: self.header(attributes),
                count: durations.count,
                sum: Some(durations.sum_secs),
                min: None,
                max: None,
                bounds: &DURATION_BOUNDS_SECS,
                counts: &durations.buckets,
            });
        }
    }

    fn queue(&mut self, service: &Service) {
        let metric = MetricRow {
            name: "shop.queue.depth",
            description: "Requests that wait for this worker",
            unit: "{request}",
            kind: PointKind::Gauge,
            temporality: None,
            monotonic: false,
        };
        self.builder.metric(metric, self.none);
        self.number(self.none, service.queue_depth);
    }
}

fn path(order: u32) -> String {
    format!("/orders/{order}")
}
