//! Exporting over gRPC to our own receiver.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Instant;
use wasmeter_model::batch::Batch;
use wasmeter_model::delivery::RetryPolicy;
use wasmeter_model::frame::Frame;
use wasmeter_otlp::Compression;
use wasmeter_otlp::decode::decode_protobuf;
use wasmeter_otlp::export::{
    ConfigError, ExportConfig, ExportError, Exported, Exporter, REQUEST_POINTS_MAX, requests,
};
use wasmeter_otlp::receive::{Accepted, Counted, Overloaded, ReceiveLimits, Sink, Transport};

use crate::support::batch_rows::batch_rows;
use wasmeter_otlp::messages::{HistogramDataPoint, metric};

use crate::support::messages::*;
use crate::support::server::{Server, listen};

pub(crate) fn frame() -> Frame {
    decode_protobuf(&bytes(sum(vec![int_point(1), int_point(2)]))).unwrap().frame
}

/// Waits short enough for a test.
pub(crate) fn quick(endpoint: String) -> ExportConfig {
    let retry = RetryPolicy { initial: Duration::from_millis(1), factor: 1.0, max: Duration::from_millis(1) };
    ExportConfig { retry, retry_seed: Some(1), ..ExportConfig::new(endpoint) }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn exporter(server: &Server, compression: Compression) -> Exporter {
    Exporter::grpc(ExportConfig { compression, ..quick(format!("http://{}", server.grpc)) }).unwrap()
}

#[tokio::test]
async fn what_is_exported_arrives() {
    let (server, recorder) = Server::recording().await;
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        assert_eq!(exporter(&server, compression).export(&frame(), soon()).await, Ok(Exported::default()));
    }
    for received in recorder.batches.lock().unwrap().iter() {
        assert_eq!(batch_rows(received), batch_rows(&frame().into()));
    }
    assert_eq!(server.count(Transport::Grpc, Counted::Points), 6);
}

#[tokio::test]
async fn p6_a_frame_without_points_is_not_sent() {
    let (server, _) = Server::recording().await;
    assert_eq!(
        exporter(&server, Compression::None).export(&Frame::default(), soon()).await,
        Ok(Exported::default())
    );
    assert_eq!(server.count(Transport::Grpc, Counted::Requests), 0);
}

#[tokio::test]
async fn p5_a_partial_success_is_reported_and_not_sent_again() {
    let (server, recorder) = Server::recording().await;
    *recorder.answer.lock().unwrap() = Ok(Accepted { rejected_points: 1, message: "no room".to_owned() });
    let exported = exporter(&server, Compression::None).export(&frame(), soon()).await;
    assert_eq!(exported, Ok(Exported { rejected: 1, message: "no room".to_owned() }));
    assert_eq!(server.count(Transport::Grpc, Counted::Requests), 1);
}

/// Overloaded for the first `left` batches.
struct Recovers(std::sync::atomic::AtomicU32);

impl Sink for Recovers {
    fn accept(&self, _: Batch<'static>, _: Transport) -> Result<Accepted, Overloaded> {
        use std::sync::atomic::Ordering::Relaxed;
        match self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Err(Overloaded { retry_after: Duration::from_millis(20) }),
            Err(_) => Ok(Accepted::default()),
        }
    }
}

#[tokio::test]
async fn p4_overload_is_waited_out_as_long_as_the_receiver_says() {
    let server = Server::start(Arc::new(Recovers(3.into())), ReceiveLimits::default()).await;
    let start = Instant::now();
    assert_eq!(exporter(&server, Compression::None).export(&frame(), soon()).await, Ok(Exported::default()));
    assert!(start.elapsed() >= Duration::from_millis(60), "{:?}", start.elapsed());
    assert_eq!(server.count(Transport::Grpc, Counted::Requests), 4);
}

#[tokio::test]
async fn too_large_a_request_is_a_permanent_failure() {
    let limits = ReceiveLimits { body_bytes_max: 10, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recovers(0.into())), limits).await;
    let error = exporter(&server, Compression::None).export(&frame(), soon()).await.unwrap_err();
    assert!(
        matches!(&error, ExportError::Permanent { message } if message.contains("larger than 10 bytes")),
        "{error}"
    );
    assert_eq!(server.count(Transport::Grpc, Counted::Requests), 1);
}

