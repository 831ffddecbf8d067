//! Who produced a metric: the resource, and the instrumentation scope within it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::{Attributes, EntityRefs};

/// The entity that produced the data (resource specification).
///
/// Its attributes and their schema identify it. Which entities it refers to does not: of two senders with the same attributes one
/// may know of entities and the other not, and what they send are the same series of the same resource.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// Identifying and descriptive attributes, such as `service.name`.
    pub attributes: Attributes,
    /// The semantic conventions' schema of the attributes; empty if unknown.
    pub schema_url: Arc<str>,
    /// The entities it stands for.
    pub entities: EntityRefs,
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes && self.schema_url == other.schema_url
    }
}

impl Eq for Resource {}

impl Hash for Resource {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.attributes.hash(state);
        self.schema_url.hash(state);
    }
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
