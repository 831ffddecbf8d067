//! Sends metrics as InfluxDB's line protocol; see the README.

mod lines;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Deserialize;
use wasmeter_guest::frame::Frame;
use wasmeter_guest::http::Request;
use wasmeter_guest::{Accepted, ExportError, Exporter, Preference};

/// The configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfluxLine {
    url: Url,
    /// Sent with each request, such as `Authorization`.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    temporality: Temporality,
    /// Whether integers are written as such.
    #[serde(default)]
    integers: bool,
    /// A request holds whole lines of at most this many bytes; a longer line has a request to itself.
    #[serde(default = "request_bytes_max")]
    request_bytes_max: NonZeroUsize,
}

fn request_bytes_max() -> NonZeroUsize {
    const { NonZeroUsize::new(4 << 20).unwrap() }
}

/// Which temporality to send, in the words of the declarative configuration.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Temporality {
    #[default]
    Cumulative,
    Delta,
    LowMemory,
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
        Err(format!("found url `{url}`, expected one such as `http://127.0.0.1:8086/write?db=metrics`"))
    }
}

impl Exporter for InfluxLine {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn preference(&self) -> Preference {
        match self.temporality {
            Temporality::Cumulative => Preference::cumulative(),
            Temporality::Delta => Preference::delta(),
            Temporality::LowMemory => Preference::low_memory(),
        }
    }

    /// Requests are sent one after the other. If one fails, all are sent again with the frame: a point that is there already is
    /// written over with itself.
    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let lines = lines::lines(&frame, self.integers);
        for body in requests(&lines.text, self.request_bytes_max.get()) {
            let request =
                Request::post(&self.url.0, body).header("content-type", "text/plain; charset=utf-8");
            let headers = self.headers.iter();
            headers.fold(request, |request, (name, value)| request.header(name, value)).export()?;
        }
        let message = if lines.left_out == 0 { "" } else { "points without a value that a line can hold" };
        Ok(Accepted::without(lines.left_out, message))
    }
}

/// Text in parts of whole lines, each of at most this many bytes unless one line alone has more.
fn requests(text: &str, bytes_max: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let fitting = rest.get(..rest.floor_char_boundary(bytes_max)).unwrap_or(rest);
        let end = match fitting.len() == rest.len() {
            true => rest.len(),
            false => fitting.rfind('\n').or_else(|| rest.find('\n')).map_or(rest.len(), |at| at + 1),
        };
        let (part, further) = rest.split_at(end);
        parts.push(part);
        rest = further;
    }
    parts
}

wasmeter_guest::register_exporter!(InfluxLine);
