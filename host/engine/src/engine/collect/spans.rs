//! A collection on several threads: each writes some streams that follow each other, and what they have written is put together.

use std::panic::resume_unwind;
use std::sync::mpsc::channel;
use std::thread;

use wasmeter_model::frame::FrameBuilder;

use super::Inner;
use super::groups::{Member, Piece};
use crate::filter::MetricFilter;
use crate::pipeline::Pipeline;
use crate::stream::Collection;

/// How many series are worth a thread: what takes a millisecond or two, where a thread takes some hundredths of one to begin. In tests of
/// the crate itself it is one, so that few streams are shared out.
const SERIES_PER_THREAD: usize = if cfg!(test) { 1 } else { 1 << 14 };

impl Piece {
    /// About how many series it has; at least one.
    fn series(&self) -> usize {
        match &self.member {
            Member::Stream(_, _, places) => (*places).max(1),
            Member::Summary(_) => 1,
        }
    }
}

impl Inner {
    /// Writes all pieces in their order.
    pub(super) fn write(
        &self,
        pieces: Vec<Piece>,
        filter: Option<&dyn MetricFilter>,
        collection: Collection,
        pipeline: &Pipeline,
    ) -> FrameBuilder {
        // A model checker has its own threads, and no room for these.
        let most = if cfg!(loom) { 1 } else { self.limits.collection_threads_max.get() };
        let sizes = pipeline.sizes();
        let mut frame = FrameBuilder::with_room(&sizes);
        let write = |span, frame: &mut FrameBuilder| self.write_span(span, filter, collection, frame);
        let write_apart = &|(span, spans): (Vec<Piece>, usize)| {
            let mut part = FrameBuilder::with_room(&sizes.share(spans));
            write(span, &mut part);
            part.finish()
        };
        thread::scope(|scope| {
            let start = |_| {
                let (give, take) = channel();
                let work = move || take.into_iter().next().map(write_apart);
                let thread = thread::Builder::new().name("wasmeter-collect".to_owned());
                Some((give, thread.spawn_scoped(scope, work).ok()?))
            };
            // Where the system has no thread left, the others have more to do.
            let others: Vec<_> = (1..threads(&pieces, most)).map_while(start).collect();
            let mut spans = spans(pieces, others.len() + 1).into_iter();
            let (first, count) = (spans.next().unwrap_or_default(), spans.len() + 1);
            for ((give, _), span) in others.iter().zip(spans) {
                // Whoever is given nothing ends, and nobody does before.
                let _taken = give.send((span, count));
            }
            let others: Vec<_> = others.into_iter().map(|(_, thread)| thread).collect();
            write(first, &mut frame);
            for thread in others {
                let part = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
                part.into_iter().for_each(|part| frame.join(part));
            }
        });
        frame
    }
}

/// On how many threads these pieces are worth being written, of so many at most.
fn threads(pieces: &[Piece], most: usize) -> usize {
    let series: usize = pieces.iter().map(Piece::series).sum();
    most.min(series / SERIES_PER_THREAD)
}

/// Pieces in so many runs at most, each with about as many series as the others.
fn spans(pieces: Vec<Piece>, count: usize) -> Vec<Vec<Piece>> {
    let series: usize = pieces.iter().map(Piece::series).sum();
    let (mut spans, mut span, mut before) = (Vec::new(), Vec::new(), 0);
    for piece in pieces {
        // Where its middle is.
        let middle = before + piece.series() / 2;
        before += piece.series();
        if middle * count >= series * (spans.len() + 1) && !span.is_empty() {
            spans.push(std::mem::take(&mut span));
        }
        span.push(piece);
    }
    spans.push(span);
    spans
}
