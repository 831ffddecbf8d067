//! A processor, configured and asked as the host would.

use std::fmt;

use super::check;
use crate::frame::{
    Frame, FrameBuilder, Metric, MetricKind, Number, Point, PointData, Resource, Temporality,
};
use crate::{Attributes, Fault, Outcome, Problem, Processor, Registered, Scope};

/// A configured processor. What it returns is checked for the mistakes that are easily made: points of a metric with the same
/// attributes, and metrics without a name.
pub struct ProcessorHarness<P> {
    processor: P,
}

/// By name, so that a processor need not be `Debug`.
impl<P: Registered> fmt::Debug for ProcessorHarness<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProcessorHarness").field(&P::INFO.name).finish()
    }
}

impl<P: Processor + Registered> ProcessorHarness<P> {
    /// A processor with this configuration, a JSON object as text.
    ///
    /// # Panics
    ///
    /// The configuration or the plugin's description of itself is refused.
    #[track_caller]
    pub fn new(config: &str) -> Self {
        check::accepted(Self::configure(config))
    }

    /// A processor with this configuration, a JSON object as text.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    ///
    /// # Panics
    ///
    /// The plugin's description of itself is refused.
    #[track_caller]
    pub fn configure(config: &str) -> Result<Self, Vec<Problem>> {
        check::configured(config).map(|processor| Self { processor })
    }

    /// What becomes of a frame.
    ///
    /// # Errors
    ///
    /// The processor's fault.
    ///
    /// # Panics
    ///
    /// The host would refuse what the processor returned.
    #[track_caller]
    pub fn process(&self, frame: Frame) -> Result<Outcome, Fault> {
        let outcome = self.processor.process(frame)?;
        if let Outcome::Replaced(frame) = &outcome {
            check::frame(frame);
        }
        Ok(outcome)
    }

    /// The frame that goes on, changed or not.
    ///
    /// # Panics
    ///
    /// As [`Self::process`]; the processor gave up, or dropped the frame.
    #[track_caller]
    pub fn processed(&self, frame: Frame) -> Frame {
        match self.process(frame.clone()) {
            Ok(Outcome::Unchanged) => frame,
            Ok(Outcome::Replaced(frame)) => frame,
            other => panic!("expected a frame, found {other:?}"),
        }
    }
}

/// A frame with one delta sum of integers, of a resource without attributes.
pub fn sum_of<A: Into<Attributes>>(name: &str, points: impl IntoIterator<Item = (A, i64)>) -> Frame {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(&Metric {
        name: name.to_owned(),
        description: String::new(),
        unit: String::new(),
        kind: MetricKind::Sum,
        temporality: Temporality::Delta,
        monotonic: true,
        metadata: Attributes::new(),
    });
    for (attributes, value) in points {
        frame.point(&Point {
            attributes: attributes.into(),
            start: 1,
            time: 2,
            flags: 0,
            data: PointData::Number(Some(Number::Int(value))),
            exemplars: Vec::new(),
        });
    }
    frame.finish()
}
