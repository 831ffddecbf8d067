//! What probes came to, since the plugin began.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wasmeter_guest::frame::Histogram;

/// The upper bounds of the durations, in seconds: those the semantic conventions advise for HTTP.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// How a probe ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The status code of the answer.
    Answered(u16),
    /// Why there was none, in a few fixed words.
    Failed(&'static str),
}

/// The durations of probes with one outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Durations {
    counts: [u64; BOUNDS.len() + 1],
    sum_secs: f64,
}

/// By target, in their order in the configuration, and outcome.
pub(crate) type Totals = BTreeMap<(usize, Outcome), Durations>;

impl Durations {
    pub(crate) fn add(&mut self, secs: f64) {
        let bucket = BOUNDS.partition_point(|bound| *bound < secs);
        self.counts.get_mut(bucket).into_iter().for_each(|count| *count += 1);
        self.sum_secs += secs;
    }

    pub(crate) fn to_histogram(&self) -> Histogram<'static> {
        Histogram {
            count: self.counts.iter().sum(),
            sum: Some(self.sum_secs),
            bounds: Cow::Borrowed(&BOUNDS),
            counts: Cow::Owned(self.counts.to_vec()),
            ..Histogram::default()
        }
    }
}
