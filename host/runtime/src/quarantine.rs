//! Builds that failed too often: not loaded again, whatever their file is called, until they or their settings change.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::failure::{FailureKind, Refusal};
use crate::load::Fingerprint;

/// Builds remembered; of more, the oldest are forgotten. A directory that keeps changing must not fill the host's memory.
const BUILDS_MAX: usize = 1024;

/// The builds in quarantine, for as long as the process runs.
#[derive(Default)]
pub(crate) struct Quarantine {
    builds: Mutex<VecDeque<(Fingerprint, String)>>,
}

impl Quarantine {
    /// Puts a build in, with the reason.
    pub(crate) fn add(&self, build: &Fingerprint, reason: &str) {
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        builds.retain(|(known, _)| !known.is_same_build(build));
        if builds.len() == BUILDS_MAX {
            builds.pop_front();
        }
        builds.push_back((build.clone(), reason.to_owned()));
    }

    /// Refuses a build that is in.
    pub(crate) fn check(&self, build: &Fingerprint) -> Result<(), Refusal> {
        let builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        match builds.iter().find(|(known, _)| known.is_same_build(build)) {
            None => Ok(()),
            Some((_, reason)) => Err(Refusal::new(
                FailureKind::Quarantined,
                format!("its build {} is quarantined, because in service: {reason}", build.component),
                "put a corrected build in place, or change its settings if these are to blame; a restart of the host forgets it",
            )),
        }
    }
}

impl fmt::Debug for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quarantine").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Digest;

    fn build(number: usize) -> Fingerprint {
        Fingerprint { component: Digest::of(&number.to_le_bytes()), settings: None, signature: None }
    }

    #[test]
    fn a_build_stays_in_and_the_oldest_is_forgotten_for_one_too_many() {
        let quarantine = Quarantine::default();
        for number in 0..BUILDS_MAX {
            quarantine.add(&build(number), "it trapped");
        }
        let refusal = quarantine.check(&build(0)).unwrap_err();
        assert!(refusal.reason.ends_with("it trapped") && refusal.reason.contains("sha256:"), "{refusal}");
        // Again is not twice.
        quarantine.add(&build(0), "it trapped");
        quarantine.add(&build(BUILDS_MAX), "it trapped");
        assert_eq!(quarantine.check(&build(1)), Ok(()));
        assert!(quarantine.check(&build(0)).is_err() && quarantine.check(&build(2)).is_err());
    }
}
