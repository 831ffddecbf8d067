//! Who a plugin is.

/// What a plugin says of itself. Made by [`register_view!`](crate::register_view) from the plugin's `Cargo.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// The package's name: lower-case letters, digits and `-`, at most 64 bytes.
    pub name: &'static str,
    /// The package's version, by semver.
    pub version: &'static str,
    /// The package's description: one sentence for people.
    pub description: &'static str,
    /// The JSON Schema of the configuration; empty if the plugin takes none.
    pub config_schema: &'static str,
}
