//! Delta frames that an exporter could not deliver, kept for its next export.

use wasmeter_model::delivery::Backlog;
use wasmeter_model::frame::Frame;

use crate::error::ExportError;

/// What nobody took in time, oldest first: a [`Backlog`] of frames with deltas. What is cumulative is made good by the next frame.
#[derive(Debug, Default)]
pub(crate) struct Undelivered {
    frames: Backlog,
}

/// Why a frame was not taken.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// Sending it again is in vain.
    pub(crate) is_final: bool,
    /// The first points of the frame, which were delivered all the same, or refused for good.
    pub(crate) done: usize,
    /// Points of frames that were kept and had to go for newer ones.
    pub(crate) lost: u64,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, is_final: bool) -> Self {
        Self { message: message.into(), is_final, done: 0, lost: 0 }
    }
}

impl From<Failure> for ExportError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.message)
    }
}

impl Undelivered {
    /// Sends a frame behind those that were kept, and keeps it if it may be sent again.
    pub(crate) fn export(
        &mut self,
        frame: &Frame,
        mut send: impl FnMut(&Frame) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let sent = match self.flush(&mut send) {
            // Nothing of the frame has been tried.
            Err(failure) if !failure.is_final => Err(Failure { done: 0, ..failure }),
            before => send(frame).and(before),
        };
        let Err(mut failure) = sent else { return Ok(()) };
        if frame.has_delta() && !failure.is_final {
            failure.lost = self.frames.push(frame.clone().without_first(failure.done)) as u64;
            if failure.lost > 0 {
                failure.message += &format!("; {} older points that were kept are dropped", failure.lost);
            }
        }
        Err(failure)
    }

    /// Sends what was kept, in its order, so that the receiver sees no gap that later turns out to be none.
    pub(crate) fn flush(
        &mut self,
        mut send: impl FnMut(&Frame) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut refused = Ok(());
        while let Some(frame) = self.frames.pop() {
            match send(&frame) {
                Ok(()) => {}
                // Lost for good; what is behind it is not.
                Err(failure) if failure.is_final => refused = Err(failure),
                Err(failure) => {
                    self.frames.put_back(frame.without_first(failure.done));
                    return Err(failure);
                }
            }
        }
        refused
    }

    /// How many points are kept.
    #[cfg(feature = "plugins")]
    pub(crate) fn points(&self) -> u64 {
        self.frames.points() as u64
    }
}
