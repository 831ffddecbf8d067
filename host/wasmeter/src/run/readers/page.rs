//! The Prometheus page: a collection for every scrape.

mod places;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::Request;
use http_body::Frame as BodyFrame;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wasmeter_config::{PrometheusExporter, TranslationStrategy as Configured};
use wasmeter_model::frame::Frame;
use wasmeter_prometheus::{Draft, Format, Options, ResourceLabels, TranslationStrategy};
use wasmeter_runtime::Processed;
use wasmeter_serve::{Answer, ConnectionLimits, Protocol};

use super::super::own_metrics::component_type;
use super::stats::ExportStats;
use super::{Pipeline, Shutdown, process};
use places::{Place, Places, Sending};

/// Where the page is.
pub(super) const PATH: &str = "/metrics";
/// Pages that are collected at a time; more wait.
const COLLECTED_MAX: usize = 2;
/// Pages that are held at a time, until all of each is sent; more wait, see [`Places`]. Each has the attribute sets and values of all series.
const HELD_MAX: usize = 4;
/// What the connections of the page may cost. Whoever scrapes does so every few seconds or minutes, and gives up on a page sooner.
const CONNECTIONS: ConnectionLimits = ConnectionLimits {
    connections_max: 128,
    header_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_secs(360),
    answer_timeout: Duration::from_secs(60),
    drain_timeout: Duration::from_secs(5),
};
/// How many different remarks about the page are logged, each once.
const REMARKS_MAX: usize = 1000;

struct Page {
    pipeline: Pipeline,
    reader: usize,
    options: Options,
    stats: Arc<ExportStats>,
    collected: Arc<Semaphore>,
    held: Places<Parts>,
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
        collected: Arc::new(Semaphore::new(COLLECTED_MAX)),
        held: Places::new(HELD_MAX),
        remarks: Mutex::default(),
    };
    let router = Router::new().route(PATH, get(scrape)).route("/", get(index)).with_state(Arc::new(page));
    let service = PageService(TowerToHyperService::new(router));
    wasmeter_serve::serve(listener, Protocol::Any, service, &CONNECTIONS, super::super::stopped(shutdown))
        .await;
}

/// What answers on the page's connections.
#[derive(Clone)]
struct PageService(TowerToHyperService<Router>);

impl Answer for PageService {
    type Body = Body;

    async fn answer(&self, request: Request<Incoming>) -> Response {
        match self.0.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
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
    let Some(held) = page.held.take().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let Ok(collected) = page.collected.clone().acquire_owned().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let drafted = tokio::task::spawn_blocking(move || {
        let _collected = collected;
        page.draft(format).map(|draft| page.body(draft, held))
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

/// What is still to be sent of a page.
type Parts = std::iter::Chain<std::array::IntoIter<Vec<u8>, 2>, Draft<'static>>;

/// A body that is written while it is sent, so that no page is ever held as a whole.
struct Written(Arc<Sending<Parts>>);

impl http_body::Body for Written {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, io::Error>>> {
        Poll::Ready(match self.0.next(Iterator::next) {
            Some(part) => part.map(|part| Ok(BodyFrame::data(part.into()))),
            None => Some(Err(io::Error::other("the page was read too slowly"))),
        })
    }
}

impl Page {
    /// What is sent of a page: one that is a single part has a length, others come as fast as they are read.
    fn body(&self, mut draft: Draft<'static>, place: Place) -> Body {
        let first = draft.next().unwrap_or_default();
        match draft.next() {
            None => Body::from(first),
            Some(second) => {
                Body::new(Written(self.held.send([first, second].into_iter().chain(draft), place)))
            }
        }
    }

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
