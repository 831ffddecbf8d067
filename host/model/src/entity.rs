//! Which entities a resource stands for (OTLP `EntityRef`).

use std::sync::Arc;

use crate::Attributes;

/// A reference of a resource to an entity, such as a service or a host (OTLP `EntityRef`): which of the resource's attributes
/// identify the entity, and which describe it. All keys are those of attributes that the resource has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityRef {
    /// The semantic conventions' schema of the entity and of the attributes it names; empty if unknown.
    pub schema_url: Arc<str>,
    /// What kind of entity it is (OTLP `type`), such as `service`; not empty.
    pub entity_type: Arc<str>,
    /// The keys of the attributes that identify it; one at least.
    pub id_keys: Box<[Arc<str>]>,
    /// The keys of the attributes that describe it; may be none.
    pub description_keys: Box<[Arc<str>]>,
}

/// The references of a resource to entities, in its sender's order. Most resources have none, which takes a word and no memory
/// besides. Cheap to clone.
///
/// They say nothing of a resource that its attributes do not, so they do not make it another one, see [`crate::Resource`].
#[derive(Clone, Debug, Default)]
pub struct EntityRefs(Option<Arc<Vec<EntityRef>>>);

impl EntityRefs {
    /// None at all.
    pub const NONE: Self = Self(None);

    /// True if there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All of them.
    pub fn as_slice(&self) -> &[EntityRef] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Takes the references that were told of the same resource later: of several the last ones count; who tells none takes nothing
    /// back, since most senders know nothing of entities. True if they are others.
    pub fn hear(&mut self, told: &Self) -> bool {
        let is_new = !told.is_empty() && self != told;
        if is_new {
            *self = told.clone();
        }
        is_new
    }

    /// What is left of them where other attributes have become of the resource's: an entity is the same while all that identifies it
    /// is, and of the keys that describe it those stay that there still are.
    #[must_use]
    pub fn after(&self, before: &Attributes, after: &Attributes) -> Self {
        if self.is_empty() || before == after {
            return self.clone();
        }
        let is_there = |key: &Arc<str>| after.get(key).is_some();
        let is_same = |key: &Arc<str>| is_there(key) && after.get(key) == before.get(key);
        let is_left = |entity: &&EntityRef| entity.id_keys.iter().all(is_same);
        let left = |entity: &EntityRef| EntityRef {
            description_keys: entity.description_keys.iter().filter(|key| is_there(key)).cloned().collect(),
            ..entity.clone()
        };
        let left: Self = self.as_slice().iter().filter(is_left).map(left).collect();
        if left == *self { self.clone() } else { left }
    }
}

impl FromIterator<EntityRef> for EntityRefs {
    fn from_iter<I: IntoIterator<Item = EntityRef>>(entities: I) -> Self {
        let entities: Vec<_> = entities.into_iter().collect();
        Self((!entities.is_empty()).then(|| Arc::new(entities)))
    }
}

impl PartialEq for EntityRefs {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for EntityRefs {}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(entity_type: &str, id: &[&str], description: &[&str]) -> EntityRef {
        let keys = |keys: &[&str]| keys.iter().map(|key| Arc::from(*key)).collect();
        EntityRef {
            schema_url: "".into(),
            entity_type: entity_type.into(),
            id_keys: keys(id),
            description_keys: keys(description),
        }
    }

    #[test]
    fn the_last_told_count_and_none_is_nothing_told() {
        let (one, other) = ([entity("service", &["a"], &[])], [entity("host", &["b"], &[])]);
        let (one, other): (EntityRefs, EntityRefs) = (one.into_iter().collect(), other.into_iter().collect());
        let mut heard = EntityRefs::default();
        assert!(heard.is_empty() && !heard.hear(&EntityRefs::default()));
        assert!(heard.hear(&one) && heard == one);
        assert!(!heard.hear(&one) && !heard.hear(&EntityRefs::default()));
        assert!(heard.hear(&other) && heard == other && heard != one);
    }

    #[test]
    fn an_entity_stays_while_what_identifies_it_does() {
        let service = || entity("service", &["a", "b"], &["c", "d"]);
        let host = || entity("host", &["e"], &[]);
        let all: EntityRefs = [service(), host()].into_iter().collect();
        let before: Attributes = ["a", "b", "c", "d", "e", "f"].map(|key| (key, key)).into_iter().collect();
        let without = |gone: &str| all.after(&before, &before.filter(|key| key != gone));
        assert_eq!(without("b").as_slice(), [host()]);
        assert_eq!(without("e").as_slice(), [service()]);
        assert_eq!(without("c").as_slice(), [entity("service", &["a", "b"], &["d"]), host()]);
        assert_eq!(without("f"), all);
        assert_eq!(all.after(&before, &before), all);
        assert!(all.after(&before, &Attributes::empty()).is_empty());
        let with = |key: &'static str| {
            let other = [(key, crate::ValueRef::String("other"))];
            all.after(&before, &before.iter().chain(other).collect())
        };
        assert_eq!(with("a").as_slice(), [host()]);
        assert_eq!(with("e").as_slice(), [service()]);
        assert_eq!(with("c"), all, "what describes it may change");
        assert_eq!(with("g"), all);
    }

    #[test]
    fn a_resource_without_any_carries_one_word() {
        assert_eq!(size_of::<EntityRefs>(), size_of::<usize>());
        assert!(EntityRefs::from_iter([]).is_empty());
    }
}
