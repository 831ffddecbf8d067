//! What a keeper keeps up to date.

use std::sync::Arc;

use wasmeter_engine::{SwapReport, View, ViewFault};

/// Whoever serves with the plugins. All functions are called on the keeper's thread.
pub trait Service: Send + 'static {
    /// Puts these plugins, in this order, in place of those in service. `None` if nothing is served any more; then the keeper ends.
    ///
    /// # Errors
    ///
    /// One of them could not answer, and what served before serves on. The keeper takes that one back and tries again.
    fn swap(&mut self, plugins: Vec<Arc<dyn View>>) -> Result<Option<SwapReport>, ViewFault>;

    /// A swap was refused, or a plugin taken out of service within its probation: which, why, and what to do.
    fn refused(&mut self, message: &str);

    /// A file, or the directory as a whole, could not be put to work: which, why, and what to do. Told once for each change.
    fn failed(&mut self, message: &str);
}
