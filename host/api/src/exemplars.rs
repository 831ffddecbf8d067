//! Which measurements are sampled as exemplars, and the span they are made in.

use std::cell::Cell;
use std::panic::catch_unwind;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use wasmeter_model::{ExemplarFilter, SpanContext};

/// False if no measurement made here and now becomes an exemplar. Next to nothing where there is no span.
#[inline(always)]
pub(crate) fn may_admit(filter: ExemplarFilter) -> bool {
    match filter {
        ExemplarFilter::AlwaysOff => false,
        ExemplarFilter::AlwaysOn => true,
        ExemplarFilter::TraceBased => has_context() && Context::map_current(Context::has_active_span),
    }
}

/// Whether a measurement made here and now may become an exemplar; if so, the span it is made in, if there is one.
pub(crate) fn admitted(filter: ExemplarFilter) -> Option<Option<SpanContext>> {
    if filter == ExemplarFilter::AlwaysOff {
        return None;
    }
    let span = current_span();
    filter.admits(span).then_some(span)
}

/// Whether this thread has a current context.
#[derive(Clone, Copy, PartialEq)]
enum Has {
    /// Not asked yet.
    Unknown,
    Context,
    /// The thread is ending: its context panics if it is asked for, and catching that costs.
    Nothing,
}

/// Dropped before the context of its thread is: what a thread keeps is dropped in the reverse order of its first use, and this is
/// first used after the context.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        HAS.set(Has::Nothing);
    }
}

thread_local! {
    static HAS: Cell<Has> = const { Cell::new(Has::Unknown) };
    static GUARD: Guard = const { Guard };
}

/// The span of the current context of this thread, which has none any more when it is ending.
fn current_span() -> Option<SpanContext> {
    if has_context() { Context::map_current(span_of) } else { None }
}

#[inline(always)]
fn has_context() -> bool {
    HAS.get() == Has::Context || has_context_now()
}

#[cold]
fn has_context_now() -> bool {
    if HAS.get() == Has::Unknown {
        let is_there =
            catch_unwind(|| Context::map_current(|_| ())).is_ok() && GUARD.try_with(|_| ()).is_ok();
        HAS.set(if is_there { Has::Context } else { Has::Nothing });
    }
    HAS.get() == Has::Context
}

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
