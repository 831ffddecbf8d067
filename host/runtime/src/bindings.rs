//! The Rust face of the WIT world `view`, generated from the files the guests are built against.
//!
//! Nothing here is checked: what comes out of these types is a guest's word and goes through [`crate::answer`] before
//! anything else sees it.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "view",
});