#[tokio::test]
async fn o1_p4_without_a_receiver_it_tries_until_the_deadline() {
    let listener = listen().await;
    let endpoint = listener.local_addr().unwrap().to_string();
    drop(listener);
    let exporter = Exporter::grpc(quick(endpoint)).unwrap();
    let error = exporter.export(&frame(), Instant::now() + Duration::from_millis(200)).await.unwrap_err();
    let ExportError::Exhausted { attempts, message } = error else { panic!("{error}") };
    assert!(attempts > 1 && message.contains("refused"), "{attempts} {message}");
}

#[tokio::test]
async fn o1_a_silent_receiver_is_given_up_at_the_timeout() {
    let listener = listen().await;
    let config = ExportConfig {
        timeout: Duration::from_millis(50),
        ..quick(listener.local_addr().unwrap().to_string())
    };
    let error = Exporter::grpc(config).unwrap().export(&frame(), soon()).await.unwrap_err();
    assert!(matches!(error, ExportError::Exhausted { .. }), "{error}");
}

/// So many histograms of 15 bounds with the usual attributes of a request over HTTP.
fn histograms(count: usize) -> Frame {
    let point = |number: usize| HistogramDataPoint {
        attributes: vec![
            text("http.request.method", "GET"),
            text("http.route", &format!("/users/{number}/orders")),
            text("server.address", "shop.example.com"),
            text("url.scheme", "https"),
            text("network.protocol.version", "1.1"),
            text("http.response.status_code", "200"),
            text("server.port", "8443"),
            text("user_agent.synthetic.type", "test"),
        ],
        bucket_counts: vec![1; 16],
        explicit_bounds: (0..15).map(f64::from).collect(),
        count: 16,
        sum: Some(1.5),
        min: Some(0.5),
        max: Some(9.5),
        time_unix_nano: 1 << 60,
        start_time_unix_nano: 1 << 59,
        ..HistogramDataPoint::default()
    };
    let mut metric = histogram(point(0));
    if let Some(metric::Data::Histogram(data)) = &mut metric.data {
        data.data_points.extend((1..count).map(point));
    }
    decode_protobuf(&bytes(metric)).unwrap().frame
}

#[tokio::test]
async fn requests_are_as_large_as_servers_take_by_default() {
    let limits = ReceiveLimits { body_bytes_max: 4 << 20, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recovers(0.into())), limits).await;
    let exporter = exporter(&server, Compression::None);
    let frame = histograms(20_000);
    let mut count = 0;
    for request in requests(&frame, REQUEST_POINTS_MAX) {
        assert_eq!(exporter.export(request, soon()).await, Ok(Exported::default()));
        count += 1;
    }
    assert_eq!(server.count(Transport::Grpc, Counted::Points), 20_000);
    assert_eq!(count, 5, "about two MiB each");
}

/// Answers the first call with a status whose details are not base64, others that they are no use.
async fn unreadable_once() -> std::net::SocketAddr {
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let service = hyper::service::service_fn(move |_| {
        let is_first = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let answer = http::Response::builder().header("content-type", "application/grpc");
        let answer = match is_first {
            true => answer.header("grpc-status", "14").header("grpc-status-details-bin", "a,b"),
            false => answer.header("grpc-status", "3").header("grpc-message", "no use"),
        };
        async { answer.body(http_body_util::Empty::<bytes::Bytes>::new()) }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    address
}

#[tokio::test]
async fn a_status_that_cannot_be_read_is_a_failure_like_others() {
    let exporter = Exporter::grpc(quick(unreadable_once().await.to_string())).unwrap();
    let error = exporter.export(&frame(), soon()).await.unwrap_err();
    assert!(matches!(&error, ExportError::Permanent { message } if message.contains("no use")), "{error}");
}

#[tokio::test]
async fn unusable_headers_are_refused_without_their_values() {
    for (name, value) in [("a b", "hidden"), ("trace-bin", "hidden"), ("a", "hid\u{7}den")] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let error = Exporter::grpc(ExportConfig { headers, ..quick("http://a".to_owned()) }).unwrap_err();
        assert!(matches!(error, ConfigError::Header { .. }), "{error}");
        assert!(!error.to_string().contains("hid"), "{error}");
    }
}
