//! The trait a processor implements and the macro that makes a plugin of it.

use serde::de::DeserializeOwned;

use crate::frame::Frame;

/// A plugin that changes metrics between their collection and their export.
///
/// The implementing struct is the plugin's configuration, as with a [`View`](crate::View).
///
/// A processor sees what a reader collected, after the Views. It should remember nothing from one frame to the next: what it
/// remembers is lost when it is replaced. A panic is logged by the host with its message and ends the instance; what becomes
/// of the frame is the operator's choice.
///
/// ```
/// use serde::Deserialize;
/// use wasmeter_guest::frame::{Edit, Frame};
/// use wasmeter_guest::{Fault, Outcome, Processor};
///
/// /// Removes one attribute wherever it is.
/// #[derive(Deserialize)]
/// #[serde(deny_unknown_fields)]
/// pub struct Forget {
///     key: String,
/// }
///
/// impl Processor for Forget {
///     fn process(&self, mut frame: Frame) -> Result<Outcome, Fault> {
///         let forget = |key: &str, _: wasmeter_guest::frame::ValueRef<'_>| {
///             if key == self.key { Edit::Remove } else { Edit::Keep }
///         };
///         if !frame.edit_attributes(forget) {
///             return Ok(Outcome::Unchanged);
///         }
///         frame.merge_points();
///         Ok(Outcome::Replaced(frame))
///     }
/// }
///
/// wasmeter_guest::register_processor!(Forget);
/// ```
pub trait Processor: DeserializeOwned + 'static {
    /// The JSON Schema of the configuration, for people and editors; empty if the processor takes none.
    const CONFIG_SCHEMA: &'static str = "";

    /// What becomes of a frame.
    ///
    /// # Errors
    ///
    /// Why it cannot be processed. The operator has chosen what then becomes of it: it goes on unprocessed, it is dropped, or
    /// it is kept back.
    fn process(&self, frame: Frame) -> Result<Outcome, Fault>;
}

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once for a frame and taken apart at once")]
pub enum Outcome {
    /// It goes on as it is; cheaper than to return it.
    Unchanged,
    /// This one goes on.
    Replaced(Frame),
    /// It goes no further, and its points are counted as dropped.
    Dropped,
}

/// Why a plugin could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was found, what was expected and what to do; the host's log shows the first 400 bytes.
    pub reason: String,
}

impl Fault {
    /// A fault with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Makes a processor the plugin that its crate is compiled to. Once per crate; the crate type is `cdylib`.
#[macro_export]
macro_rules! register_processor {
    ($processor:ty) => {
        $crate::__register!($processor, <$processor as $crate::Processor>::CONFIG_SCHEMA);

        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::__private::ProcessorComponent<$processor>;
            $crate::__private::export_processor!(Component with_types_in $crate::__private::bindings::processor);
        };
    };
}
