//! What an observer says, metric by metric.

use std::collections::HashSet;

use crate::frame::{
    Exemplar, ExponentialHistogram, Frame, FrameBuilder, Histogram, Metric, MetricKind, Number, Point,
    PointData, Resource, Summary, Temporality,
};
use crate::{Attributes, Scope};

/// What is observed at one time, in any order. See [`Observer`](crate::Observer) for an example.
///
/// What is left open the host fills in: a [`Resource`] without content is the host's own, a [`Scope`] without a name has the
/// plugin's, and a point is of the time of the observation.
#[derive(Clone, Debug)]
pub struct Observation {
    now: u64,
    owners: Vec<Owner>,
    /// Which of them is open.
    open: usize,
}

/// A resource, one of its scopes, and the metrics of that.
#[derive(Clone, Debug, Default)]
struct Owner {
    resource: Resource,
    scope: Scope,
    metrics: Vec<Metrics>,
}

#[derive(Clone, Debug)]
struct Metrics {
    metric: Metric,
    points: Vec<Point<'static>>,
}

/// The scopes of a resource with their metrics.
type Scopes = Vec<(Scope, Vec<Metrics>)>;

/// A metric of an observation while its points are written.
#[derive(Debug)]
pub struct ObservedMetric<'a> {
    metric: &'a mut Metrics,
    start: u64,
    time: u64,
}

impl Observation {
    /// An observation without metrics. The host makes one for each call; `now` is in nanoseconds since the Unix epoch.
    pub fn at(now: u64) -> Self {
        Self { now, owners: vec![Owner::default()], open: 0 }
    }

    /// The time of the collection, in nanoseconds since the Unix epoch. No clock needs to be granted for that. 0 when the host
    /// only wants to see whether the observer can observe.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// True if the host only wants to see whether the observer can observe: what it says is checked and not counted.
    pub fn is_trial(&self) -> bool {
        self.now == 0
    }

    /// The metrics that follow are of this resource, and of a scope without a name.
    pub fn resource(&mut self, resource: Resource) -> &mut Self {
        self.open(Owner { resource, ..Owner::default() })
    }

    /// The metrics that follow are of this scope of the same resource.
    pub fn scope(&mut self, scope: Scope) -> &mut Self {
        let resource = self.owners.get(self.open).map(|owner| owner.resource.clone()).unwrap_or_default();
        self.open(Owner { resource, scope, ..Owner::default() })
    }

    fn open(&mut self, owner: Owner) -> &mut Self {
        let same = |known: &Owner| known.resource == owner.resource && known.scope == owner.scope;
        self.open = self.owners.iter().position(same).unwrap_or_else(|| {
            self.owners.push(owner);
            self.owners.len() - 1
        });
        self
    }

    /// A total that only grows, since the start of the series or, by [`ObservedMetric::delta`], since the observation before. If
    /// it falls, what it counts began anew.
    pub fn counter(&mut self, name: impl Into<String>) -> ObservedMetric<'_> {
        self.metric(name.into(), MetricKind::Sum, true)
    }

    /// A total that may fall, such as a number of connections: those of several series can be added up.
    pub fn up_down_counter(&mut self, name: impl Into<String>) -> ObservedMetric<'_> {
        self.metric(name.into(), MetricKind::Sum, false)
    }

    /// A current value, such as a temperature.
    pub fn gauge(&mut self, name: impl Into<String>) -> ObservedMetric<'_> {
        self.metric(name.into(), MetricKind::Gauge, false)
    }

    /// Values counted in buckets with fixed boundaries, as a total.
    pub fn histogram(&mut self, name: impl Into<String>) -> ObservedMetric<'_> {
        self.metric(name.into(), MetricKind::Histogram, false)
    }

    /// Values counted in buckets whose bounds are powers, as a total.
    pub fn exponential_histogram(&mut self, name: impl Into<String>) -> ObservedMetric<'_> {
        self.metric(name.into(), MetricKind::ExponentialHistogram, false)
    }

    /// Quantiles that somebody else worked out. The host passes them on and cannot merge them.
    pub fn summary(&mut self, name: impl Into<String>) -> ObservedMetric<'_> {
        self.metric(name.into(), MetricKind::Summary, false)
    }

    /// The metric of this name and kind, made if it is not there.
    fn metric(&mut self, name: String, kind: MetricKind, monotonic: bool) -> ObservedMetric<'_> {
        let owner = &mut self.owners[self.open];
        let same = |known: &Metrics| {
            known.metric.name == name && known.metric.kind == kind && known.metric.monotonic == monotonic
        };
        // The one that was written last is mostly the one, where a metric is written point by point.
        let at = owner.metrics.iter().rposition(same).unwrap_or_else(|| {
            let temporality = match kind {
                MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram => {
                    Temporality::Cumulative
                }
                MetricKind::Empty | MetricKind::Gauge | MetricKind::Summary => Temporality::Unspecified,
            };
            let (description, unit, metadata) = (String::new(), String::new(), Attributes::new());
            let metric = Metric { name, description, unit, kind, temporality, monotonic, metadata };
            owner.metrics.push(Metrics { metric, points: Vec::new() });
            owner.metrics.len() - 1
        });
        ObservedMetric { metric: &mut owner.metrics[at], start: 0, time: 0 }
    }

    /// All of it as a frame. Metrics without points are left out; of several points of a metric with the same attributes the
    /// last one counts.
    pub fn finish(self) -> Frame {
        let mut frame = FrameBuilder::new();
        // Scopes are to be grouped by their resource.
        let mut groups: Vec<(Resource, Scopes)> = Vec::new();
        for Owner { resource, scope, mut metrics } in self.owners {
            metrics.retain(|metric| !metric.points.is_empty());
            if metrics.is_empty() {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| *known == resource) {
                Some((_, scopes)) => scopes.push((scope, metrics)),
                None => groups.push((resource, vec![(scope, metrics)])),
            }
        }
        for (resource, scopes) in groups {
            frame.resource(&resource);
            for (scope, metrics) in scopes {
                frame.scope(&scope, 0);
                for Metrics { metric, points } in metrics {
                    frame.metric(&metric);
                    let mut seen = HashSet::with_capacity(points.len());
                    let mut wanted: Vec<_> = points
                        .iter()
                        .rev()
                        .filter(|point| seen.insert(frame.set(&point.attributes)))
                        .collect();
                    wanted.reverse();
                    wanted.into_iter().for_each(|point| frame.point(point));
                }
            }
        }
        frame.finish()
    }
}

