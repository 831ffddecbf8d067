//! The service, measured through the `opentelemetry` API: whichever provider is installed, not a line here changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};

/// Upper bounds of the durations' buckets, in seconds.
const DURATION_BOUNDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

#[derive(Clone)]
struct Instruments {
    orders: Counter<u64>,
    duration: Histogram<f64>,
    open: Arc<AtomicI64>,
}

impl Instruments {
    fn new() -> Self {
        let meter = global::meter("shop");
        let open = Arc::new(AtomicI64::new(0));
        let observed = open.clone();
        meter
            .i64_observable_gauge("shop.requests.open")
            .with_description("requests that are being served")
            .with_callback(move |observer| observer.observe(observed.load(Ordering::Relaxed), &[]))
            .build();
        Self {
            orders: meter.u64_counter("shop.orders").with_description("orders that were looked at").build(),
            duration: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_boundaries(DURATION_BOUNDS.to_vec())
                .build(),
            open,
        }
    }
}

/// The routes and what measures them.
pub(crate) fn router() -> Router {
    let instruments = Instruments::new();
    Router::new()
        .route("/", get(async || "a shop: try /orders/1 and /metrics\n"))
        .route("/orders/{id}", get(order))
        .layer(from_fn_with_state(instruments.clone(), measure))
        .with_state(instruments)
}

async fn order(State(instruments): State<Instruments>, Path(id): Path<u64>) -> String {
    // The raw path, as much instrumentation has it: one series for each order there is.
    instruments.orders.add(1, &[KeyValue::new("url.path", format!("/orders/{id}"))]);
    format!("order {id}\n")
}

async fn measure(State(instruments): State<Instruments>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = KeyValue::new("http.request.method", request.method().to_string());
    let path = KeyValue::new("url.path", request.uri().path().to_owned());
    instruments.open.fetch_add(1, Ordering::Relaxed);
    let response = next.run(request).await;
    instruments.open.fetch_sub(1, Ordering::Relaxed);
    let status = KeyValue::new("http.response.status_code", i64::from(response.status().as_u16()));
    instruments.duration.record(began.elapsed().as_secs_f64(), &[method, path, status]);
    response
}
