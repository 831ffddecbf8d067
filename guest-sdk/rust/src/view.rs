//! The trait a View implements and the macro that makes a plugin of it.

use serde::de::DeserializeOwned;

use crate::{Attributes, Instrument, Streams};

/// A plugin that shapes streams: renames, re-aggregates, removes and computes attributes.
///
/// The implementing struct is the plugin's configuration; a struct without fields (`struct MyView;`) takes none. Give it
/// `#[serde(default, deny_unknown_fields)]`, so that a key the operator leaves out has its default and a misspelt one is
/// refused. Whatever needs checking belongs into a field's type: `#[serde(try_from = "String")]` reports its error with
/// the place it was found at.
///
/// Both functions must be pure: the host asks once per instrument and once per distinct attribute set, and remembers the
/// answer for as long as the plugin is in service. It never asks per measurement.
///
/// A panic is logged by the host with its message and ends the instance; the View before it keeps serving.
pub trait View: DeserializeOwned + 'static {
    /// The JSON Schema of the configuration, for people and editors; empty if the View takes none.
    const CONFIG_SCHEMA: &'static str = "";

    /// What streams the instrument has.
    fn streams(&self, instrument: &Instrument) -> Streams;

    /// What becomes of an attribute set under the rule [`Stream::computed`](crate::Stream::computed) with `tag`. `None`:
    /// measurements with this set are dropped. Every set is kept as it is unless the View says otherwise.
    fn map_attributes(&self, tag: u32, attributes: Attributes) -> Option<Attributes> {
        let _ = tag;
        Some(attributes)
    }
}

/// Makes a View the plugin that its crate is compiled to. Once per crate; the crate type is `cdylib`.
///
/// ```
/// # use serde::Deserialize;
/// # use wasmeter_guest::{Instrument, Registered, Streams, View};
/// /// Drops every instrument.
/// #[derive(Deserialize)]
/// pub struct DropAll;
///
/// impl View for DropAll {
///     fn streams(&self, _: &Instrument) -> Streams {
///         Streams::drop()
///     }
/// }
///
/// wasmeter_guest::register_view!(DropAll);
/// assert_eq!(DropAll::INFO.version, env!("CARGO_PKG_VERSION"));
/// ```
#[macro_export]
macro_rules! register_view {
    ($view:ty) => {
        $crate::__register!($view, <$view as $crate::View>::CONFIG_SCHEMA);

        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::__private::ViewComponent<$view>;
    $crate::__private::export_view!(Component with_types_in $crate::__private::bindings::view);
        };
    };
}
