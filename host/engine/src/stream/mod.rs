//! Streams: what a reader exports. A stream has one slot a series, and several instruments may feed it.

mod description;
mod emit;
mod entities;
mod exemplars;
mod key;
mod slot;
mod slots;

pub(crate) use description::Description;
pub(crate) use emit::{CHUNK, Collection, Emission};
pub(crate) use entities::Entities;
pub(crate) use key::{Output, Storage, StreamKey};
pub(crate) use slot::{Current, Slot, SlotState, When};
#[cfg(all(test, not(loom)))]
pub(crate) use slots::tests::stream as stream_of_test;
pub(crate) use slots::{Passed, SlotId, Slots, Stream, overflow_attributes};
