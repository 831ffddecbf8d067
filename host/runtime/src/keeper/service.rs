//! What a keeper keeps up to date.

use wasmeter_engine::{SwapReport, ViewFault};

use crate::directory::Generation;

/// Whoever serves with the plugins. All functions are called on the keeper's thread.
pub trait Service: Send + 'static {
    /// Puts the plugins of this generation in place of those in service, all of them at once. `None` if nothing is served any more; then the keeper ends.
    ///
    /// # Errors
    ///
    /// One of them could not answer, and what served before serves on. The keeper takes that one back and tries again.
    fn swap(&mut self, generation: &Generation) -> Result<Option<SwapReport>, ViewFault>;

    /// A swap was refused, or a plugin taken out of service within its probation: which, why, and what to do.
    fn refused(&mut self, message: &str);

    /// A file, or the directory as a whole, could not be put to work: which, why, and what to do. Told once for each change.
    fn failed(&mut self, message: &str);
}
