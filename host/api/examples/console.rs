//! A program that knows nothing but the `opentelemetry` API, and the few lines that give it a provider.
//!
//! ```text
//! cargo run -p wasmeter-api --example console
//! ```

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::{KeyValue, global};
use wasmeter_api::model::ValueRef;
use wasmeter_api::model::frame::{Frame, MetricRef, PointRef};
use wasmeter_api::{ExportError, MeterProvider, PeriodicReader, PushExporter};

/// Writes a line for each point.
struct Console<W>(Mutex<W>);

impl<W: Write + Send + 'static> PushExporter for Console<W> {
    fn export(&self, frame: &Frame, _deadline: Instant) -> Result<(), ExportError> {
        let lines: String = frame.metrics().flat_map(lines).collect();
        let mut out = self.0.lock().map_err(|_| ExportError::Failed("the output is gone".to_owned()))?;
        out.write_all(lines.as_bytes()).map_err(|error| ExportError::Failed(error.to_string()))
    }
}

fn lines(metric: MetricRef<'_>) -> Vec<String> {
    let line = |point: PointRef<'_>, value: String| {
        let text = |value: ValueRef<'_>| match value {
            ValueRef::String(text) => text.to_owned(),
            other => format!("{other:?}"),
        };
        let pairs: Vec<String> = point.pairs().map(|(key, value)| format!("{key}={}", text(value))).collect();
        format!("{} {}{{{}}} {value}\n", metric.scope().name(), metric.name(), pairs.join(","))
    };
    let numbers = metric.numbers().filter_map(|row| Some(line(row.point, row.value?.as_f64().to_string())));
    let histograms = metric
        .histograms()
        .map(|row| line(row.point, format!("count={} sum={}", row.count, row.sum.unwrap_or_default())));
    numbers.chain(histograms).collect()
}

/// The program: from here on all is plain `opentelemetry`.
fn serve(requests: u64) {
    let meter = global::meter("shop");
    let served = meter.u64_counter("http.requests").with_description("requests served").build();
    let duration =
        meter.f64_histogram("http.duration").with_unit("s").with_boundaries(vec![0.1, 1.0]).build();
    let open = Arc::new(AtomicI64::new(0));
    let now_open = open.clone();
    let _gauge = meter
        .i64_observable_gauge("http.open")
        .with_callback(move |observer| observer.observe(now_open.load(Ordering::Relaxed), &[]))
        .build();
    for number in 0..requests {
        open.fetch_add(1, Ordering::Relaxed);
        let route = [KeyValue::new("route", if number % 3 == 0 { "/cart" } else { "/" })];
        served.add(1, &route);
        duration.record(0.25, &route);
    }
}

/// The set-up lines: a provider that exports to `out` every minute, and once more at the end.
pub(crate) fn run(out: impl Write + Send + 'static) -> Result<(), Box<dyn std::error::Error>> {
    let exporter = Console(Mutex::new(out));
    let reader =
        PeriodicReader::new(exporter, PeriodicReader::INTERVAL_DEFAULT, PeriodicReader::TIMEOUT_DEFAULT);
    let provider = MeterProvider::builder().with_reader(reader).with_env_resource().build()?;
    global::set_meter_provider(provider.clone());
    serve(9);
    provider.shutdown(Duration::from_secs(5))?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(std::io::stdout())
}
