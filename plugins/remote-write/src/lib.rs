//! Sends metrics over Prometheus remote write 1.0; see the README.

mod labels;
mod proto;
mod series;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Deserialize;
use wasmeter_guest::frame::Frame;
use wasmeter_guest::http::Request;
use wasmeter_guest::{Accepted, ExportError, Exporter};

/// The configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteWrite {
    url: Url,
    /// Sent with each request, for tenants and tokens.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The most series of one request.
    #[serde(default = "series_max")]
    series_max: NonZeroUsize,
}

fn series_max() -> NonZeroUsize {
    const { NonZeroUsize::new(5000).unwrap() }
}

/// Where to, whole.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Url(String);

impl TryFrom<String> for Url {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        if url.starts_with("http://") || url.starts_with("https://") {
            return Ok(Self(url));
        }
        Err(format!("found url `{url}`, expected one such as `http://127.0.0.1:9090/api/v1/write`"))
    }
}

impl Exporter for RemoteWrite {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    /// Requests are sent one after the other. If one fails, all are sent again with the frame: a receiver that has a sample already
    /// takes the same one once more.
    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let converted = series::convert(&frame);
        let mut families = converted.families.as_slice();
        for batch in converted.series.chunks(self.series_max.get()) {
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
        let request = Request::post(&self.url.0, compressed);
        let request = own.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        Ok(self.headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
    }
}

wasmeter_guest::register_exporter!(RemoteWrite);
