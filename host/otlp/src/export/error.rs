//! How an export ended.

use std::time::Duration;

use super::REQUEST_BYTES_MAX;

/// The receiver took the request; some of its points perhaps not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The points it rejected, for good: the specification forbids to send them again.
    pub rejected: u64,
    /// What it says about that, or as a warning; empty if nothing.
    pub message: String,
}

/// The receiver did not take the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The receiver refused the request; it would again.
    #[error("refused: {message}")]
    Permanent {
        /// What the receiver said.
        message: String,
    },
    /// No receiver took the request in time.
    #[error("not delivered in time, after {attempts} attempts: {message}")]
    Exhausted {
        /// How often it was sent.
        attempts: u32,
        /// Why the last attempt failed.
        message: String,
    },
    /// The request is larger than receivers take; it was not sent.
    #[error("a request of {bytes} bytes; receivers take {REQUEST_BYTES_MAX}: export fewer points at a time")]
    TooLarge {
        /// Its size before compression.
        bytes: usize,
    },
}

impl ExportError {
    /// A stable name in snake_case, to be the attribute of a counter.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Permanent { .. } => "permanent",
            Self::Exhausted { .. } => "exhausted",
            Self::TooLarge { .. } => "too_large",
        }
    }

    pub(super) fn permanent(message: impl Into<String>) -> Self {
        Self::Permanent { message: message.into() }
    }
}

/// How one attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AttemptError {
    /// Sending it again may help, after the given time if the receiver said one.
    Transient { message: String, retry_after: Option<Duration> },
    /// Sending it again would not help.
    Permanent { message: String },
}

/// The longest text of a receiver that is kept.
const MESSAGE_CHARS_MAX: usize = 1024;

/// A receiver's text, cut to what is kept.
pub(super) fn cut(message: &str) -> String {
    message.chars().take(MESSAGE_CHARS_MAX).collect()
}

/// An error with its causes, because the outermost alone says nothing ("error sending request").
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    cut(&text)
}
