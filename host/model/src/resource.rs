//! Who produced a metric: the resource, and the instrumentation scope within it.

use std::sync::Arc;

use crate::Attributes;

/// The entity that produced the data (resource specification).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Identifying and descriptive attributes, such as `service.name`.
    pub attributes: Attributes,
    /// The semantic conventions' schema of the attributes; empty if unknown.
    pub schema_url: Arc<str>,
}

/// The instrumentation scope (what `get_meter` was asked for). All four fields identify it (metrics API, "Get a Meter").
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The instrumentation library's name; may be empty.
    pub name: Arc<str>,
    /// Its version; empty if unknown.
    pub version: Arc<str>,
    /// Its schema; empty if unknown.
    pub schema_url: Arc<str>,
    /// Further identifying attributes.
    pub attributes: Attributes,
}
