//! A real receiver on loopback, with a sink the test controls.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wasmeter_model::batch::Batch;
use wasmeter_otlp::receive::{Accepted, Counted, Overloaded, ReceiveLimits, Receiver, Sink, Transport};

/// Keeps what it gets and answers what it is told.
pub(crate) struct Recorder {
    pub(crate) batches: Mutex<Vec<Batch<'static>>>,
    pub(crate) answer: Mutex<Result<Accepted, Overloaded>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { batches: Mutex::default(), answer: Mutex::new(Ok(Accepted::default())) }
    }
}

impl Sink for Recorder {
    fn accept(&self, batch: Batch<'static>, _: Transport) -> Result<Accepted, Overloaded> {
        self.batches.lock().unwrap().push(batch);
        self.answer.lock().unwrap().clone()
    }
}

/// A sink that says when a batch has come and waits for permission to go on.
pub(crate) struct Gate {
    arrived: Mutex<std::sync::mpsc::Sender<()>>,
    go: Mutex<std::sync::mpsc::Receiver<()>>,
}

/// The test's side of a [`Gate`].
pub(crate) struct Keeper {
    pub(crate) arrived: std::sync::mpsc::Receiver<()>,
    pub(crate) go: std::sync::mpsc::Sender<()>,
}

impl Gate {
    pub(crate) fn new() -> (Arc<Self>, Keeper) {
        let (arrived, seen) = std::sync::mpsc::channel();
        let (go, open) = std::sync::mpsc::channel();
        (Arc::new(Self { arrived: Mutex::new(arrived), go: Mutex::new(open) }), Keeper { arrived: seen, go })
    }
}

impl Sink for Gate {
    fn accept(&self, _: Batch<'static>, _: Transport) -> Result<Accepted, Overloaded> {
        self.arrived.lock().unwrap().send(()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
        Ok(Accepted::default())
    }
}

/// A receiver at work on both transports.
pub(crate) struct Server {
    pub(crate) receiver: Receiver,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    stop: Vec<oneshot::Sender<()>>,
    serving: Vec<JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start(sink: Arc<dyn Sink>, limits: ReceiveLimits) -> Self {
        let receiver = Receiver::new(sink, limits);
        let (grpc_listener, http_listener) = (listen().await, listen().await);
        let (grpc, http) = (grpc_listener.local_addr().unwrap(), http_listener.local_addr().unwrap());
        let (stop_grpc, stopped_grpc) = oneshot::channel::<()>();
        let (stop_http, stopped_http) = oneshot::channel::<()>();
        let ended = |stopped: oneshot::Receiver<()>| async { drop(stopped.await) };
        let serving = vec![
            tokio::spawn({
                let receiver = receiver.clone();
                async move { receiver.serve_grpc(grpc_listener, ended(stopped_grpc)).await }
            }),
            tokio::spawn({
                let receiver = receiver.clone();
                async move { receiver.serve_http(http_listener, ended(stopped_http)).await }
            }),
        ];
        Self { receiver, grpc, http, stop: vec![stop_grpc, stop_http], serving }
    }

    pub(crate) async fn recording() -> (Self, Arc<Recorder>) {
        let recorder = Arc::new(Recorder::default());
        (Self::start(Arc::clone(&recorder) as Arc<dyn Sink>, ReceiveLimits::default()).await, recorder)
    }

    pub(crate) fn metrics_url(&self) -> String {
        format!("http://{}/v1/metrics", self.http)
    }

    pub(crate) fn count(&self, transport: Transport, counted: Counted) -> u64 {
        self.receiver.stats().get(transport, counted)
    }

    /// Begins the shutdown of both listeners.
    pub(crate) fn stop(&mut self) {
        self.stop.clear();
    }

    /// Waits until both have returned.
    pub(crate) async fn stopped(self) {
        for serving in self.serving {
            tokio::time::timeout(Duration::from_secs(20), serving)
                .await
                .expect("the server never ends")
                .unwrap();
        }
    }
}

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}
