//! OTLP/gRPC by the protocol specification, against a real server.

use std::sync::Arc;

use tonic::Code;
use tonic::codec::CompressionEncoding;
use wasmeter_otlp::METRICS_METHOD;
use wasmeter_otlp::messages::NumberDataPoint;
use wasmeter_otlp::receive::{Counted, FailureKind, ReceiveLimits, Transport};

use crate::receive_http::{gzip, zstd_of_a_wide_window};
use crate::support::grpc::{call, export, framed, give_up, send_body};
use crate::support::messages::*;
use crate::support::server::{Recorder, Server};

#[tokio::test]
async fn p7_requests_are_taken_plain_and_compressed() {
    let (server, recorder) = Server::recording().await;
    for encoding in [None, Some(CompressionEncoding::Gzip)] {
        let response =
            call(server.grpc, METRICS_METHOD, bytes(sum(vec![int_point(7)])), encoding).await.unwrap();
        assert_eq!(response.partial_success, None);
    }
    assert_eq!(recorder.batches.lock().unwrap().len(), 2);
    assert_eq!(server.count(Transport::Grpc, Counted::Points), 2);
    assert_eq!(server.count(Transport::Grpc, Counted::Decoded), 0, "read where they lie");
    assert_eq!(server.count(Transport::Http, Counted::Points), 0);
}

#[tokio::test]
async fn an_empty_request_is_answered() {
    let (server, recorder) = Server::recording().await;
    export(server.grpc, Vec::new()).await.unwrap();
    assert!(recorder.batches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn refused_points_are_a_partial_success() {
    let (server, _) = Server::recording().await;
    let metric = sum(vec![int_point(1), NumberDataPoint { value: None, ..int_point(2) }]);
    let partial = export(server.grpc, bytes(metric)).await.unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_data_points, 1);
    assert_eq!(server.count(Transport::Grpc, Counted::Decoded), 1, "as a whole, for what is refused");
    assert!(partial.error_message.contains("missing_value"), "{}", partial.error_message);
}

#[tokio::test]
async fn malformed_messages_are_invalid_arguments() {
    let (server, _) = Server::recording().await;
    let status = export(server.grpc, vec![0x0a, 0x05]).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("in protobuf"), "{status}");

    let mut bytes = bytes(sum(vec![int_point(1)]));
    let at = bytes.windows(8).position(|window| window == b"requests").unwrap();
    bytes[at] = 0xff;
    let status = export(server.grpc, bytes).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("UTF-8"), "{status}");
    assert_eq!(server.count(Transport::Grpc, Counted::Failed(FailureKind::Malformed)), 2);
}

#[tokio::test]
async fn other_methods_are_unimplemented() {
    let (server, _) = Server::recording().await;
    let traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let status = call(server.grpc, traces, Vec::new(), None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains(METRICS_METHOD), "{status}");
    assert_eq!(server.count(Transport::Grpc, Counted::Failed(FailureKind::NotFound)), 1);
}

#[tokio::test]
async fn a_message_is_as_its_encoding_says_or_plain() {
    let (server, recorder) = Server::recording().await;
    let sound = bytes(sum(vec![int_point(7)]));
    let bodies = [
        (None, framed(false, &sound)),
        (Some("identity"), framed(false, &sound)),
        (Some("gzip"), framed(false, &sound)),
        (Some("gzip"), framed(true, &gzip(&sound))),
    ];
    for (encoding, body) in bodies {
        let status = send_body(server.grpc, encoding, body).await;
        assert_eq!(status.code(), Code::Ok, "{encoding:?}: {status}");
    }
    assert_eq!(recorder.batches.lock().unwrap().len(), 4);

    let status = send_body(server.grpc, Some("snappy"), framed(true, &sound)).await;
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("`snappy`; expected `gzip`"), "{status}");
    assert_eq!(status.metadata().get("grpc-accept-encoding").unwrap(), "identity,gzip,zstd");
    for (encoding, compressed) in
        [(None, gzip(&sound)), (Some("gzip"), sound.clone()), (Some("zstd"), zstd_of_a_wide_window())]
    {
        let status = send_body(server.grpc, encoding, framed(true, &compressed)).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{encoding:?}: {status}");
    }
    assert_eq!(recorder.batches.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_call_is_one_message() {
    let (server, recorder) = Server::recording().await;
    let message = framed(false, &bytes(sum(vec![int_point(7)])));
    for body in [Vec::new(), message[..9].to_vec(), [&message[..], &message].concat()] {
        let status = send_body(server.grpc, None, body).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    assert!(recorder.batches.lock().unwrap().is_empty());
    assert_eq!(server.count(Transport::Grpc, Counted::Failed(FailureKind::Malformed)), 3);
}

#[tokio::test]
async fn a_plain_message_counts_once_among_all_bodies() {
    let sound = bytes(sum(vec![int_point(7)]));
    let limits = ReceiveLimits { buffered_bytes_max: sound.len() * 3 / 2, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    for _ in 0..3 {
        export(server.grpc, sound.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_gives_up_is_counted() {
    let (mut server, _) = Server::recording().await;
    give_up(server.grpc).await;
    server.stop();
    let stats = server.receiver.stats();
    server.stopped().await;
    assert_eq!(stats.get(Transport::Grpc, Counted::Failed(FailureKind::Disconnected)), 1);
}
