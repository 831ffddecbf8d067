//! The set-up lines: the one file that knows who the provider is.

use std::error::Error;
use std::path::PathBuf;

use opentelemetry::{KeyValue, global};
use wasmeter_api::model::TemporalityPreference;
use wasmeter_api::{ManualReader, MeterProvider, OtlpExporter};

/// Installs the provider. Keep it, to shut it down at the end; the reader is for the page.
pub(crate) fn install(plugins: Option<PathBuf>) -> Result<(MeterProvider, ManualReader), Box<dyn Error>> {
    let page = ManualReader::new(TemporalityPreference::Cumulative);
    let mut builder = MeterProvider::builder()
        .with_resource_attributes([KeyValue::new("service.name", "shop")])
        .with_environment()
        .with_reader(&page);
    if let Some(directory) = plugins {
        builder = builder.with_plugin_directory(directory);
    }
    if exports_otlp() {
        builder = builder.with_periodic_exporter(OtlpExporter::from_env()?);
    }
    let provider = builder.build()?;
    global::set_meter_provider(provider.clone());
    Ok((provider, page))
}

fn exports_otlp() -> bool {
    let endpoints = ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    endpoints.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
