//! Which measurements are sampled as exemplars, and the span they are made in.

use std::panic::catch_unwind;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use wasmeter_model::{ExemplarFilter, SpanContext};

/// Whether a measurement made here and now may become an exemplar; if so, the span it is made in, if there is one.
#[inline]
pub(crate) fn admitted(filter: ExemplarFilter) -> Option<Option<SpanContext>> {
    if filter == ExemplarFilter::AlwaysOff {
        return None;
    }
    let span = current_span();
    filter.admits(span).then_some(span)
}

/// Is there for as long as the context of its thread is, which panics if it is asked for later: what a thread keeps is
/// dropped in the reverse order of its first use, and this is first used after the context. Half the cost of catching the panic.
struct HasContext(bool);

thread_local! {
    static HAS_CONTEXT: HasContext =
        HasContext(catch_unwind(|| Context::map_current(|_| ())).is_ok());
}

impl Drop for HasContext {
    fn drop(&mut self) {
        self.0 = false;
    }
}

/// The span of the current context of this thread, which has none any more when it is ending.
#[inline]
fn current_span() -> Option<SpanContext> {
    let current = |has: &HasContext| if has.0 { Context::map_current(span_of) } else { None };
    HAS_CONTEXT.try_with(current).unwrap_or(None)
}

#[inline]
fn span_of(context: &Context) -> Option<SpanContext> {
    if !context.has_active_span() {
        return None;
    }
    let span = context.span();
    let known = span.span_context();
    known.is_valid().then(|| SpanContext {
        trace_id: u128::from_be_bytes(known.trace_id().to_bytes()),
        span_id: u64::from_be_bytes(known.span_id().to_bytes()),
        is_sampled: known.is_sampled(),
    })
}
