//! Sends metrics over Prometheus remote write 1.0; see the README.

mod exemplars;
mod labels;
mod native;
mod proto;
mod series;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use serde::Deserialize;
use wasmeter_guest::frame::Frame;
use wasmeter_guest::http::{Headers, Request, Url};
use wasmeter_guest::{Accepted, ExportError, Exporter};

/// Where metrics are sent over Prometheus remote write, and how.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "remote-write"))]
#[serde(deny_unknown_fields)]
pub struct RemoteWrite {
    /// Where to send, whole; its origin has to be granted.
    url: Url,
    /// Sent with each request, for tenants and tokens; left out: none. A token stands for itself by reference:
    /// `Bearer ${secret:NAME}`.
    #[serde(default)]
    headers: Headers,
    /// Whether exponential histograms are sent, as native histograms; left out: `false`. A receiver has to take them.
    #[serde(default)]
    native_histograms: bool,
    /// The most series of one request.
    #[serde(default = "series_max")]
    series_max: NonZeroU32,
}

fn series_max() -> NonZeroU32 {
    const { NonZeroU32::new(5000).unwrap() }
}

impl Exporter for RemoteWrite {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    /// Requests are sent one after the other. If one fails, all are sent again with the frame: a receiver that has a sample already
    /// takes the same one once more.
    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let converted = series::convert(&frame, self.native_histograms);
        let mut families = converted.families.as_slice();
        for batch in converted.series.chunks(usize::try_from(self.series_max.get()).unwrap_or(usize::MAX)) {
            // Once is enough.
            let request = proto::write_request(batch, std::mem::take(&mut families));
            self.request(&request)?.export()?;
        }
        let why = |(why, points): (&&str, &u64)| format!("{points} {why}");
        let words: Vec<String> = converted.left_out.iter().map(why).collect();
        let message =
            if words.is_empty() { String::new() } else { format!("points left out: {}", words.join(", ")) };
        Ok(Accepted::without(converted.left_out(), message))
    }
}

impl RemoteWrite {
    fn request(&self, body: &[u8]) -> Result<Request, ExportError> {
        let compressed = snap::raw::Encoder::new()
            .compress_vec(body)
            .map_err(|error| ExportError::permanent(format!("the request cannot be compressed: {error}")))?;
        let own = [
            ("content-encoding", "snappy"),
            ("content-type", "application/x-protobuf"),
            ("user-agent", concat!("wasmeter-remote-write/", env!("CARGO_PKG_VERSION"))),
            ("x-prometheus-remote-write-version", "0.1.0"),
        ];
        let request = Request::post(&self.url, compressed).headers(&self.headers);
        Ok(own.into_iter().fold(request, |request, (name, value)| request.header(name, value)))
    }
}

wasmeter_guest::register_exporter!(RemoteWrite);
