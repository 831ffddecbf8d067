//! What a stream is described as, where several instruments or Views have a say.

use std::sync::Arc;

/// The description of a stream. That of a View wins over those of instruments, which it corrects; of several of the same
/// rank the longest one is chosen (data model, "Producer recommendations").
#[derive(Clone, Debug)]
pub(crate) struct Description {
    text: Arc<str>,
    by_view: bool,
    /// When the Views were asked, as a point in the sequence of collections and swaps.
    asked: u64,
}

impl Description {
    pub(crate) const fn new(text: Arc<str>, by_view: bool, asked: u64) -> Self {
        Self { text, by_view, asked }
    }

    pub(crate) const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Takes another description into account. What Views said before a swap is history.
    pub(crate) fn hear(&mut self, other: Self) {
        let rank = |description: &Self| (description.by_view, description.text.len());
        if other.asked > self.asked || rank(&other) > rank(self) {
            let asked = self.asked.max(other.asked);
            *self = Self { asked, ..other };
        }
    }
}
