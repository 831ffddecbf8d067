//! Where the programs under test send on to. It answers at once and keeps what it gets as it comes; what that says is read when
//! nobody is measured any more.

mod totals;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::bail;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wasmeter_otlp::messages::ExportMetricsServiceRequest;
use wasmeter_otlp::{METRICS_METHOD, METRICS_PATH};

use crate::grpc;
pub(crate) use totals::Totals;

/// A request as it came.
struct Kept {
    is_grpc: bool,
    coding: Option<String>,
    body: Bytes,
}

/// A receiver of OTLP over both transports; gone with the value.
pub(crate) struct Sink {
    // Its threads end with it.
    _runtime: Runtime,
    address: SocketAddr,
    kept: Arc<Mutex<Vec<Kept>>>,
}

impl Sink {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Mutex::new(Vec::new()));
        runtime.spawn(accept(listener, Arc::clone(&kept)));
        Ok(Self { _runtime: runtime, address, kept })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests have come so far.
    pub(crate) fn received(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What all requests so far say together, of which some, told by their place, came while a clock ran.
    ///
    /// # Errors
    ///
    /// One of them is malformed, or is no metric that can be added up.
    pub(crate) fn totals(&self, timed: &Range<usize>) -> anyhow::Result<Totals> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        let mut totals = Totals::default();
        for (place, request) in kept.into_iter().enumerate() {
            let before = totals.points;
            totals.add(request.decode()?)?;
            if timed.contains(&place) {
                totals.points_timed += totals.points - before;
            }
        }
        Ok(totals)
    }
}

impl Kept {
    fn decode(self) -> anyhow::Result<ExportMetricsServiceRequest> {
        let Self { is_grpc, coding, body } = self;
        let coding = coding.as_deref();
        let body = if is_grpc { grpc::unframed(body, coding)? } else { grpc::inflated(body, coding)? };
        Ok(ExportMetricsServiceRequest::decode(body)?)
    }
}

async fn accept(listener: TcpListener, kept: Arc<Mutex<Vec<Kept>>>) {
    // A listener that fails shows in a program that cannot send.
    while let Ok((stream, _)) = listener.accept().await {
        let kept = Arc::clone(&kept);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&kept)));
            // A connection that fails shows in what is missing.
            let _end = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<Kept>>>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, http::Error> {
    let mut answer = Response::builder();
    match keep(request, &kept).await {
        Ok(true) => {
            let status = HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-status"),
                HeaderValue::from_static("0"),
            )]);
            // An empty message.
            let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async { Some(Ok(status)) });
            answer = answer.header(CONTENT_TYPE, "application/grpc");
            answer.body(body.boxed())
        }
        Ok(false) => answer.header(CONTENT_TYPE, "application/x-protobuf").body(Full::default().boxed()),
        Err(error) => answer.status(400).body(Full::new(Bytes::from(format!("{error:#}"))).boxed()),
    }
}

/// Whether what was kept is gRPC.
async fn keep(request: Request<Incoming>, kept: &Mutex<Vec<Kept>>) -> anyhow::Result<bool> {
    let is_grpc = match request.uri().path() {
        METRICS_METHOD => true,
        METRICS_PATH => false,
        other => bail!("nothing is received at `{other}`"),
    };
    let coding = if is_grpc { grpc::ENCODING } else { CONTENT_ENCODING.as_str() };
    let coding = request.headers().get(coding).and_then(|value| value.to_str().ok());
    let coding = coding.filter(|coding| *coding != "identity").map(str::to_owned);
    let body = request.into_body().collect().await?.to_bytes();
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(Kept { is_grpc, coding, body });
    Ok(is_grpc)
}

#[cfg(test)]
mod tests {
    use wasmeter_otlp::Compression;

    use super::*;
    use crate::link::{Link, Transport};
    use crate::requests::{Flow, Kind, Load, Requests};
    use crate::standings::{Form, Shape, Standings, Verdict};

    #[test]
    fn what_is_sent_over_any_transport_is_what_it_says() {
        let codings = [Compression::None, Compression::Gzip];
        for transport in
            codings.into_iter().flat_map(|coding| [Transport::Http(coding), Transport::Grpc(coding)])
        {
            for kind in [Kind::Sum, Kind::Gauge, Kind::Histogram, Kind::Exponential] {
                for flow in [Flow::Cumulative, Flow::Delta] {
                    let sink = Sink::start().unwrap();
                    let mut link = Link::to(sink.address(), transport).unwrap();
                    let mut requests = Requests::new(Load::seeded(kind, flow), 0..1200);
                    for _ in 0..3 {
                        for body in requests.next() {
                            link.send_taken(&transport.body(body).unwrap()).unwrap();
                        }
                    }
                    let totals = sink.totals(&(2..5)).unwrap();
                    // A round is a request of a thousand points and one of two hundred.
                    assert_eq!((totals.points, totals.points_timed), (3600, 2200));
                    let mut sent = Standings::default();
                    requests.add_standings(std::slice::from_ref(&(1..4)), &[], &mut sent);
                    let form = match kind {
                        Kind::Sum => Form::Sum,
                        Kind::Gauge => Form::Gauge,
                        Kind::Histogram => Form::Explicit,
                        Kind::Exponential => Form::Exponential,
                    };
                    let shape = Shape { form, flow: (kind != Kind::Gauge).then_some(flow) };
                    sent.shapes = [shape].into();
                    assert_eq!(Verdict::of(&sent, &totals.standings()).text(), "right", "{kind:?} {flow:?}");
                }
            }
        }
    }
}
