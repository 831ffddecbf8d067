//! The component around a plugin: the plugin contract's exports, and what the host offers. Compiled for wasm only.

mod convert;
mod exporter;
mod frames;
mod lifecycle;
mod observer;
mod processor;
mod view;

pub use exporter::ExporterComponent;
pub use lifecycle::LifecycleComponent;
pub use observer::ObserverComponent;
pub use processor::ProcessorComponent;
pub use view::ViewComponent;

use crate::{Level, Registered};

/// What `wit-bindgen` makes of the contract: lifecycle and host, which every plugin has, and the exports of each world apart.
/// A component is of the world whose exports it has; the linker puts the parts together.
#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    reason = "generated; documented in the WIT files"
)]
pub mod bindings {
    pub mod lifecycle {
        wit_bindgen::generate!({
            path: "../../wit",
            world: "plugin",
            pub_export_macro: true,
            export_macro_name: "export_lifecycle",
        });
    }

    pub mod view {
        wit_bindgen::generate!({
            path: "../../wit",
            inline: "package wasmeter:guest; world view-part { export wasmeter:plugin/views@0.1.0; }",
            generate_all,
            pub_export_macro: true,
            export_macro_name: "export_view",
        });
    }

    pub mod observer {
        wit_bindgen::generate!({
            path: "../../wit",
            inline: "package wasmeter:guest; world observer-part { export wasmeter:plugin/observers@0.1.0; }",
            with: {
                "wasmeter:plugin/frames@0.1.0": super::processor::wasmeter::plugin::frames,
                "wasmeter:plugin/types@0.1.0": super::view::wasmeter::plugin::types,
            },
            generate_all,
            pub_export_macro: true,
            export_macro_name: "export_observer",
        });
    }

    pub mod processor {
        wit_bindgen::generate!({
            path: "../../wit",
            inline: "package wasmeter:guest; world processor-part { export wasmeter:plugin/processors@0.1.0; }",
            generate_all,
            pub_export_macro: true,
            export_macro_name: "export_processor",
        });
    }

    pub mod exporter {
        wit_bindgen::generate!({
            path: "../../wit",
            inline: "package wasmeter:guest; world exporter-part { export wasmeter:plugin/exporters@0.1.0; }",
            generate_all,
            // One type for the frames of both worlds.
            with: { "wasmeter:plugin/frames@0.1.0": super::processor::wasmeter::plugin::frames },
            pub_export_macro: true,
            export_macro_name: "export_exporter",
        });
    }
}

pub use bindings::exporter::export_exporter;
pub use bindings::lifecycle::export_lifecycle;
pub use bindings::observer::export_observer;
pub use bindings::processor::export_processor;
pub use bindings::view::export_view;

/// Has the configured plugin do something.
fn with_plugin<P: Registered, R>(call: &str, work: impl FnOnce(&P) -> R) -> R {
    P::with_slot(|slot| match &*slot.borrow() {
        Some(plugin) => work(plugin),
        None => panic!("the host called `{call}` before `configure`"),
    })
}

/// The same for what may change it.
fn with_plugin_mut<P: Registered, R>(call: &str, work: impl FnOnce(&mut P) -> R) -> R {
    P::with_slot(|slot| match &mut *slot.borrow_mut() {
        Some(plugin) => work(plugin),
        None => panic!("the host called `{call}` before `configure`"),
    })
}

/// Writes a line to the host's log.
pub(crate) fn log(level: Level, message: &str) {
    bindings::lifecycle::wasmeter::plugin::host::log(convert::level(level), message);
}
