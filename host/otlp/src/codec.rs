//! The gRPC codec: requests as bytes, because we decode and encode them ourselves, responses as messages.

use std::io;
use std::marker::PhantomData;

use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::messages::ExportMetricsServiceResponse;

/// The side of a server: takes bytes, answers with a message.
pub(crate) type ServerCodec = BytesCodec<ToMessage, ToBytes>;
/// The side of a client: sends a request that is encoded already, is answered with a message.
pub(crate) type ClientCodec = BytesCodec<FromBytes, FromMessage>;

/// A codec of one direction each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BytesCodec<E, D>(PhantomData<(E, D)>);

impl<E, D> Codec for BytesCodec<E, D>
where
    E: Encoder<Error = Status> + Default + Send + 'static,
    D: Decoder<Error = Status> + Default + Send + 'static,
    E::Item: Send + 'static,
    D::Item: Send + 'static,
{
    type Encode = E::Item;
    type Decode = D::Item;
    type Encoder = E;
    type Decoder = D;

    fn encoder(&mut self) -> E {
        E::default()
    }

    fn decoder(&mut self) -> D {
        D::default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct ToMessage;

impl Encoder for ToMessage {
    type Item = ExportMetricsServiceResponse;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(target).map_err(|error| io::Error::other(error).into())
    }
}

#[derive(Debug, Default)]
pub(crate) struct ToBytes;

impl Decoder for ToBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}

/// Sends bytes as they are.
#[derive(Debug, Default)]
pub(crate) struct FromBytes;

impl Encoder for FromBytes {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

/// Reads the answer.
#[derive(Debug, Default)]
pub(crate) struct FromMessage;

impl Decoder for FromMessage {
    type Item = ExportMetricsServiceResponse;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let decoded = ExportMetricsServiceResponse::decode(source);
        decoded.map(Some).map_err(|error| Status::internal(format!("the response is malformed: {error}")))
    }
}
