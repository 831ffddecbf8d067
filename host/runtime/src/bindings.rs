//! The Rust face of the WIT worlds, generated from the files the guests are built against.
//!
//! Nothing here is checked: what comes out of these types is a guest's word and goes through [`crate::answer`] or
//! [`crate::frame`] before anything else sees it.

/// What plugins of every kind export and import.
pub(crate) mod plugin {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "plugin",
    });
}

/// The world `view`.
pub(crate) mod view {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "view",
        with: { "wasmeter:plugin/host": super::plugin::wasmeter::plugin::host },
    });
}

/// The world `processor`.
pub(crate) mod processor {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "processor",
        with: {
            "wasmeter:plugin/host": super::plugin::wasmeter::plugin::host,
            "wasmeter:plugin/types": super::view::wasmeter::plugin::types,
        },
    });
}

/// The world `observer`.
pub(crate) mod observer {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "observer",
        with: {
            "wasmeter:plugin/host": super::plugin::wasmeter::plugin::host,
            "wasmeter:plugin/types": super::view::wasmeter::plugin::types,
            "wasmeter:plugin/frames": super::processor::wasmeter::plugin::frames,
        },
    });
}

/// The world `exporter`.
pub(crate) mod exporter {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "exporter",
        with: {
            "wasmeter:plugin/host": super::plugin::wasmeter::plugin::host,
            "wasmeter:plugin/types": super::view::wasmeter::plugin::types,
            "wasmeter:plugin/frames": super::processor::wasmeter::plugin::frames,
        },
    });
}

pub(crate) use plugin::wasmeter::plugin::host;
pub(crate) use processor::wasmeter::plugin::frames;
pub(crate) use view::wasmeter::plugin::types;
