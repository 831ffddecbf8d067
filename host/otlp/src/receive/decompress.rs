//! Decompression that stops at the limit, so that a small body cannot become a large one.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use zstd::stream::read::Decoder;

use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::limits::ReceiveLimits;
use crate::Compression;

const CHUNK: usize = 64 * 1024;
/// What a zstd decoder keeps of its output at most, as a power of two: 8 MiB, all that the content coding allows (RFC 9659).
const WINDOW_LOG_MAX: u32 = 23;

/// Decompresses `body`, never holding more than the limit, one chunk and what the decoder itself needs.
pub(super) fn decompress(
    compression: Compression,
    body: &[u8],
    limits: &ReceiveLimits,
    reservation: &Reservation,
) -> Result<Vec<u8>, Failure> {
    match compression {
        Compression::None => Ok(body.to_vec()),
        Compression::Gzip => drain(MultiGzDecoder::new(body), "gzip", limits, reservation),
        Compression::Zstd => {
            let decoder = Decoder::with_buffer(body).and_then(|mut decoder| {
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                Ok(decoder)
            });
            let decoder = decoder.map_err(|error| invalid("zstd", &error))?;
            drain(decoder, "zstd", limits, reservation)
        }
    }
}

fn invalid(coding: &str, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::BadCompression, format!("the body is not valid {coding}: {error}"))
}

fn drain(
    mut decoder: impl Read,
    coding: &str,
    limits: &ReceiveLimits,
    reservation: &Reservation,
) -> Result<Vec<u8>, Failure> {
    let mut chunk = vec![0; CHUNK];
    let mut content = Vec::new();
    loop {
        let read = decoder.read(&mut chunk).map_err(|error| invalid(coding, &error))?;
        if read == 0 {
            return Ok(content);
        }
        if content.len() + read > limits.body_bytes_max {
            return Err(Failure::too_large(limits.body_bytes_max));
        }
        if !reservation.take(read) {
            return Err(reservation.refusal(read, limits));
        }
        if content.capacity() - content.len() < read {
            // Doubles as `Vec` does by itself, but not beyond the limit.
            let room = content.len().max(CHUNK).min(limits.body_bytes_max - content.len());
            content.reserve_exact(room.max(read));
        }
        content.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}