impl ObservedMetric<'_> {
    /// The unit in UCUM, such as `s`, `By` or `{request}`.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        self.metric.metric.unit = unit.into();
        self
    }

    /// What is to be said of the metric beside its points, for example its type in another system.
    #[must_use]
    pub fn metadata(self, metadata: impl Into<Attributes>) -> Self {
        self.metric.metric.metadata = metadata.into();
        self
    }

    /// One sentence for people.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        self.metric.metric.description = description.into();
        self
    }

    /// The points say what came since the observation before, and not a total.
    #[must_use]
    pub fn delta(self) -> Self {
        self.metric.metric.temporality = Temporality::Delta;
        self
    }

    /// The points that follow count since `start`, in nanoseconds since the Unix epoch; 0 if that is unknown. Another start is
    /// another run of what is observed: its whole total is new.
    pub fn since(&mut self, start: u64) -> &mut Self {
        self.start = start;
        self
    }

    /// The points that follow are of this time, in nanoseconds since the Unix epoch; 0 is that of the observation.
    pub fn at(&mut self, time: u64) -> &mut Self {
        self.time = time;
        self
    }

    /// Adds a point; `()` is the set without attributes. Costs about a microsecond for each attribute.
    ///
    /// # Panics
    ///
    /// When the observation is finished, if the value is not what the kind of metric has.
    pub fn point(
        &mut self,
        attributes: impl Into<Attributes>,
        value: impl Into<PointData<'static>>,
    ) -> &mut Self {
        self.metric.points.push(Point {
            attributes: attributes.into(),
            start: self.start,
            time: self.time,
            flags: 0,
            data: value.into(),
            exemplars: Vec::new(),
        });
        self
    }

    /// Gives the point added last an exemplar.
    pub fn exemplar(&mut self, exemplar: Exemplar) -> &mut Self {
        if let Some(point) = self.metric.points.last_mut() {
            point.exemplars.push(exemplar);
        }
        self
    }
}

impl From<Histogram<'static>> for PointData<'static> {
    fn from(histogram: Histogram<'static>) -> Self {
        Self::Histogram(histogram)
    }
}

impl From<ExponentialHistogram<'static>> for PointData<'static> {
    fn from(histogram: ExponentialHistogram<'static>) -> Self {
        Self::ExponentialHistogram(histogram)
    }
}

impl From<Summary<'static>> for PointData<'static> {
    fn from(summary: Summary<'static>) -> Self {
        Self::Summary(summary)
    }
}

impl From<Number> for PointData<'_> {
    fn from(number: Number) -> Self {
        Self::Number(Some(number))
    }
}

/// Integers beyond what a signed one can hold become the largest there is.
impl From<u64> for PointData<'_> {
    fn from(int: u64) -> Self {
        Number::Int(i64::try_from(int).unwrap_or(i64::MAX)).into()
    }
}

macro_rules! number_data {
    ($($from:ty => $case:ident),*) => {$(
        impl From<$from> for PointData<'_> {
            fn from(number: $from) -> Self {
                Number::$case(number.into()).into()
            }
        }
    )*};
}

number_data!(i32 => Int, u32 => Int, i64 => Int, f64 => Double);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn metrics_are_grouped_by_owner_whatever_the_order() {
        let mut observation = Observation::at(7);
        let page = |number: i64| Resource { attributes: [("page", number)].into(), ..Resource::default() };
        observation.gauge("own").point((), 1);
        observation.resource(page(1)).gauge("a").point((), 2);
        observation.scope(Scope { name: "s".to_owned(), ..Scope::default() }).gauge("b").point((), 3);
        observation.resource(page(2)).gauge("a").point((), 4);
        observation.resource(page(1)).gauge("c").point((), 5);
        observation.resource(Resource::default()).gauge("own").point([("k", 1_i64)], 6);
        let frame = observation.finish();
        let rows = rows(&frame);
        assert_eq!(rows, ["own {} 1", "own {k=1} 6", "a {} 2", "c {} 5", "b {} 3", "a {} 4"]);
        let resources: Vec<_> =
            frame.metrics().map(|metric| metric.scope().resource().attributes().len()).collect();
        assert_eq!(resources, [0, 1, 1, 1, 1]);
    }

    #[test]
    fn of_points_with_the_same_attributes_the_last_one_counts() {
        let mut observation = Observation::at(7);
        let mut metric = observation.up_down_counter("u").unit("By");
        metric.point([("k", "a")], 1).point([("k", "b")], 2).point([("k", "a")], 3_u64);
        assert_eq!(rows(&observation.finish()), ["u [By] cumulative {k=b} 2", "u [By] cumulative {k=a} 3"]);
    }

    #[test]
    fn metrics_without_points_are_left_out() {
        let mut observation = Observation::at(7);
        let _unused = observation.counter("c").delta();
        assert_eq!(observation.finish(), Frame::default());
    }
}
