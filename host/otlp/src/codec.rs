//! The gRPC codec of the client: requests as bytes, because we encode them ourselves, responses as messages.

use bytes::{BufMut, Bytes};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::messages::ExportMetricsServiceResponse;

/// Sends a request that is encoded already, is answered with a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClientCodec;

impl Codec for ClientCodec {
    type Encode = Bytes;
    type Decode = ExportMetricsServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for ClientCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for ClientCodec {
    type Item = ExportMetricsServiceResponse;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let decoded = ExportMetricsServiceResponse::decode(source);
        decoded.map(Some).map_err(|error| Status::internal(format!("the response is malformed: {error}")))
    }
}
