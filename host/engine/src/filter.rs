//! A reader's filter: what of the metrics it exports (metrics SDK, "MetricFilter").

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use foldhash::fast::RandomState;
use wasmeter_model::frame::{Frame, FrameBuilder, PointKind};
use wasmeter_model::{Attributes, Scope};

use crate::stream::{Collection, Slots, Stream};
use crate::sync::MutexGuard;

/// Decides for one reader which metrics and which of their series are exported.
///
/// Unlike a View it changes no stream: what it drops is counted all the same, so that a filter may change its mind. A
/// cumulative series that passes again says its whole total. A delta series that is dropped is gone for that interval, which
/// has passed for all series of the metric; of an observable counter the next point that passes has what came in between.
///
/// Asked in each collection, and with nothing locked but what keeps collections and swaps apart: neither function may
/// collect or swap. A filter that panics accepts what it was asked about.
pub trait MetricFilter: Send + Sync {
    /// Decides about a whole metric; asked once for each, before anything is spent on its series.
    fn test_metric(&self, metric: MetricStream<'_>) -> MetricFilterResult;

    /// Decides about one series of a metric that was accepted in part, by the attributes as they are exported.
    fn test_attributes(&self, metric: MetricStream<'_>, attributes: &Attributes) -> AttributesFilterResult;
}

/// What a filter is told about a metric.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MetricStream<'a> {
    /// The scope it belongs to.
    pub scope: &'a Scope,
    /// The name it is exported under.
    pub name: &'a str,
    /// What points it has (data model, "Point kinds").
    pub kind: PointKind,
    /// Its unit; empty if none.
    pub unit: &'a str,
}

impl<'a> MetricStream<'a> {
    /// A metric, for producers that ask a reader's filter.
    pub const fn new(scope: &'a Scope, name: &'a str, kind: PointKind, unit: &'a str) -> Self {
        Self { scope, name, kind, unit }
    }
}

/// What a filter says about a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricFilterResult {
    /// All of its series are exported.
    Accept,
    /// None of them is, and none is asked about.
    Drop,
    /// Each series is asked about.
    AcceptPartial,
}

/// What a filter says about a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributesFilterResult {
    /// It is exported.
    Accept,
    /// It is not.
    Drop,
}

/// Filters are equal if they are the same one.
impl PartialEq for dyn MetricFilter + '_ {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self, other)
    }
}

impl fmt::Debug for dyn MetricFilter + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricFilter")
    }
}

/// What the filter said about one metric in one collection.
pub(crate) struct Verdict {
    result: MetricFilterResult,
    /// What it said about the series it was asked about: whether they pass.
    series: HashMap<Attributes, bool, RandomState>,
    has_panicked: bool,
}

impl Verdict {
    /// Asks about a metric; without a filter all of it passes.
    pub(crate) fn of(filter: Option<&dyn MetricFilter>, metric: MetricStream<'_>) -> Self {
        let result = MetricFilterResult::Accept;
        let mut verdict = Self { result, series: HashMap::default(), has_panicked: false };
        if let Some(filter) = filter {
            verdict.result = verdict.guarded(result, || filter.test_metric(metric));
        }
        verdict
    }

    /// The filter is the application's own code; what is wrong with it must not cost a reader its metrics.
    fn guarded<T>(&mut self, accept: T, question: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(question)).unwrap_or_else(|_| {
            self.has_panicked = true;
            accept
        })
    }

    /// What is to be told about the filter, if it has panicked.
    pub(crate) fn notice(&self) -> Option<String> {
        let notice = "the reader's metric filter panicked; what it was asked about is exported";
        self.has_panicked.then(|| notice.to_owned())
    }

    /// True if not one series passes, whatever its attributes.
    pub(crate) fn is_drop(&self) -> bool {
        self.result == MetricFilterResult::Drop
    }

    /// True if a series passes that has been asked about, if need be.
    pub(crate) fn passes(&self, attributes: &Attributes) -> bool {
        match self.result {
            MetricFilterResult::Accept => true,
            MetricFilterResult::Drop => false,
            MetricFilterResult::AcceptPartial => self.series.get(attributes).copied().unwrap_or(true),
        }
    }

    /// Asks about a series, if that is open and it has not been asked about.
    pub(crate) fn ask(
        &mut self,
        filter: Option<&dyn MetricFilter>,
        metric: MetricStream<'_>,
        attributes: &Attributes,
    ) {
        let Some(filter) = filter.filter(|_| self.is_open(attributes)) else { return };
        let accept = AttributesFilterResult::Accept;
        let said = self.guarded(accept, || filter.test_attributes(metric, attributes));
        self.series.insert(attributes.clone(), said == accept);
    }

    fn is_open(&self, attributes: &Attributes) -> bool {
        self.result == MetricFilterResult::AcceptPartial && !self.series.contains_key(attributes)
    }

    /// Asks about the series in some places of a stream that have something to export, until all that there are have been asked
    /// about: others may appear while the stream is not locked. The stream is then locked behind whoever waits for it.
    pub(crate) fn settle<'a>(
        &mut self,
        filter: Option<&dyn MetricFilter>,
        stream: &'a Stream,
        collection: Collection,
        places: Range<usize>,
    ) -> MutexGuard<'a, Slots> {
        loop {
            let slots = stream.slots.lock_in_turn();
            if self.result != MetricFilterResult::AcceptPartial {
                return slots;
            }
            let exported = slots.to_export(&stream.key, collection, places.clone());
            let open: Vec<_> = exported.filter(|attributes| self.is_open(attributes)).cloned().collect();
            if open.is_empty() {
                return slots;
            }
            drop(slots);
            open.iter().for_each(|attributes| self.ask(filter, stream.key.metric(), attributes));
        }
    }
}

/// The part of a frame that passes a filter: for metrics that come from elsewhere than the engine.
pub fn filtered(frame: &Frame, filter: &dyn MetricFilter) -> Frame {
    let mut part = FrameBuilder::new();
    append_filtered(&mut part, frame, Some(filter));
    part.finish()
}

/// Adds the part of a frame that passes a filter to another frame.
pub fn append_filtered(to: &mut FrameBuilder, frame: &Frame, filter: Option<&dyn MetricFilter>) {
    let Some(filter) = filter else { return to.append(frame, |_, _| true) };
    let mut verdicts: HashMap<usize, (Scope, Verdict)> = HashMap::new();
    to.append(frame, |metric, point| {
        let (scope, verdict) = verdicts.entry(metric.row()).or_insert_with(|| {
            let of = metric.scope();
            let scope = Scope {
                name: of.name().into(),
                version: of.version().into(),
                schema_url: of.schema_url().into(),
                attributes: frame.attributes(of.attributes()).0,
            };
            let asked = MetricStream::new(&scope, metric.name(), metric.kind(), metric.unit());
            let verdict = Verdict::of(Some(filter), asked);
            (scope, verdict)
        });
        if verdict.result == MetricFilterResult::AcceptPartial {
            let attributes = frame.attributes(point.attributes()).0;
            let asked = MetricStream::new(scope, metric.name(), metric.kind(), metric.unit());
            verdict.ask(Some(filter), asked, &attributes);
            return verdict.passes(&attributes);
        }
        !verdict.is_drop()
    });
}
