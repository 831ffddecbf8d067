//! The way of a body to the sink, the same for every transport.

use std::sync::Arc;

use bytes::Bytes;
use wasmeter_model::batch::Batch;

use super::budget::{Budget, Reservation};
use super::decompress::decompress;
use super::failure::{Failure, FailureKind};
use super::places::{Places, Reading};
use super::stats::{Counted, ReceiveStats};
use super::{Accepted, ReceiveLimits, Sink, Transport};
use crate::Compression;
use crate::decode::{DecodeError, Decoded, Refused, Warnings, decode_json, decode_protobuf};
use crate::messages::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse};
use crate::wire::Names;

/// What the bytes of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// A body that has arrived.
pub(super) struct Arrived {
    pub(super) transport: Transport,
    pub(super) encoding: Encoding,
    pub(super) compression: Compression,
    pub(super) bytes: Bytes,
    pub(super) reservation: Arc<Reservation>,
    /// Held until its work is done; `None` if its client was slow.
    pub(super) reading: Option<Reading>,
}

pub(super) struct Intake {
    pub(super) limits: ReceiveLimits,
    pub(super) stats: Arc<ReceiveStats>,
    pub(super) budget: Arc<Budget>,
    pub(super) places: Places,
    sink: Arc<dyn Sink>,
    names: Arc<Names>,
}

impl Intake {
    pub(super) fn new(sink: Arc<dyn Sink>, limits: ReceiveLimits) -> Self {
        Self {
            stats: Arc::default(),
            budget: Budget::new(limits.buffered_bytes_max),
            places: Places::new(&limits),
            sink,
            names: Arc::new(Names::new(limits.names_bytes_max)),
            limits,
        }
    }

    /// Decompresses, decodes and hands over, on a thread that may block.
    pub(super) async fn take(&self, arrived: Arrived) -> Result<ExportMetricsServiceResponse, Failure> {
        // Who has lost its place waits like all others, if there is room.
        let entered = match arrived.reading {
            Some(_) => None,
            None => Some(self.places.enter_now()?),
        };
        let place = self.places.work().await?;
        let (sink, names) = (Arc::clone(&self.sink), Arc::clone(&self.names));
        let (stats, limits) = (Arc::clone(&self.stats), self.limits.clone());
        // The work goes on if the client leaves meanwhile, so it does its own counting.
        let work = tokio::task::spawn_blocking(move || {
            let _places = (entered, place);
            process(sink.as_ref(), &names, &stats, &limits, arrived)
        });
        match work.await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(%error, "the sink of received metrics panicked");
                Err(Failure::new(FailureKind::Internal, "internal error; the metrics may be lost"))
            }
        }
    }
}

/// What is in a body, and what is to be said about it.
#[derive(Default)]
struct Content {
    refused: Refused,
    warnings: Warnings,
    /// True if it is protobuf that had to be decoded as a whole.
    is_unusual: bool,
}

fn read(names: &Names, encoding: Encoding, bytes: &[u8]) -> Result<(Batch<'static>, Content), DecodeError> {
    let decoded = match encoding {
        Encoding::Protobuf => match names.read(bytes) {
            Some(batch) => return Ok((batch, Content::default())),
            None => decode_protobuf(bytes)?,
        },
        Encoding::Json => decode_json(bytes)?,
    };
    let Decoded { frame, refused, warnings } = decoded;
    Ok((frame.into(), Content { refused, warnings, is_unusual: encoding == Encoding::Protobuf }))
}

fn process(
    sink: &dyn Sink,
    names: &Names,
    stats: &ReceiveStats,
    limits: &ReceiveLimits,
    arrived: Arrived,
) -> Result<ExportMetricsServiceResponse, Failure> {
    let Arrived { transport, encoding, compression, mut bytes, reservation, reading: _reading } = arrived;
    if compression != Compression::None {
        bytes = decompress(compression, &bytes, limits, &reservation)?.into();
    }
    let (batch, Content { refused, warnings, is_unusual }) = read(names, encoding, &bytes)?;
    drop((bytes, reservation));
    let points = batch.point_count() as u64;
    let accepted = match points {
        0 => Accepted::default(),
        _ => sink.accept(batch, transport)?,
    };
    stats.add(transport, Counted::Decoded, u64::from(is_unusual));
    stats.add(transport, Counted::Points, points);
    stats.add(transport, Counted::Rejected, accepted.rejected_points);
    stats.add_refused(transport, &refused);
    stats.add_warnings(transport, warnings);
    if refused.total() > 0 {
        tracing::debug!(transport = transport.name(), %refused, "points refused");
    }
    Ok(response(&refused, accepted))
}

fn response(refused: &Refused, accepted: Accepted) -> ExportMetricsServiceResponse {
    let rejected = refused.total().saturating_add(accepted.rejected_points);
    let mut message = accepted.message;
    if refused.total() > 0 {
        let separator = if message.is_empty() { "" } else { "; " };
        message = format!("{refused}{separator}{message}");
    }
    let partial_success = (rejected > 0 || !message.is_empty()).then(|| ExportMetricsPartialSuccess {
        rejected_data_points: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message: message,
    });
    ExportMetricsServiceResponse { partial_success }
}

/// Counts a request, and its failure: also the one of a client that goes away, which nothing else notices.
pub(super) struct Counting<'a> {
    stats: &'a ReceiveStats,
    transport: Transport,
    answered: bool,
}

impl<'a> Counting<'a> {
    pub(super) fn new(stats: &'a ReceiveStats, transport: Transport) -> Self {
        stats.add(transport, Counted::Requests, 1);
        Self { stats, transport, answered: false }
    }

    pub(super) fn answered(mut self, failure: Option<FailureKind>) {
        self.answered = true;
        if let Some(kind) = failure {
            self.stats.add(self.transport, Counted::Failed(kind), 1);
        }
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.stats.add(self.transport, Counted::Failed(FailureKind::Disconnected), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Sink for Nothing {
        fn accept(&self, _: Batch<'static>, _: Transport) -> Result<Accepted, super::super::Overloaded> {
            Ok(Accepted::default())
        }
    }

    #[tokio::test]
    async fn a_body_that_was_slow_waits_like_others_or_is_refused_like_them() {
        let limits = ReceiveLimits { in_flight_max: 1, waiting_max: 1, ..ReceiveLimits::default() };
        let intake = Intake::new(Arc::new(Nothing), limits);
        let arrived = |reading| Arrived {
            transport: Transport::Http,
            encoding: Encoding::Protobuf,
            compression: Compression::None,
            bytes: Bytes::new(),
            reservation: Reservation::new(&intake.budget),
            reading,
        };
        let held = [intake.places.enter_now().unwrap(), intake.places.enter_now().unwrap()];
        let refused = intake.take(arrived(None)).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Overloaded);
        drop(held);
        intake.take(arrived(None)).await.unwrap();
        let reading = intake.places.enter().await.unwrap();
        intake.take(arrived(Some(reading))).await.unwrap();
    }
}
