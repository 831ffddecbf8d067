//! The metrics as a Prometheus page.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use wasmeter_api::ManualReader;
use wasmeter_prometheus::{Format, Options, render};

/// `/metrics`, which is not measured itself.
pub(crate) fn router(reader: ManualReader) -> Router {
    Router::new().route("/metrics", get(page)).with_state(reader)
}

async fn page(State(reader): State<ManualReader>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::negotiate(accepted);
    // Callbacks run in a collection, and they may take their time.
    let collected = tokio::task::spawn_blocking(move || reader.collect()).await;
    match collected {
        Ok(Ok(frame)) => {
            // There is one service on this page, and one scope.
            let options = Options { scope_labels: false, target_info: false, ..Options::default() };
            ([(header::CONTENT_TYPE, format.content_type())], render(&frame, format, &options).text)
                .into_response()
        }
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
