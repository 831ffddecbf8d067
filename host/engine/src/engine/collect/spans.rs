//! A collection on several threads: each writes some streams that follow each other, and what they have written is put together.

use std::panic::resume_unwind;
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
        let spans = spans(pieces, most);
        let sizes = pipeline.sizes();
        let share = sizes.share(spans.len());
        let mut spans = spans.into_iter();
        let mut frame = FrameBuilder::with_room(&sizes);
        let Some(first) = spans.next() else { return frame };
        let write = |span, frame: &mut FrameBuilder| self.write_span(span, filter, collection, frame);
        let write_apart = |span| {
            let mut part = FrameBuilder::with_room(&share);
            write(span, &mut part);
            part.finish()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = spans.map(|span| scope.spawn(|| write_apart(span))).collect();
            write(first, &mut frame);
            for thread in threads {
                frame.join(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
        frame
    }
}

/// Pieces in so many runs at most, each with about as many series as the others, if there are enough of them.
fn spans(pieces: Vec<Piece>, most: usize) -> Vec<Vec<Piece>> {
    let series: usize = pieces.iter().map(Piece::series).sum();
    let count = most.min(series / SERIES_PER_THREAD).max(1);
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
