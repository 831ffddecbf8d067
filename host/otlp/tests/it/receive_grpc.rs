//! OTLP/gRPC by the protocol specification, against a real server.

use tonic::Code;
use tonic::codec::CompressionEncoding;
use wasmeter_otlp::METRICS_METHOD;
use wasmeter_otlp::messages::NumberDataPoint;
use wasmeter_otlp::receive::{Counted, FailureKind, Transport};

use crate::support::grpc::{call, export};
use crate::support::messages::*;
use crate::support::server::Server;

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
