//! The border between guests and the host: what a plugin says is checked here and becomes the model's types, or is
//! refused whole. Nothing else in the host sees a guest's word.

mod attributes;
mod exporters;
mod info;
mod lower;
mod nested;
mod observation;
mod streams;

#[cfg(test)]
mod tests;

pub(crate) use attributes::check_attributes;
pub(crate) use exporters::{check_accepted, check_export_error, check_preference};
pub(crate) use info::{Info, check_info, check_problems};
pub(crate) use lower::{lower_attributes, lower_instrument};
pub(crate) use nested::check_nested;
pub(crate) use observation::check_observation;
pub(crate) use streams::check_streams;

use crate::config::AnswerLimits;
use crate::failure::{FailureKind, Refusal, bytes, clean};

/// What is wrong with an answer; lower case, no final dot.
pub(crate) type Wrong = String;

/// Guest text as it is quoted in messages.
fn quoted(text: &str) -> String {
    clean(text, 80)
}

/// Turns what is wrong with the answer of `function` into a refusal.
pub(crate) fn invalid(function: &str, wrong: &Wrong) -> Refusal {
    Refusal::new(
        FailureKind::InvalidAnswer,
        format!("`{function}` gave an answer that cannot be used: {wrong}"),
        "report it to the plugin's author; the limits are in the documentation of the plugin contract",
    )
}

/// Sums up an answer, so that many small parts cannot cost what one large part may not.
struct Budget {
    left: usize,
    bytes_max: usize,
    limits: AnswerLimits,
}

impl Budget {
    fn new(limits: AnswerLimits, bytes_max: usize) -> Self {
        Self { left: bytes_max, bytes_max, limits }
    }

    /// Takes a part of this size.
    fn take(&mut self, part_bytes: usize) -> Result<(), Wrong> {
        match self.left.checked_sub(part_bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(format!("it holds more than {} in total", bytes(self.bytes_max as u64))),
        }
    }

    /// Takes a text of at most `bytes_max`.
    fn text(&mut self, what: &str, text: &str, bytes_max: usize) -> Result<(), Wrong> {
        if text.len() > bytes_max {
            return Err(format!(
                "{what} starting `{}` has {} bytes, at most {bytes_max} are allowed",
                quoted(text),
                text.len()
            ));
        }
        self.take(text.len())
    }
}

/// Refuses a list that is too long before anything is made of it.
fn at_most(what: &str, count: usize, count_max: usize) -> Result<(), Wrong> {
    if count > count_max {
        return Err(format!("{count} {what}, at most {count_max} are allowed"));
    }
    Ok(())
}
