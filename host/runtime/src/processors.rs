//! Processors in a row: what becomes of a frame between its collection and its export.

use std::fmt;
use std::sync::Arc;

use wasmeter_model::frame::Frame;

use crate::failure::Refusal;
use crate::plugin::Plugin;

/// What becomes of a frame that a processor cannot process, by the operator's choice (`on_failure` in its `NAME.toml`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFailure {
    /// It goes on as if the processor were not there. Not for processors that remove what must not leave.
    Bypass,
    /// It is dropped, and its points are counted.
    Drop,
    /// It is kept back as if it could not have been exported; the default, as nothing is lost and nothing leaves by mistake.
    #[default]
    Fail,
}

impl OnFailure {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "bypass" => Some(Self::Bypass),
            "drop" => Some(Self::Drop),
            "fail" => Some(Self::Fail),
            _ => None,
        }
    }
}

/// What one processor made of a frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Unchanged,
    Replaced(Box<Frame>),
    Dropped,
}

/// What became of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Processed {
    /// This goes on.
    Frame(Frame),
    /// It goes no further, because a processor or the operator said so.
    Dropped,
    /// It could not be processed and is to be kept back: the frame as it was given.
    Failed(Frame),
}

/// A processor could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorFault {
    /// Its name and version.
    pub processor: String,
    /// What happened and what to do.
    pub reason: String,
    /// What therefore became of the frame.
    pub on_failure: OnFailure,
}

impl fmt::Display for ProcessorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, reason, on_failure } = self;
        let then = match on_failure {
            OnFailure::Bypass => "the metrics go on unprocessed",
            OnFailure::Drop => "the metrics are dropped",
            OnFailure::Fail => "the metrics are kept back",
        };
        write!(f, "processor `{processor}`: {then}: {reason}")
    }
}

/// The processors of one generation, in the order of their file names. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Processors(Arc<[Arc<Plugin>]>);

impl FromIterator<Arc<Plugin>> for Processors {
    fn from_iter<I: IntoIterator<Item = Arc<Plugin>>>(plugins: I) -> Self {
        Self(plugins.into_iter().collect())
    }
}

impl Processors {
    /// True if there are none, and every frame goes on as it is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands a frame from one to the next; blocks for as long as they take, each at most its deadline. A frame without metrics
    /// goes on as it is. `told` hears of each processor that could not do its work.
    pub fn process(&self, frame: Frame, mut told: impl FnMut(ProcessorFault)) -> Processed {
        if frame.metrics.name.is_empty() || self.is_empty() {
            return Processed::Frame(frame);
        }
        let frame = frame.into_interned();
        let mut replaced: Option<Frame> = None;
        for plugin in self.0.iter() {
            match plugin.ask_process(replaced.as_ref().unwrap_or(&frame)) {
                Ok(Outcome::Unchanged) => {}
                Ok(Outcome::Replaced(next)) => replaced = Some(*next),
                Ok(Outcome::Dropped) => return Processed::Dropped,
                Err(refusal) => {
                    told(fault(plugin, &refusal));
                    match plugin.on_failure() {
                        OnFailure::Bypass => {}
                        OnFailure::Drop => return Processed::Dropped,
                        // As it was given: what the processors before made of it would be processed twice.
                        OnFailure::Fail => return Processed::Failed(frame),
                    }
                }
            }
        }
        Processed::Frame(replaced.unwrap_or(frame))
    }
}

fn fault(plugin: &Plugin, refusal: &Refusal) -> ProcessorFault {
    plugin.count_fault(refusal);
    ProcessorFault {
        processor: plugin.label().to_owned(),
        reason: refusal.to_string(),
        on_failure: plugin.on_failure(),
    }
}
