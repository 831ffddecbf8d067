//! One client of a receiver, over either transport, that sends requests as they are and never again.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{bail, ensure};
use bytes::Bytes;
use prost::Message;
use tonic::Code;
use tonic_types::StatusExt;
use wasmeter_otlp::messages::ExportMetricsServiceResponse;
use wasmeter_otlp::{Compression, METRICS_PATH};

use crate::grpc;
use crate::http::Connection;

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// OTLP/HTTP, of bodies that are compressed before they are sent.
    Http(Compression),
    /// OTLP/gRPC, of messages that are compressed before they are sent.
    Grpc(Compression),
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http(Compression::None) => "HTTP",
            Self::Http(Compression::Gzip) => "HTTP, gzip",
            Self::Http(Compression::Zstd) => "HTTP, zstd",
            Self::Grpc(Compression::None) => "gRPC",
            Self::Grpc(Compression::Gzip) => "gRPC, gzip",
            Self::Grpc(Compression::Zstd) => "gRPC, zstd",
        }
    }

    /// How bodies are compressed.
    pub(crate) fn compression(self) -> Compression {
        match self {
            Self::Http(compression) | Self::Grpc(compression) => compression,
        }
    }

    /// A request as it is sent.
    pub(crate) fn body(self, bytes: &[u8]) -> anyhow::Result<Bytes> {
        let body = self.compression().compress(Bytes::copy_from_slice(bytes))?;
        match self {
            Self::Http(_) => Ok(body),
            Self::Grpc(compression) => grpc::framed(compression, &body),
        }
    }

    /// A request as it is sent, of its message in gRPC's frame: what was compressed once serves both transports.
    pub(crate) fn of_framed(self, framed: &Bytes) -> Bytes {
        match self {
            Self::Http(_) => framed.slice(grpc::HEAD_BYTES..),
            Self::Grpc(_) => framed.clone(),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Taken,
    /// Refused as too much, and after how long to come back, if that is said.
    Refused {
        retry_after: Option<Duration>,
    },
}

/// A connection to a receiver.
pub(crate) enum Link {
    Http(Connection, Compression),
    Grpc(grpc::Connection),
}

impl Link {
    pub(crate) fn to(host: SocketAddr, transport: Transport) -> anyhow::Result<Self> {
        match transport {
            Transport::Http(compression) => Ok(Self::Http(Connection::to(host)?, compression)),
            Transport::Grpc(compression) => Ok(Self::Grpc(grpc::Connection::to(host, compression)?)),
        }
    }

    /// Sends one request.
    ///
    /// # Errors
    ///
    /// It was neither taken whole nor refused as too much.
    pub(crate) fn send(&mut self, body: &Bytes) -> anyhow::Result<Sent> {
        let answer = match self {
            Self::Http(connection, compression) => {
                let answer = connection.post_coded(METRICS_PATH, compression.coding(), body)?;
                if matches!(answer.status, 429 | 503) {
                    return Ok(Sent::Refused { retry_after: answer.retry_after });
                }
                ExportMetricsServiceResponse::decode(&answer.taken()?[..])?
            }
            Self::Grpc(connection) => match connection.send(body.clone())? {
                Ok(answer) => ExportMetricsServiceResponse::decode(answer)?,
                Err(status) if matches!(status.code(), Code::Unavailable | Code::ResourceExhausted) => {
                    let retry = status.get_details_retry_info();
                    return Ok(Sent::Refused { retry_after: retry.and_then(|retry| retry.retry_delay) });
                }
                Err(status) => bail!("the answer is {:?}: {}", status.code(), status.message()),
            },
        };
        let partial = answer.partial_success.unwrap_or_default();
        // The Collector says so even where nothing was refused.
        ensure!(partial.rejected_data_points == 0, "a part of a request was refused: {partial:?}");
        Ok(Sent::Taken)
    }

    /// Sends one request that has to be taken.
    pub(crate) fn send_taken(&mut self, body: &Bytes) -> anyhow::Result<()> {
        ensure!(self.send(body)? == Sent::Taken, "a request was refused as too much");
        Ok(())
    }
}
