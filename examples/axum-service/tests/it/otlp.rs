//! A real OTLP receiver.

use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use wasmeter_model::Temporality;
use wasmeter_model::batch::Batch;
use wasmeter_otlp::receive::{Accepted, Overloaded, ReceiveLimits, Receiver, Sink, Transport};

/// The receiver; ends with the value.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    orders: Arc<Orders>,
    runtime: Option<Runtime>,
}

/// The sum of all orders received.
#[derive(Default)]
struct Orders(Mutex<f64>);

impl Sink for Orders {
    fn accept(&self, batch: Batch<'static>, _: Transport) -> Result<Accepted, Overloaded> {
        let orders = batch.metrics().filter(|metric| metric.name() == "shop.orders");
        let mut sum = self.0.lock().unwrap();
        for metric in orders {
            assert_eq!(metric.row().temporality, Some(Temporality::Delta));
            *sum +=
                metric.numbers().filter_map(|(_, row)| row.value).map(|value| value.as_f64()).sum::<f64>();
        }
        Ok(Accepted::default())
    }
}

impl Collector {
    pub(crate) fn start() -> Self {
        let orders = Arc::new(Orders::default());
        let receiver = Receiver::new(orders.clone(), ReceiveLimits::default());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { receiver.serve_grpc(listener, std::future::pending()).await });
        Self { endpoint, orders, runtime: Some(runtime) }
    }

    /// What has been received so far.
    pub(crate) fn orders(&self) -> f64 {
        *self.orders.0.lock().unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
