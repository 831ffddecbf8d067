//! The trait an observer implements and the macro that makes a plugin of it.

use serde::de::DeserializeOwned;

use crate::{Fault, Observation};

/// A plugin that observes when metrics are collected: the state of a machine, of a process, of another service.
///
/// The implementing struct is the plugin's configuration, as with a [`View`](crate::View). What it remembers from one
/// observation to the next, in a field that serde skips, is lost when the plugin is replaced or its instance is lost; the host
/// keeps the series, and a total that begins anew goes on from what it was. What counts by itself has the first
/// [`Observation::now`] above 0 as its start ([`ObservedMetric::since`](crate::ObservedMetric::since)), so that all that another
/// build counts is new.
///
/// ```
/// use std::cell::Cell;
///
/// use serde::Deserialize;
/// use wasmeter_guest::{Fault, Observation, Observer};
///
/// /// Says how often it was asked, and what the operator wants to be seen beside the metrics.
/// #[derive(Deserialize)]
/// #[serde(deny_unknown_fields)]
/// pub struct Targets {
///     latency_seconds: f64,
///     #[serde(skip)]
///     asked: Cell<i64>,
/// }
///
/// impl Observer for Targets {
///     fn observe(&self, observation: &mut Observation) -> Result<(), Fault> {
///         self.asked.set(self.asked.get() + 1);
///         observation.counter("targets.observations").unit("{observation}").point((), self.asked.get());
///         observation
///             .gauge("targets.latency")
///             .unit("s")
///             .description("Below this nobody complains")
///             .point([("http.route", "/orders/{id}")], self.latency_seconds);
///         Ok(())
///     }
/// }
///
/// wasmeter_guest::register_observer!(Targets);
///
/// // In a unit test, natively:
/// use wasmeter_guest::testing::ObserverHarness;
/// let targets = ObserverHarness::<Targets>::new(r#"{"latency_seconds": 0.25}"#);
/// assert_eq!(
///     targets.rows(1),
///     ["targets.observations [{observation}] cumulative {} 1", "targets.latency [s] {http.route=/orders/{id}} 0.25"]
/// );
/// ```
pub trait Observer: DeserializeOwned + 'static {
    /// The JSON Schema of the configuration, for people and editors; empty if the observer takes none.
    const CONFIG_SCHEMA: &'static str = "";

    /// Says all there is to observe. What is not said any more has ended.
    ///
    /// # Errors
    ///
    /// Why nothing can be observed now. Then nothing ends, and what was observed before stands.
    fn observe(&self, observation: &mut Observation) -> Result<(), Fault>;
}

/// Makes an observer the plugin that its crate is compiled to. Once per crate; the crate type is `cdylib`.
#[macro_export]
macro_rules! register_observer {
    ($observer:ty) => {
        $crate::__register!($observer, <$observer as $crate::Observer>::CONFIG_SCHEMA);

        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::__private::ObserverComponent<$observer>;
            $crate::__private::export_observer!(Component with_types_in $crate::__private::bindings::observer);
        };
    };
}
