//! What is sent, and what either program is to do with it.

use crate::requests::{Flow, Kind};

/// The programs.
pub(crate) const WASMETER: &str = "wasmeter";
pub(crate) const COLLECTOR: &str = "Collector";

/// A load and what becomes of it.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) flow: Flow,
    /// Attributes that are kept; empty: all of them.
    pub(crate) keep: &'static [&'static str],
    /// What the Collector does with it on the way.
    pub(crate) processors: &'static [&'static str],
    /// True if the Collector throws everything away, which is the least it can do. wasmeter keeps its state all the same.
    pub(crate) is_dropped: bool,
}

impl Scenario {
    /// True if the program has a state that can be compared.
    pub(crate) fn keeps_state(&self, program: &str) -> bool {
        program == WASMETER || !self.is_dropped
    }
}

/// What is measured.
pub(crate) const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "cumulative sums, to the page",
        kind: Kind::Sum,
        flow: Flow::Cumulative,
        keep: &[],
        processors: &[],
        is_dropped: false,
    },
    Scenario {
        name: "cumulative sums; the Collector only receives",
        kind: Kind::Sum,
        flow: Flow::Cumulative,
        keep: &[],
        processors: &[],
        is_dropped: true,
    },
    Scenario {
        name: "delta sums, to a cumulative page",
        kind: Kind::Sum,
        flow: Flow::Delta,
        keep: &[],
        processors: &["deltatocumulative"],
        is_dropped: false,
    },
    Scenario {
        name: "delta sums, two attributes kept",
        kind: Kind::Sum,
        flow: Flow::Delta,
        keep: &["http.request.method", "http.response.status_code"],
        processors: &["metricstransform", "deltatocumulative"],
        is_dropped: false,
    },
    Scenario {
        name: "delta histograms, to a cumulative page",
        kind: Kind::Histogram,
        flow: Flow::Delta,
        keep: &[],
        processors: &["deltatocumulative"],
        is_dropped: false,
    },
];
