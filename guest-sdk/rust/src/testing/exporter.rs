//! An exporter, configured and asked as the host would.

use std::fmt;

use super::check;
use crate::frame::Frame;
use crate::{Accepted, ExportError, Exporter, Fault, Preference, Problem, Registered};

/// A configured exporter, asked in the host's order: its preference once, frames, and at the end flush and shutdown. What it
/// answers is checked by the host's rules.
pub struct ExporterHarness<E> {
    exporter: E,
    preference: Preference,
}

/// By name, so that an exporter need not be `Debug`.
impl<E: Registered> fmt::Debug for ExporterHarness<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExporterHarness").field(&E::INFO.name).finish()
    }
}

impl<E: Exporter + Registered> ExporterHarness<E> {
    /// An exporter with this configuration, a JSON object as text.
    ///
    /// # Panics
    ///
    /// The configuration, the plugin's description of itself or its preference is refused.
    #[track_caller]
    pub fn new(config: &str) -> Self {
        check::accepted(Self::configure(config))
    }

    /// An exporter with this configuration, a JSON object as text.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    ///
    /// # Panics
    ///
    /// The plugin's description of itself or its preference is refused.
    #[track_caller]
    pub fn configure(config: &str) -> Result<Self, Vec<Problem>> {
        let exporter: E = check::configured(config)?;
        let preference = exporter.preference();
        for (at, (kind, aggregation)) in preference.aggregations.iter().enumerate() {
            if let Err(refusal) = check::aggregation(aggregation) {
                panic!("the preference for {kind:?}: {refusal}");
            }
            let again = preference.aggregations.iter().skip(at + 1).any(|(other, _)| other == kind);
            assert!(!again, "the preference has two aggregations for {kind:?}");
        }
        Ok(Self { exporter, preference })
    }

    /// What it wants to be given.
    pub fn preference(&self) -> &Preference {
        &self.preference
    }

    /// Has a frame exported.
    ///
    /// # Errors
    ///
    /// As the exporter says.
    ///
    /// # Panics
    ///
    /// The frame has no point, which the host would not export, or the host would refuse the answer.
    #[track_caller]
    pub fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let points = frame.point_count() as u64;
        assert!(points > 0, "the host exports no frame without points");
        let accepted = self.exporter.export(frame)?;
        let rejected = accepted.rejected_points;
        assert!(rejected <= points, "{rejected} rejected points of a frame that has {points}");
        Ok(accepted)
    }

    /// Flushes and shuts it down.
    ///
    /// # Errors
    ///
    /// The first fault of either; the shutdown is made in any case.
    pub fn shutdown(mut self) -> Result<(), Fault> {
        let flushed = self.exporter.flush();
        let shut_down = self.exporter.shutdown();
        flushed.and(shut_down)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::testing::sum_of;
    use crate::{Aggregation, InstrumentKind};

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Odd {
        rejects: u64,
        boundaries: Vec<f64>,
        #[serde(skip)]
        calls: Vec<&'static str>,
    }

    impl Exporter for Odd {
        fn preference(&self) -> Preference {
            let boundaries = Some(self.boundaries.clone());
            let histogram = Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: true };
            Preference::delta().aggregation(InstrumentKind::Histogram, histogram)
        }

        fn export(&mut self, _: Frame) -> Result<Accepted, ExportError> {
            self.calls.push("export");
            Ok(Accepted::without(self.rejects, "odd"))
        }

        fn flush(&mut self) -> Result<(), Fault> {
            self.calls.push("flush");
            Err(Fault::new("lost"))
        }

        fn shutdown(&mut self) -> Result<(), Fault> {
            self.calls.push("shutdown");
            assert_eq!(self.calls, ["export", "flush", "shutdown"]);
            Ok(())
        }
    }

    crate::register_exporter!(Odd);

    #[test]
    fn it_is_asked_in_the_host_s_order() {
        let mut odd = ExporterHarness::<Odd>::new(r#"{"rejects": 1}"#);
        assert_eq!(odd.export(sum_of("a", [([("b", "c")], 1)])), Ok(Accepted::without(1, "odd")));
        assert_eq!(odd.shutdown(), Err(Fault::new("lost")));
    }

    #[test]
    #[should_panic = "2 rejected points of a frame that has 1"]
    fn more_rejected_points_than_there_were_are_a_mistake() {
        let mut odd = ExporterHarness::<Odd>::new(r#"{"rejects": 2}"#);
        let _accepted = odd.export(sum_of("a", [([("b", "c")], 1)]));
    }

    #[test]
    #[should_panic = "expected finite and strictly ascending"]
    fn a_preference_the_host_refuses_is_a_mistake() {
        ExporterHarness::<Odd>::new(r#"{"boundaries": [2.0, 1.0]}"#);
    }
}
