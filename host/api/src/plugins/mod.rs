//! A directory of wasm Views, loaded when the provider is built, watched and swapped while it lives. Without the feature
//! `plugins` there is none, and nothing here does anything.

#[cfg(not(feature = "plugins"))]
mod absent;
#[cfg(feature = "plugins")]
mod directory;

#[cfg(not(feature = "plugins"))]
pub(crate) use absent::{KeptPlugins, PluginSettings};
#[cfg(feature = "plugins")]
pub(crate) use directory::{KeptPlugins, PluginSettings};
