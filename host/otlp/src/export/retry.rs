//! Trying again (protocol specification, "Failures" and "Throttling").

use std::time::Duration;

use tokio::time::Instant;

use super::error::{AttemptError, ExportError, Exported};

/// Sends until it works, it cannot work, or the next attempt would begin after `deadline`. The receiver's wish of when to
/// come back counts for more than `delays`; "at once" is none, since all who were told so would do it.
pub(super) async fn retry<F>(
    deadline: Instant,
    mut delays: impl Iterator<Item = Duration>,
    mut send: impl FnMut() -> F,
) -> Result<Exported, ExportError>
where
    F: Future<Output = Result<Exported, AttemptError>>,
{
    let mut attempts = 0;
    let mut last = None;
    loop {
        attempts += 1;
        let (message, retry_after) = match tokio::time::timeout_at(deadline, send()).await {
            Ok(Ok(exported)) => return Ok(exported),
            Ok(Err(AttemptError::Permanent { message })) => return Err(ExportError::Permanent { message }),
            Ok(Err(AttemptError::Transient { message, retry_after })) => (message, retry_after),
            Err(_) => {
                let message = match last {
                    Some(before) => format!("no answer to the last; to the one before: {before}"),
                    None => "no answer".to_owned(),
                };
                return Err(ExportError::Exhausted { attempts, message });
            }
        };
        let asked = retry_after.filter(|delay| !delay.is_zero());
        let wake = asked.or_else(|| delays.next()).and_then(|delay| Instant::now().checked_add(delay));
        match wake {
            Some(wake) if wake < deadline => tokio::time::sleep_until(wake).await,
            _ => return Err(ExportError::Exhausted { attempts, message }),
        }
        tracing::debug!(attempts, message, "sending metrics again");
        last = Some(message);
    }
}

#[cfg(test)]
mod tests;
