//! The component around a View: the plugin contract's exports, and what the host offers. Compiled for wasm only.

mod convert;
mod view;

pub use view::ViewComponent;

use crate::Level;

/// What `wit-bindgen` makes of the contract.
#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    reason = "generated; documented in the WIT files"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "view",
        pub_export_macro: true,
        export_macro_name: "export_view",
    });
}

pub use bindings::export_view;

/// Writes a line to the host's log.
pub(crate) fn log(level: Level, message: &str) {
    bindings::wasmeter::plugin::host::log(convert::level(level), message);
}
