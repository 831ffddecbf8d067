//! What a View asks for: the configuration of one stream.

use crate::Pattern;

/// How the values of a stream are combined over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Aggregation {
    /// As the View before this one says, else as the reader has it for the instrument's kind.
    #[default]
    Default,
    /// Nothing is kept.
    Drop,
    /// The arithmetic sum.
    Sum,
    /// The last value.
    LastValue,
    /// A histogram with fixed boundaries.
    ExplicitBucketHistogram {
        /// Upper bounds in the instrument's unit, finite and strictly ascending; the last bucket has no bound. `None`: as
        /// the instrument advises, else the specification's default. A received histogram can only be given a subset of
        /// the bounds it has.
        boundaries: Option<Vec<f64>>,
        /// Whether the smallest and the largest value are kept.
        record_min_max: bool,
    },
    /// A histogram whose resolution follows the data.
    Base2ExponentialBucketHistogram {
        /// The most buckets of either sign; 2 to 16384, 160 by default in the specification.
        max_size: u32,
        /// The finest scale; -10 to 20. The base of the buckets is `2^(2^-scale)`.
        max_scale: i8,
        /// Whether the smallest and the largest value are kept.
        record_min_max: bool,
    },
}

/// One step of what becomes of an attribute set; steps are applied in order, each to the result of the one before.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeRule {
    /// Keeps the attributes whose key fits one of the patterns, removes the rest.
    Include(Vec<Pattern>),
    /// Removes the attributes whose key fits one of the patterns.
    Exclude(Vec<Pattern>),
    /// Asks [`View::map_attributes`](crate::View::map_attributes) with this tag, once per distinct set.
    Computed(u32),
}

/// How the current values of several sources become one, where rules make them one series; for gauges and
/// up-down-counters, whose values are states and not increments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// The sum over the sources; the default of up-down-counters.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// That of the source heard from last; the default of gauges.
    Last,
}

/// The configuration of one stream. What is left open comes from the View before, the instrument and the reader.
///
/// ```
/// use wasmeter_guest::Stream;
///
/// let stream = Stream::keep().exclude(["user.*"]).boundaries([0.1, 1.0, 10.0]).rename("checkout.duration");
/// assert_eq!(stream.name.as_deref(), Some("checkout.duration"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stream {
    /// Renames the stream. Views without a name apply to every stream of the instrument; each distinct name makes a
    /// stream of its own.
    pub name: Option<String>,
    /// Replaces the description.
    pub description: Option<String>,
    /// Replaces the unit's label; no value is converted.
    pub unit: Option<String>,
    /// What becomes of the points' attributes; empty: they stay.
    pub attributes: Vec<AttributeRule>,
    /// What becomes of the resource's attributes; empty: they stay.
    pub resource_attributes: Vec<AttributeRule>,
    /// How values are combined over time.
    pub aggregation: Aggregation,
    /// How merged states combine; `None`: as the View before says, else the default.
    pub combine: Option<Combine>,
    /// The most distinct attribute sets, at least 1, before the series with `otel.metric.overflow` takes the rest;
    /// `None`: as the reader has it, 2000 by default.
    pub cardinality_limit: Option<u32>,
}

fn patterns<P: Into<Pattern>>(given: impl IntoIterator<Item = P>) -> Vec<Pattern> {
    given.into_iter().map(Into::into).collect()
}

impl Stream {
    /// The instrument's own stream, unchanged.
    pub fn keep() -> Self {
        Self::default()
    }

    /// Renames the stream.
    #[must_use]
    pub fn rename(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Replaces the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Replaces the unit's label; no value is converted.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Keeps only the point attributes whose key fits one of the patterns.
    #[must_use]
    pub fn include<P: Into<Pattern>>(mut self, keys: impl IntoIterator<Item = P>) -> Self {
        self.attributes.push(AttributeRule::Include(patterns(keys)));
        self
    }

    /// Removes the point attributes whose key fits one of the patterns.
    #[must_use]
    pub fn exclude<P: Into<Pattern>>(mut self, keys: impl IntoIterator<Item = P>) -> Self {
        self.attributes.push(AttributeRule::Exclude(patterns(keys)));
        self
    }

    /// Lets [`View::map_attributes`](crate::View::map_attributes) decide what becomes of the points' attributes.
    #[must_use]
    pub fn computed(mut self, tag: u32) -> Self {
        self.attributes.push(AttributeRule::Computed(tag));
        self
    }

    /// Keeps only the resource attributes whose key fits one of the patterns.
    #[must_use]
    pub fn include_resource<P: Into<Pattern>>(mut self, keys: impl IntoIterator<Item = P>) -> Self {
        self.resource_attributes.push(AttributeRule::Include(patterns(keys)));
        self
    }

    /// Removes the resource attributes whose key fits one of the patterns.
    #[must_use]
    pub fn exclude_resource<P: Into<Pattern>>(mut self, keys: impl IntoIterator<Item = P>) -> Self {
        self.resource_attributes.push(AttributeRule::Exclude(patterns(keys)));
        self
    }

    /// Lets [`View::map_attributes`](crate::View::map_attributes) decide what becomes of the resource's attributes.
    #[must_use]
    pub fn computed_resource(mut self, tag: u32) -> Self {
        self.resource_attributes.push(AttributeRule::Computed(tag));
        self
    }

    /// Sets the aggregation.
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// A histogram with these upper bounds, in the instrument's unit, and with minimum and maximum.
    #[must_use]
    pub fn boundaries(self, boundaries: impl IntoIterator<Item = f64>) -> Self {
        self.aggregation(Aggregation::ExplicitBucketHistogram {
            boundaries: Some(boundaries.into_iter().collect()),
            record_min_max: true,
        })
    }

    /// An exponential histogram of the specification's default size (160 buckets) and scale (20), with minimum and
    /// maximum.
    #[must_use]
    pub fn exponential(self) -> Self {
        self.aggregation(Aggregation::Base2ExponentialBucketHistogram {
            max_size: 160,
            max_scale: 20,
            record_min_max: true,
        })
    }

    /// Says how states combine where several sources become one series.
    #[must_use]
    pub fn combine(mut self, combine: Combine) -> Self {
        self.combine = Some(combine);
        self
    }

    /// Sets the most distinct attribute sets; at least 1.
    #[must_use]
    pub fn cardinality_limit(mut self, sets_max: u32) -> Self {
        self.cardinality_limit = Some(sets_max);
        self
    }
}
