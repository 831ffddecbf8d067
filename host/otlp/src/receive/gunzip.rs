//! Decompression that stops at the limit, so that a small body cannot become a large one.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::limits::ReceiveLimits;

const CHUNK: usize = 64 * 1024;

/// Decompresses `body`, never holding more than the limit and one chunk.
pub(super) fn gunzip(
    body: &[u8],
    limits: &ReceiveLimits,
    reservation: &Reservation,
) -> Result<Vec<u8>, Failure> {
    let mut decoder = MultiGzDecoder::new(body);
    let mut chunk = vec![0; CHUNK];
    let mut content = Vec::new();
    loop {
        let read = decoder.read(&mut chunk).map_err(|error| {
            Failure::new(FailureKind::BadCompression, format!("the body is not valid gzip: {error}"))
        })?;
        if read == 0 {
            return Ok(content);
        }
        if content.len() + read > limits.body_bytes_max {
            return Err(Failure::too_large(limits.body_bytes_max));
        }
        if !reservation.take(read) {
            return Err(Failure::overloaded(limits.retry_after));
        }
        if content.capacity() - content.len() < read {
            // Doubles as `Vec` does by itself, but not beyond the limit.
            let room = content.len().max(CHUNK).min(limits.body_bytes_max - content.len());
            content.reserve_exact(room.max(read));
        }
        content.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}
