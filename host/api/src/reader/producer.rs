//! Metrics that are not measured here but come ready-made from elsewhere.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use wasmeter_engine::MetricFilter;
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};

use crate::diagnostics::panic_text;

/// A bridge to another source of metrics (metrics SDK, "MetricProducer"). A reader that has one exports what it produces with
/// every collection, behind what is measured here and untouched by Views.
///
/// Called on the thread that collects. Nobody can interrupt it: until it returns the reader waits. A panic counts as a
/// failure. It may measure with the provider, but not collect, flush, shut down or swap.
pub trait MetricProducer: Send + Sync + 'static {
    /// Who it is, for messages.
    fn name(&self) -> &str;

    /// The metrics of now, in one scope that says whose they are, and with the resource that is asked for. The temporality is
    /// the producer's own; what is for people who configure it to choose should be choosable there.
    ///
    /// # Errors
    ///
    /// Nothing could be produced. What else there is to say about a part that is missing goes into [`Produced::failures`].
    fn produce(&self, request: &ProduceRequest<'_>) -> Result<Produced, ProduceError>;
}

/// What a producer is asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProduceRequest<'a> {
    /// The provider's resource.
    pub resource: &'a Resource,
    /// What of the metrics the reader wants. It is applied to whatever is produced; a producer that asks it first saves the work.
    pub filter: Option<&'a dyn MetricFilter>,
    /// The provider's time.
    pub now: Timestamp,
    /// By when the reader must be done; never for a manual reader.
    pub deadline: Option<Instant>,
}

/// What a producer has.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Produced {
    /// The metrics, written with [`wasmeter_model::frame::FrameBuilder`].
    pub frame: Frame,
    /// What is missing, one sentence each, lower case and without a final dot.
    pub failures: Vec<String>,
}

impl From<Frame> for Produced {
    fn from(frame: Frame) -> Self {
        Self { frame, failures: Vec::new() }
    }
}

/// Why a producer has nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProduceError {
    /// It was not done by the deadline.
    #[error("it was not done by the deadline")]
    Timeout,
    /// It failed; in its own words.
    #[error("{0}")]
    Failed(String),
    /// It panicked; with the panic's message.
    #[error("it panicked: {0}")]
    Panicked(String),
}

/// The producers of a reader.
#[derive(Clone, Default)]
pub(crate) struct Producers(Vec<Arc<dyn MetricProducer>>);

impl Producers {
    pub(super) fn add(&mut self, producer: impl MetricProducer) {
        self.0.push(Arc::new(producer));
    }

    /// Asks all of them, with the name of each.
    pub(crate) fn produce<'a>(
        &'a self,
        request: &'a ProduceRequest<'_>,
    ) -> impl Iterator<Item = (String, Result<Produced, ProduceError>)> {
        self.0.iter().map(move |producer| {
            let call = || (producer.name().to_owned(), producer.produce(request));
            catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
                let name = catch_unwind(AssertUnwindSafe(|| producer.name().to_owned()));
                (name.unwrap_or_default(), Err(ProduceError::Panicked(panic_text(payload.as_ref()))))
            })
        })
    }
}

/// A shared producer, for programs that want to look at it later.
impl<P: MetricProducer + ?Sized> MetricProducer for Arc<P> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn produce(&self, request: &ProduceRequest<'_>) -> Result<Produced, ProduceError> {
        (**self).produce(request)
    }
}

impl fmt::Debug for Producers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|producer| producer.name())).finish()
    }
}
