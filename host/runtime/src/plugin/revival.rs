//! What becomes of questions that a plugin was asked while it could not be: they are asked again once it can.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::Plugin;
use super::deadly::{Deadly, Question};
use crate::failure::Refusal;
use crate::world::World;

impl Plugin {
    /// Asks, unless the question has ended too many instances; notes if it ends one. Of a newcomer that shows that it has to go.
    pub(super) fn unless_deadly<R>(
        &self,
        question: impl Fn() -> Question,
        ask: impl FnOnce() -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        if !self.settled.load(Ordering::Relaxed) {
            return ask();
        }
        // Most plugins never fail, and then nothing need be compared.
        if self.deadly(|deadly| !deadly.is_empty() && deadly.is_deadly(&question())) {
            return Err(self.not_asked());
        }
        ask().inspect_err(|refusal| {
            if refusal.ended_instance {
                self.deadly(|deadly| deadly.ended(question()));
            }
        })
    }

    fn not_asked(&self) -> Refusal {
        let last = self.lock().last_fault.clone();
        let (kind, help) = last
            .map_or((crate::FailureKind::Trap, "report it to the plugin's author".to_owned()), |last| {
                (last.kind, last.help)
            });
        Refusal::new(kind, "not asked again, as this question ended two instances", help)
    }

    fn deadly<R>(&self, with: impl FnOnce(&mut Deadly) -> R) -> R {
        with(&mut self.deadly.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new generation may bring other answers.
    pub(super) fn forget_deadly(&self) {
        self.deadly(std::mem::take);
    }

    /// Starts it again if it is time and something was asked of it in vain meanwhile. True if it can be asked now; it is then
    /// assumed that it will be.
    pub(crate) fn revive(&self) -> bool {
        if self.world() != World::View || !self.owes.load(Ordering::Relaxed) {
            return false;
        }
        let mut service = self.lock();
        if service.instance.is_none() {
            if !service.supervisor.may_start(self.runtime.now()) {
                return false;
            }
            match self.instantiate() {
                Ok(instance) => service.instance = Some(instance),
                Err(refusal) => {
                    self.lost(&mut service, refusal);
                    return false;
                }
            }
        }
        self.owes.store(false, Ordering::Relaxed);
        true
    }
}
