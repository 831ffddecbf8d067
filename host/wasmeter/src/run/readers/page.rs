//! The Prometheus page: a collection for every scrape.

use std::borrow::Cow;
use std::collections::HashSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use http_body::Frame as BodyFrame;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wasmeter_config::{PrometheusExporter, TranslationStrategy as Configured};
use wasmeter_model::frame::Frame;
use wasmeter_prometheus::{Draft, Format, Options, ResourceLabels, TranslationStrategy};
use wasmeter_runtime::Processed;

use super::super::own_metrics::component_type;
use super::stats::ExportStats;
use super::{Pipeline, Shutdown, process};

/// Where the page is.
pub(super) const PATH: &str = "/metrics";
/// Scrapes served at a time; more wait.
const SCRAPES_MAX: usize = 2;
/// How many different remarks about the page are logged, each once.
const REMARKS_MAX: usize = 1000;

struct Page {
    pipeline: Pipeline,
    reader: usize,
    options: Options,
    stats: Arc<ExportStats>,
    scrapes: Arc<Semaphore>,
    remarks: Mutex<HashSet<String>>,
}

/// Serves the page until stopped.
pub(super) async fn serve(
    listener: TcpListener,
    pipeline: Pipeline,
    reader: usize,
    config: PrometheusExporter,
    stats: Arc<ExportStats>,
    shutdown: Shutdown,
) {
    let page = Page {
        pipeline,
        reader,
        options: options(config),
        stats,
        scrapes: Arc::new(Semaphore::new(SCRAPES_MAX)),
        remarks: Mutex::default(),
    };
    let router = Router::new().route(PATH, get(scrape)).route("/", get(index)).with_state(Arc::new(page));
    // A page goes out in parts: none is to wait until the one before is acknowledged.
    let listener = listener.tap_io(|stream| {
        // Without it the page is late, no more.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the parts of a page will wait for each other");
        }
    });
    let served = axum::serve(listener, router).with_graceful_shutdown(super::super::stopped(shutdown)).await;
    if let Err(error) = served {
        tracing::error!(%error, "the Prometheus page ended");
    }
}

fn options(config: PrometheusExporter) -> Options {
    Options {
        strategy: match config.translation {
            Configured::UnderscoreEscapingWithSuffixes => TranslationStrategy::UnderscoreEscapingWithSuffixes,
            Configured::UnderscoreEscapingWithoutSuffixes => {
                TranslationStrategy::UnderscoreEscapingWithoutSuffixes
            }
            Configured::NoUtf8EscapingWithSuffixes => TranslationStrategy::NoUtf8EscapingWithSuffixes,
            Configured::NoTranslation => TranslationStrategy::NoTranslation,
        },
        scope_labels: config.scope_info,
        target_info: config.target_info,
        resource_labels: config.resource_labels.map(|filter| ResourceLabels {
            included: filter.included.unwrap_or_default(),
            excluded: filter.excluded,
        }),
        ..Options::default()
    }
}

async fn index() -> impl IntoResponse {
    format!("wasmeter {}: the metrics are at {PATH}\n", env!("CARGO_PKG_VERSION"))
}

/// The format that the headers of a request ask for.
fn accepted(headers: &HeaderMap) -> Format {
    let texts: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    Format::negotiate(&texts.join(","))
}

async fn scrape(State(page): State<Arc<Page>>, headers: HeaderMap) -> Response {
    let format = accepted(&headers);
    let Ok(permit) = page.scrapes.clone().acquire_owned().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let drafted = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        page.draft(format).map(body)
    });
    match drafted.await {
        Ok(None) => {
            let words = "a plugin could not process the metrics, so there are none now; the log says why\n";
            (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
        }
        Ok(Some(body)) => {
            // A cache on the way must not give one format to those who asked for the other.
            let headers = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "accept")];
            (headers, body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a scrape ended badly");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What is sent of a page: one that is a single part has a length, others come as fast as they are read.
fn body(mut draft: Draft<'static>) -> Body {
    let first = draft.next().unwrap_or_default();
    match draft.next() {
        None => Body::from(first),
        Some(second) => Body::new(Parts([first, second].into_iter().chain(draft))),
    }
}

/// A body that is written while it is sent, so that no page is ever held as a whole.
struct Parts<I>(I);

impl<I: Iterator<Item = Vec<u8>> + Unpin> http_body::Body for Parts<I> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|part| Ok(BodyFrame::data(part.into()))))
    }
}

impl Page {
    /// The page; `None` if a processor keeps it back.
    fn draft(&self, format: Format) -> Option<Draft<'static>> {
        let asked = Instant::now();
        let collected = self.pipeline.collect(self.reader);
        self.stats.timings().collected(component_type("prometheus"), asked.elapsed());
        let points = collected.frame.point_count() as u64;
        let frame = match process(&collected.processors, collected.frame) {
            Processed::Frame(frame) => frame,
            Processed::Dropped => {
                self.stats.add("prometheus", "dropped", points);
                Frame::default()
            }
            Processed::Failed(_) => {
                self.stats.add("prometheus", "undelivered", points);
                return None;
            }
        };
        let points = frame.point_count() as u64;
        let page = Draft::new(Cow::Owned(frame), format, &self.options);
        let shown = points.saturating_sub(page.dropped_points());
        self.stats.add("prometheus", "exported", shown);
        self.stats.finished("prometheus", None, shown);
        self.stats.add("prometheus", "dropped", page.dropped_points());
        self.stats.finished("prometheus", Some("not_shown"), page.dropped_points());
        for remark in
            page.dropped.iter().map(ToString::to_string).chain(page.warnings.iter().map(ToString::to_string))
        {
            self.remark(remark);
        }
        Some(page)
    }

    /// Logs a remark the first time it is made: a page is made every few seconds.
    fn remark(&self, remark: String) {
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        // Counts differ from scrape to scrape; the words do not.
        let words: String = remark.chars().filter(|character| !character.is_ascii_digit()).collect();
        if remarks.len() < REMARKS_MAX && remarks.insert(words) {
            tracing::warn!("Prometheus page: {remark}");
        }
    }
}
