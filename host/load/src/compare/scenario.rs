//! What is sent, and what each program is to do with it.

use wasmeter_otlp::Compression;

use crate::link::Transport;
use crate::requests::{Flow, Kind, Load};
use crate::standings::{Form, Shape, Standings};

/// A load and what becomes of it.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) load: Load,
    /// Attributes that are kept; empty: all of them.
    pub(crate) keep: &'static [&'static str],
    pub(crate) buckets: Buckets,
    pub(crate) to: To,
    /// What the Collector does with it on the way.
    pub(crate) collector: Collector,
    /// Whether Rotel can do it, too.
    pub(crate) has_rotel: bool,
    pub(crate) transports: &'static [Transport],
}

impl Scenario {
    /// Where series must be seen to stand that were sent.
    pub(crate) fn expected(&self, mut sent: Standings) -> Standings {
        let form = match (self.load.kind, self.buckets) {
            (Kind::Sum, _) => Form::Sum,
            (Kind::Gauge, _) => Form::Gauge,
            (_, Buckets::Explicit) | (Kind::Histogram, Buckets::AsReceived) => Form::Explicit,
            (_, Buckets::Exponential) | (Kind::Exponential, Buckets::AsReceived) => Form::Exponential,
        };
        let flow = match (form, self.to) {
            (Form::Gauge, _) => None,
            (_, To::Page) => Some(Flow::Cumulative),
            (_, To::Otlp(flow)) => Some(flow),
        };
        sent.shapes = [Shape { form, flow }].into();
        if self.to == To::Page { sent.into_page_names() } else { sent }
    }
}

/// Where it can be seen in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// The program's page for Prometheus.
    Page,
    /// A receiver of OTLP, which is sent such points, over what they came over.
    Otlp(Flow),
}

/// Which buckets histograms have in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buckets {
    /// Those they come with.
    AsReceived,
    /// Explicit ones, for exponential histograms.
    Explicit,
    /// Exponential ones, for explicit histograms.
    Exponential,
}

/// The Collector's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collector {
    /// These processors, in this order.
    Processes(&'static [&'static str]),
    /// Throws everything away, which is the least it can do. The others keep their state all the same.
    Receives,
    /// Nothing: none of its processors can do that.
    Cannot,
}

/// Bare and gzip, over both.
const USUAL: &[Transport] = &[
    Transport::Http(Compression::None),
    Transport::Http(Compression::Gzip),
    Transport::Grpc(Compression::None),
    Transport::Grpc(Compression::Gzip),
];
const ALL: &[Transport] = &[
    Transport::Http(Compression::None),
    Transport::Http(Compression::Gzip),
    Transport::Http(Compression::Zstd),
    Transport::Grpc(Compression::None),
    Transport::Grpc(Compression::Gzip),
];

/// Of series that stay.
const CUMULATIVE_SUMS: Scenario = Scenario {
    name: "cumulative sums, to the page",
    load: Load::seeded(Kind::Sum, Flow::Cumulative),
    keep: &[],
    buckets: Buckets::AsReceived,
    to: To::Page,
    collector: Collector::Processes(&[]),
    has_rotel: false,
    transports: USUAL,
};
const DELTA_SUMS: Scenario = Scenario {
    name: "delta sums, to a cumulative page",
    load: Load::seeded(Kind::Sum, Flow::Delta),
    collector: Collector::Processes(&["deltatocumulative"]),
    ..CUMULATIVE_SUMS
};

/// What is measured.
pub(crate) const SCENARIOS: [Scenario; 14] = [
    Scenario { transports: ALL, ..CUMULATIVE_SUMS },
    Scenario {
        name: "cumulative sums; the Collector only receives",
        collector: Collector::Receives,
        ..CUMULATIVE_SUMS
    },
    Scenario {
        name: "cumulative sums, passed on",
        to: To::Otlp(Flow::Cumulative),
        has_rotel: true,
        ..CUMULATIVE_SUMS
    },
    Scenario {
        name: "gauges, passed on",
        load: Load::seeded(Kind::Gauge, Flow::Cumulative),
        to: To::Otlp(Flow::Cumulative),
        has_rotel: true,
        ..CUMULATIVE_SUMS
    },
    Scenario {
        name: "cumulative sums, to deltas",
        to: To::Otlp(Flow::Delta),
        collector: Collector::Processes(&["cumulativetodelta"]),
        ..CUMULATIVE_SUMS
    },
    DELTA_SUMS,
    Scenario {
        name: "delta sums, one in a hundred series new each round",
        load: Load { new_every: Some(100), ..Load::seeded(Kind::Sum, Flow::Delta) },
        ..DELTA_SUMS
    },
    Scenario {
        name: "delta sums, one attribute removed",
        load: Load { users: 10, ..Load::seeded(Kind::Sum, Flow::Delta) },
        keep: &["http.request.method", "http.response.status_code", "http.route", "server.address"],
        collector: Collector::Processes(&["metricstransform", "deltatocumulative"]),
        ..DELTA_SUMS
    },
    Scenario {
        name: "delta sums, two attributes kept",
        keep: &["http.request.method", "http.response.status_code"],
        collector: Collector::Processes(&["metricstransform", "deltatocumulative"]),
        ..DELTA_SUMS
    },
    Scenario {
        name: "cumulative histograms, to deltas",
        load: Load::seeded(Kind::Histogram, Flow::Cumulative),
        to: To::Otlp(Flow::Delta),
        collector: Collector::Processes(&["cumulativetodelta"]),
        ..CUMULATIVE_SUMS
    },
    Scenario {
        name: "delta histograms, to a cumulative page",
        load: Load::seeded(Kind::Histogram, Flow::Delta),
        ..DELTA_SUMS
    },
    Scenario {
        name: "delta histograms, to cumulative exponential ones",
        load: Load::seeded(Kind::Histogram, Flow::Delta),
        buckets: Buckets::Exponential,
        to: To::Otlp(Flow::Cumulative),
        collector: Collector::Cannot,
        ..DELTA_SUMS
    },
    Scenario {
        name: "delta exponential histograms, to cumulative ones",
        load: Load::seeded(Kind::Exponential, Flow::Delta),
        to: To::Otlp(Flow::Cumulative),
        ..DELTA_SUMS
    },
    Scenario {
        name: "delta exponential histograms, to cumulative explicit ones",
        load: Load::seeded(Kind::Exponential, Flow::Delta),
        buckets: Buckets::Explicit,
        to: To::Otlp(Flow::Cumulative),
        collector: Collector::Processes(&["transform", "deltatocumulative"]),
        ..DELTA_SUMS
    },
];
