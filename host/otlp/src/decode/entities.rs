//! The references of a resource to entities.

use std::collections::HashSet;
use std::sync::Arc;

use wasmeter_model::limits::ENTITIES_MAX;
use wasmeter_model::{EntityRef, EntityRefs};

use crate::messages;

/// The references that are sound, and how many are malformed in some way and left out, wholly or in part.
///
/// The keys they name must be those of attributes of the resource (`resource.proto`, `entity_refs`). A reference without a type or
/// without an identifying attribute is none, nor is one that names more keys than there are attributes, since then it repeats some.
/// A key that is to describe the entity and that no attribute has is left out alone: what identifies the entity is there. Of more
/// than [`ENTITIES_MAX`] the first are kept.
pub(crate) fn entities(resource: &messages::Resource) -> (EntityRefs, u64) {
    if resource.entity_refs.is_empty() {
        return (EntityRefs::NONE, 0);
    }
    let keys: HashSet<&str> = resource.attributes.iter().map(|pair| pair.key.as_str()).collect();
    let is_known = |key: &&String| keys.contains(key.as_str());
    let mut malformed = resource.entity_refs.len().saturating_sub(ENTITIES_MAX) as u64;
    let mut sound = Vec::new();
    for reference in resource.entity_refs.iter().take(ENTITIES_MAX) {
        let messages::EntityRef { schema_url, r#type, id_keys, description_keys } = reference;
        let is_entity = !r#type.is_empty() && !id_keys.is_empty();
        if !is_entity
            || id_keys.len() + description_keys.len() > keys.len()
            || !id_keys.iter().all(|key| is_known(&key))
        {
            malformed += 1;
            continue;
        }
        let described: Box<[Arc<str>]> =
            description_keys.iter().filter(is_known).map(|key| key.as_str().into()).collect();
        malformed += u64::from(described.len() < description_keys.len());
        sound.push(EntityRef {
            schema_url: schema_url.as_str().into(),
            entity_type: r#type.as_str().into(),
            id_keys: id_keys.iter().map(|key| key.as_str().into()).collect(),
            description_keys: described,
        });
    }
    (sound.into_iter().collect(), malformed)
}
