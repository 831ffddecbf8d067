//! One attempt over OTLP/gRPC.

use std::error::Error;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::config::{ConfigError, ExportConfig, parse_endpoint};
use super::error::{AttemptError, Exported, cut, with_causes};
use super::{RESPONSE_BYTES_MAX, USER_AGENT};
use crate::METRICS_METHOD;
use crate::codec::ClientCodec;

#[derive(Debug)]
pub(super) struct GrpcTransport {
    client: Grpc<Channel>,
    metadata: MetadataMap,
}

impl GrpcTransport {
    pub(super) fn new(config: &ExportConfig) -> Result<Self, ConfigError> {
        let client_error = |error: tonic::transport::Error| ConfigError::Client(with_causes(&error));
        let endpoint =
            Endpoint::from(parse_endpoint(&config.endpoint)?).user_agent(USER_AGENT).map_err(client_error)?;
        let client = Grpc::new(endpoint.connect_lazy())
            .max_decoding_message_size(RESPONSE_BYTES_MAX)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd);
        let client = match config.compression.grpc() {
            Some(compression) => client.send_compressed(compression),
            None => client,
        };
        Ok(Self { client, metadata: metadata(&config.headers)? })
    }

    pub(super) fn send(
        &self,
        bytes: Bytes,
        deadline: Instant,
    ) -> impl Future<Output = Result<Exported, AttemptError>> + use<> {
        let mut client = self.client.clone();
        let mut request = tonic::Request::new(bytes);
        *request.metadata_mut() = self.metadata.clone();
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        // In a task of its own, which ends with this future: `tonic` panics over details of a status that are not base64.
        let mut attempt = JoinSet::new();
        attempt.spawn(async move {
            client.ready().await.map_err(|error| AttemptError::Transient {
                message: with_causes(&error),
                retry_after: None,
            })?;
            let path = PathAndQuery::from_static(METRICS_METHOD);
            match client.unary(request, path, ClientCodec).await {
                Ok(response) => Ok(Exported::from(response.into_inner())),
                Err(status) => Err(classify(&status)),
            }
        });
        async move {
            attempt.join_next().await.and_then(Result::ok).unwrap_or_else(|| {
                // Only what failed has details.
                let message = "the receiver failed, with a status that cannot be read".to_owned();
                Err(AttemptError::Transient { message, retry_after: None })
            })
        }
    }
}

fn metadata(headers: &[(String, String)]) -> Result<MetadataMap, ConfigError> {
    let mut metadata = MetadataMap::new();
    for (name, value) in headers {
        let unusable = |reason| ConfigError::Header { name: name.clone(), reason };
        let key = MetadataKey::<Ascii>::from_bytes(name.to_ascii_lowercase().as_bytes())
            .map_err(|_| unusable("not a name of textual gRPC metadata"))?;
        let mut value = MetadataValue::<Ascii>::try_from(value.as_str())
            .map_err(|_| unusable("its value is not visible ASCII"))?;
        value.set_sensitive(true);
        metadata.append(key, value);
    }
    Ok(metadata)
}

/// Whether the same request may succeed later (protocol specification, "OTLP/gRPC Response", "Failures").
fn classify(status: &Status) -> AttemptError {
    let retry_info = status.get_details_retry_info();
    let transient = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted if retry_info.is_some() => true,
        // Made up here for a connection or stream that broke (which code it is depends on features of `tonic` that others in the
        // program may ask for); a receiver's own status has no source.
        Code::Unknown | Code::Internal | Code::ResourceExhausted => status.source().is_some(),
        _ => false,
    };
    let causes = status.source().map(|cause| format!(": {}", with_causes(cause))).unwrap_or_default();
    let message = cut(&format!("{:?}: {}{causes}", status.code(), status.message()));
    match transient {
        true => {
            AttemptError::Transient { message, retry_after: retry_info.and_then(|info| info.retry_delay) }
        }
        false => AttemptError::Permanent { message },
    }
}
