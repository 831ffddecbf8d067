//! One client of a receiver, over either transport, that sends requests as they are and never again.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{bail, ensure};
use bytes::Bytes;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::runtime::Runtime;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use wasmeter_otlp::messages::ExportMetricsServiceResponse;
use wasmeter_otlp::{ClientCodec, Compression, METRICS_METHOD, METRICS_PATH};

use crate::http::Connection;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// OTLP/HTTP, of bodies that are compressed before they are sent.
    Http(Compression),
    /// OTLP/gRPC, uncompressed.
    Grpc,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http(Compression::None) => "HTTP",
            Self::Http(Compression::Gzip) => "HTTP, gzip",
            Self::Http(Compression::Zstd) => "HTTP, zstd",
            Self::Grpc => "gRPC",
        }
    }

    /// A request as it is sent.
    pub(crate) fn body(self, bytes: &[u8]) -> anyhow::Result<Bytes> {
        match self {
            Self::Http(compression) => Ok(compression.compress(Bytes::copy_from_slice(bytes))?),
            Self::Grpc => Ok(Bytes::copy_from_slice(bytes)),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Taken,
    /// Refused as too much, with or without the word when to come back.
    Refused {
        says_when: bool,
    },
}

/// A connection to a receiver.
pub(crate) enum Link {
    Http(Connection, Compression),
    Grpc(Box<GrpcLink>),
}

pub(crate) struct GrpcLink {
    runtime: Runtime,
    client: Grpc<Channel>,
}

impl Link {
    pub(crate) fn to(host: SocketAddr, transport: Transport) -> anyhow::Result<Self> {
        match transport {
            Transport::Http(compression) => Ok(Self::Http(Connection::to(host)?, compression)),
            Transport::Grpc => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let endpoint = Endpoint::from_shared(format!("http://{host}"))?.timeout(TIMEOUT);
                let channel = runtime.block_on(endpoint.connect())?;
                Ok(Self::Grpc(Box::new(GrpcLink { runtime, client: Grpc::new(channel) })))
            }
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
                    return Ok(Sent::Refused { says_when: answer.says_when });
                }
                ExportMetricsServiceResponse::decode(&answer.taken()?[..])?
            }
            Self::Grpc(link) => match link.send(body.clone()) {
                Ok(answer) => answer,
                Err(status) if matches!(status.code(), Code::Unavailable | Code::ResourceExhausted) => {
                    let retry = status.get_details_retry_info();
                    return Ok(Sent::Refused {
                        says_when: retry.is_some_and(|retry| retry.retry_delay.is_some()),
                    });
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

impl GrpcLink {
    fn send(&mut self, body: Bytes) -> Result<ExportMetricsServiceResponse, Status> {
        let Self { runtime, client } = self;
        runtime.block_on(async {
            client.ready().await.map_err(|error| Status::internal(error.to_string()))?;
            let path = PathAndQuery::from_static(METRICS_METHOD);
            let answer = client.unary(tonic::Request::new(body), path, ClientCodec::default()).await?;
            Ok(answer.into_inner())
        })
    }
}
