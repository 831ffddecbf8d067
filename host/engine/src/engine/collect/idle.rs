//! What is kept for a reader that nobody collects for, such as a page that nobody asks for.

use wasmeter_model::{Temporality, Timestamp};

use super::Inner;
use crate::lock;
use crate::stream::CHUNK;

impl Inner {
    /// Forgets what ended as long ago as a source is kept without news, for readers that have not been collected for as long. A reader is
    /// told of each end, but not even the cardinality limit would bound what waits for one that never comes: where senders come and go,
    /// streams do. What a series of deltas holds is owed to its reader, and stays.
    ///
    /// Whoever calls it holds `control`.
    pub(super) fn forget_for_idle_readers(&self, now: Timestamp) {
        let expiry = self.limits.idle_expiry;
        for pipeline in self.current_generation().pipelines.iter() {
            if pipeline.is_closed() || !pipeline.is_idle(now, expiry) {
                continue;
            }
            for stream in pipeline.streams() {
                if stream.key.temporality == Temporality::Delta {
                    continue;
                }
                let places = lock(&stream.slots).places();
                for at in (0..places).step_by(CHUNK) {
                    stream.slots.lock_in_turn().forget_ended(at..at + CHUNK, now, expiry);
                    self.between_chunks();
                }
            }
            pipeline.forget_dead();
            pipeline.settle(now);
        }
    }
}
