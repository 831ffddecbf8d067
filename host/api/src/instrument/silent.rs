//! The instrument that takes everything and keeps nothing.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundSyncInstrument, SyncInstrument};

/// What a program gets where there is nothing to record with.
pub(crate) struct Silent;

impl<N> SyncInstrument<N> for Silent {
    fn measure(&self, _: N, _: &[KeyValue]) {}
}

impl<N> BoundSyncInstrument<N> for Silent {
    fn measure(&self, _: N) {}
}
