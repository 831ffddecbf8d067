//! wasmeter side by side with the official Rust SDK (`opentelemetry_sdk`): what each does where the official one deviates
//! from the specification ([`defects`]), and what each costs.
//!
//! Both are driven through the `opentelemetry` API alone, by the same code ([`Engine`]): what differs is the engine behind it
//! and the lines that set it up (`engine/ours.rs`, `engine/official.rs`). The only crate of the project that may use the
//! official SDK; nothing but tests, `cargo xtask bench` and `side-by-side` uses this one.
//!
//! Allocations are counted in every program this crate is part of ([`allocation`]).

pub mod allocation;
pub mod defects;
mod engine;
pub mod record;

pub use engine::{Aggregation, Engine, Row, Setup, Side, Temporality, ViewSpec, text};

/// The version of `opentelemetry_sdk` that is compared with, as it is locked.
pub fn official_version() -> &'static str {
    const LOCK: &str = include_str!("../../../Cargo.lock");
    let package = LOCK.split("[[package]]").find(|package| package.contains("name = \"opentelemetry_sdk\""));
    let version = package.and_then(|package| package.split("version = \"").nth(1)?.split('"').next());
    version.unwrap_or("of an unknown version")
}
