//! The place of one file: which plugin serves from it, what it replaced, and what was tried in vain.

use std::sync::Arc;

use crate::failure::{Failure, Refusal};
use crate::load::Fingerprint;
use crate::plugin::Plugin;

/// What a scan found in place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Absent,
    Unreadable(Refusal),
    Read(Fingerprint),
}

/// One file's place. Outlives the file for as long as a removal can be taken back.
#[derive(Debug, Default)]
pub(super) struct Slot {
    serving: Option<Arc<Plugin>>,
    /// What served before the current generation, if the current one changed it.
    before: Option<Option<Arc<Plugin>>>,
    /// What was tried in vain and why. Not tried again for as long as it is the same.
    failed: Option<(Mark, Failure)>,
    /// What was taken back through no fault of its own. Tried again when anything in the folder changes.
    held: Option<Mark>,
}

impl Slot {
    pub(super) fn serving(&self) -> Option<&Arc<Plugin>> {
        self.serving.as_ref()
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failed.as_ref().map(|(_, failure)| failure)
    }

    /// True if the current generation changed what serves here.
    pub(super) fn changed(&self) -> bool {
        self.before.is_some()
    }

    /// True if nothing serves here and nothing is remembered.
    pub(super) fn vacant(&self) -> bool {
        self.serving.is_none() && self.before.is_none() && self.failed.is_none()
    }

    /// True if what was found deserves an attempt: it is not what serves, has not failed, and is not held.
    pub(super) fn wants(&self, found: &Mark, retry_held: bool) -> bool {
        let serves = match (&self.serving, found) {
            (Some(plugin), Mark::Read(fingerprint)) => plugin.fingerprint() == fingerprint,
            (None, Mark::Absent) => true,
            _ => false,
        };
        let failed = self.failed.as_ref().is_some_and(|(mark, _)| mark == found);
        let held = !retry_held && self.held.as_ref() == Some(found);
        !serves && !failed && !held
    }

    /// What was found is no failure that was noted before: forget it. A failure stays noted while its cause is there.
    pub(super) fn found(&mut self, found: &Mark) {
        self.failed.take_if(|(mark, _)| mark != found);
    }

    pub(super) fn fail(&mut self, found: Mark, failure: Failure) {
        self.failed = Some((found, failure));
    }

    /// From here on the current generation is the one a rejection goes back to.
    pub(super) fn settle(&mut self) {
        self.before = None;
        self.held = None;
    }

    /// Puts another plugin, or none, in service.
    pub(super) fn replace(&mut self, plugin: Option<Arc<Plugin>>) {
        self.before = Some(std::mem::replace(&mut self.serving, plugin));
    }

    /// Puts the predecessor back and notes what replaced it as failed. False if nothing changed here.
    pub(super) fn exchange(&mut self, failure: &Failure) -> bool {
        let Some(before) = self.before.take() else { return false };
        let mark = self.mark();
        self.serving = before;
        self.failed = Some((mark, failure.clone()));
        true
    }

    /// Puts the predecessor back and holds what replaced it for later.
    pub(super) fn take_back(&mut self) {
        if let Some(before) = self.before.take() {
            self.held = Some(self.mark());
            self.serving = before;
        }
    }

    fn mark(&self) -> Mark {
        match &self.serving {
            Some(plugin) => Mark::Read(plugin.fingerprint().clone()),
            None => Mark::Absent,
        }
    }
}
