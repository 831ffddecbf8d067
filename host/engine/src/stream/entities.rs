//! Which entities the resource of a stream stands for, where several senders have a say.

use wasmeter_model::{Attributes, EntityRefs, Timestamp};

/// The references to entities that were told last, and when. They do not make a resource another one, so senders of one resource may
/// tell others, or none, which takes nothing back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entities {
    refs: EntityRefs,
    /// When they became these.
    since: Timestamp,
}

impl Entities {
    /// Takes note of what was told at a time; true if it is new.
    pub(crate) fn hear(&mut self, refs: &EntityRefs, at: Timestamp) -> bool {
        let is_new = (self.refs.is_empty() || at >= self.since) && self.refs.hear(refs);
        if is_new {
            self.since = at;
        }
        is_new
    }

    /// Takes note of what others know.
    pub(crate) fn hear_all(&mut self, others: &Self) {
        self.hear(&others.refs, others.since);
    }

    /// What is left of them where Views have made other attributes of the resource's.
    pub(crate) fn after(&self, before: &Attributes, after: &Attributes) -> Self {
        Self { refs: self.refs.after(before, after), since: self.since }
    }

    pub(crate) const fn refs(&self) -> &EntityRefs {
        &self.refs
    }
}
