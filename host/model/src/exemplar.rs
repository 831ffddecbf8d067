//! What decides about exemplars: sampled measurements that are exported beside a point (metrics SDK, "Exemplar").

/// Which measurements may become exemplars (metrics SDK, "ExemplarFilter").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExemplarFilter {
    /// Every measurement.
    AlwaysOn,
    /// None: there are no exemplars at all, received ones included.
    AlwaysOff,
    /// Those made in the context of a sampled span; the default. What is received was filtered by its sender.
    #[default]
    TraceBased,
}

/// The span in whose context a measurement was made, as far as an exemplar tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// The trace; not 0.
    pub trace_id: u128,
    /// The span; not 0.
    pub span_id: u64,
    /// Whether the trace is recorded, so that there will be something to find under these ids.
    pub is_sampled: bool,
}

impl ExemplarFilter {
    /// True if a measurement made in the context of `span`, if of any, may become an exemplar.
    pub fn admits(self, span: Option<SpanContext>) -> bool {
        match self {
            Self::AlwaysOn => true,
            Self::AlwaysOff => false,
            Self::TraceBased => span.is_some_and(|span| span.is_sampled),
        }
    }
}
