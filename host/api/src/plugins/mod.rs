//! A directory of wasm components, loaded when the provider is built, watched and swapped while it lives. Without the feature
//! `plugins` there is none, and nothing here does anything.

#[cfg(not(feature = "plugins"))]
mod absent;
#[cfg(feature = "plugins")]
mod directory;
#[cfg(feature = "plugins")]
mod export;
#[cfg(feature = "plugins")]
mod exports;
#[cfg(feature = "plugins")]
mod in_service;
#[cfg(feature = "plugins")]
mod processing;

#[cfg(not(feature = "plugins"))]
pub(crate) use absent::{Gathered, InService, KeptPlugins, PluginSettings, Processing};
#[cfg(feature = "plugins")]
pub(crate) use directory::{KeptPlugins, PluginSettings};
#[cfg(feature = "plugins")]
pub(crate) use in_service::InService;
#[cfg(feature = "plugins")]
pub(crate) use processing::{Gathered, Processing};
