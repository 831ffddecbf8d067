//! The trait an exporter implements and the macro that makes a plugin of it.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::frame::{Frame, Temporality};
use crate::{Aggregation, Fault, InstrumentKind};

/// A plugin that sends metrics on.
///
/// The implementing struct is the plugin's configuration, as with a [`View`](crate::View); what it holds besides, such as
/// an open file, is a field with `#[serde(skip)]`.
///
/// The host collects at the interval the operator chose and calls [`Exporter::export`], one call at a time. An exporter may
/// be replaced while it serves: then [`Exporter::flush`] and [`Exporter::shutdown`] are its last calls, while its successor
/// serves already. A panic is logged by the host with its message and ends the instance without these calls; the frame is
/// then exported again by a fresh one.
///
/// ```
/// use serde::Deserialize;
/// use wasmeter_guest::frame::Frame;
/// use wasmeter_guest::{Accepted, ExportError, Exporter, Preference};
///
/// /// Tells in the host's log how much there is.
/// #[derive(Default, Deserialize)]
/// #[serde(default, deny_unknown_fields)]
/// pub struct Tell {
///     #[serde(skip)]
///     points_so_far: usize,
/// }
///
/// impl Exporter for Tell {
///     fn preference(&self) -> Preference {
///         Preference::delta()
///     }
///
///     fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
///         self.points_so_far += frame.point_count();
///         wasmeter_guest::info!("{} points so far", self.points_so_far);
///         Ok(Accepted::all())
///     }
/// }
///
/// wasmeter_guest::register_exporter!(Tell);
///
/// // In a unit test, natively:
/// use wasmeter_guest::testing::{ExporterHarness, sum_of, take_logs};
/// let mut exporter = ExporterHarness::<Tell>::new("{}");
/// assert_eq!(exporter.export(sum_of("visits", [([("page", "/")], 7)])), Ok(Accepted::all()));
/// exporter.shutdown().unwrap();
/// ```
pub trait Exporter: DeserializeOwned + 'static {
    /// The JSON Schema of the configuration, for people and editors; empty if the exporter takes none.
    const CONFIG_SCHEMA: &'static str = "";

    /// What it wants to be given; cumulative by default. Depends on the configuration alone, since the series depend on it.
    fn preference(&self) -> Preference {
        Preference::cumulative()
    }

    /// Sends a frame of at least one point. On return it is the exporter's affair: what it buffers it sends by itself, at
    /// the latest in [`Exporter::flush`].
    ///
    /// # Errors
    ///
    /// Why it was not taken, and whether trying again may help. What the receiver refused in part is no error.
    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError>;

    /// Sends everything that is buffered. Does nothing by default, for exporters that buffer nothing.
    ///
    /// # Errors
    ///
    /// What was lost.
    fn flush(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// Lets go of files and connections; nothing is called after it. Does nothing by default: what the struct holds is
    /// dropped then.
    ///
    /// # Errors
    ///
    /// What did not end as it should.
    fn shutdown(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// What an exporter wants to be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Preference {
    /// What time points cover.
    pub temporality: TemporalityPreference,
    /// The aggregation of each kind where no View says; the specification's default for kinds that are not named.
    pub aggregations: Vec<(InstrumentKind, Aggregation)>,
}

/// Which temporality an exporter wants (OTLP exporter specification, "temporality preference"). In a configuration it is one of
/// the words of the declarative configuration: `cumulative`, `delta`, `low_memory`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub enum TemporalityPreference {
    /// Cumulative for all.
    #[default]
    Cumulative,
    /// Delta for counters and histograms, cumulative for up-down-counters.
    Delta,
    /// Delta for synchronous counters and for histograms, cumulative for all others.
    LowMemory,
    /// As it says for each kind.
    #[serde(skip)]
    ByKind(Temporalities),
}

/// A temporality for each kind of instrument that has one; gauges have none. What is not `Delta` is cumulative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named like the kinds")]
pub struct Temporalities {
    pub counter: Temporality,
    pub up_down_counter: Temporality,
    pub histogram: Temporality,
    pub observable_counter: Temporality,
    pub observable_up_down_counter: Temporality,
}

/// The specification's default aggregations.
impl From<TemporalityPreference> for Preference {
    fn from(temporality: TemporalityPreference) -> Self {
        Self { temporality, aggregations: Vec::new() }
    }
}

impl Preference {
    /// Everything cumulative: for receivers that keep state, such as Prometheus.
    pub fn cumulative() -> Self {
        TemporalityPreference::Cumulative.into()
    }

    /// Counters and histograms delta: for receivers that add up.
    pub fn delta() -> Self {
        TemporalityPreference::Delta.into()
    }

    /// Delta where the host then need not keep anything.
    pub fn low_memory() -> Self {
        TemporalityPreference::LowMemory.into()
    }

    /// A temporality for each kind.
    pub fn by_kind(temporality: Temporalities) -> Self {
        TemporalityPreference::ByKind(temporality).into()
    }

    /// Also asks for this aggregation of a kind, in place of what was asked for that kind before.
    #[must_use]
    pub fn aggregation(mut self, kind: InstrumentKind, aggregation: Aggregation) -> Self {
        self.aggregations.retain(|(other, _)| *other != kind);
        self.aggregations.push((kind, aggregation));
        self
    }
}

/// The receiver took a frame, perhaps not all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// How many of its points were refused for good, at most all of them. The host counts them.
    pub rejected_points: u64,
    /// What the receiver said about that, or as a warning; the host's log shows the first 400 bytes.
    pub message: String,
}

impl Accepted {
    /// All of it.
    pub fn all() -> Self {
        Self::default()
    }

    /// All but this many points, and why.
    pub fn without(rejected_points: u64, message: impl Into<String>) -> Self {
        Self { rejected_points, message: message.into() }
    }
}

/// Why a frame was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// Trying again may help: the receiver was not reached, was busy, or asked for patience.
    Retryable {
        /// When, from now; `None` leaves it to the host, which waits longer each time. Kept in whole milliseconds.
        after: Option<Duration>,
        /// What happened; the host's log shows the first 400 bytes.
        reason: String,
    },
    /// Trying again would not help. The frame's points are counted as refused.
    Permanent {
        /// What happened; the host's log shows the first 400 bytes.
        reason: String,
    },
}

impl ExportError {
    /// To be tried again when the host thinks fit.
    pub fn retryable(reason: impl Into<String>) -> Self {
        Self::Retryable { after: None, reason: reason.into() }
    }

    /// To be tried again after this time.
    pub fn retryable_after(after: Duration, reason: impl Into<String>) -> Self {
        Self::Retryable { after: Some(after), reason: reason.into() }
    }

    /// Not to be tried again.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self::Permanent { reason: reason.into() }
    }
}

/// Makes an exporter the plugin that its crate is compiled to. Once per crate; the crate type is `cdylib`.
#[macro_export]
macro_rules! register_exporter {
    ($exporter:ty) => {
        $crate::__register!($exporter, <$exporter as $crate::Exporter>::CONFIG_SCHEMA);

        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::__private::ExporterComponent<$exporter>;
            $crate::__private::export_exporter!(Component with_types_in $crate::__private::bindings::exporter);
        };
    };
}
