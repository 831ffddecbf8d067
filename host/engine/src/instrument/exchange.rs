//! What callbacks have reported, where readers come and go with a swap.
//!
//! A callback reports a total, and a reader of deltas is owed by how much it has grown. Callbacks are not asked at a swap, so what is
//! known of a total then is what any reader was told last. There the readers that go end and those that come begin: what a reader
//! hands over to its successor, such as one of another temporality, is counted once in all.

use std::sync::Arc;

use super::{Contributed, Entry, Open, State};
use crate::pipeline::Pipeline;
use crate::source::{Observed, Route, SourceData};
use crate::stream::Collection;
use crate::views::Aggregator;

impl State {
    /// Tells the readers that go what is known and they have not been told yet, while their routes are still there.
    pub(super) fn tell_readers_that_go(
        &mut self,
        entry: &Entry,
        pipelines: &[Arc<Pipeline>],
        swap: Collection,
    ) {
        let Self { routing, sources, .. } = self;
        for source in sources.values_mut() {
            let SourceData::Observed(told) = &mut source.data else { continue };
            let Some((collection, value)) = told.last else { continue };
            let mut owed = Vec::new();
            for (place, (observed, pipeline)) in told.readers.iter_mut().zip(pipelines).enumerate() {
                if pipeline.is_closed() && observed.counted < collection {
                    owed.push((place, observed.contribution(entry.instrument.kind, value)));
                    // What is current is that now. A set that was not reported to the others any more is not there any more.
                    observed.now = Some((swap.number, value));
                }
            }
            for (place, what) in owed {
                let contributed = Contributed { what, start: None, time: swap.now };
                // A histogram counts what it was told, not what others were.
                let adds_up = |of_reader, route: &Route| {
                    of_reader == place && route.stream.key.aggregator == Aggregator::Sum
                };
                let open = &mut Open::none();
                routing.contribute_where(entry, source, contributed, adds_up, false, open);
            }
        }
    }

    /// Forgets what readers were told that are gone, and has those that have come go on from what is known.
    pub(super) fn exchange_readers(&mut self, pipelines: &[Arc<Pipeline>], swap: Collection) {
        for source in self.sources.values_mut() {
            let SourceData::Observed(told) = &mut source.data else { continue };
            let last = told.last;
            told.readers.resize(pipelines.len(), Observed::default());
            for (observed, pipeline) in told.readers.iter_mut().zip(pipelines) {
                if pipeline.is_closed() {
                    *observed = Observed::default();
                } else if pipeline.came_with(swap) {
                    let (counted, before) = last.map_or((0, None), |(counted, value)| (counted, Some(value)));
                    *observed = Observed { before, counted, ..Observed::default() };
                }
            }
        }
    }
}
