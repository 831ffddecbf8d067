//! Sends metrics as InfluxDB's line protocol; see the README.

mod lines;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use serde::Deserialize;
use wasmeter_guest::frame::Frame;
use wasmeter_guest::http::{Headers, Request, Url};
use wasmeter_guest::{Accepted, ExportError, Exporter, Preference, TemporalityPreference};

/// Where metrics are sent as line protocol, and how.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "influx-line"))]
#[serde(deny_unknown_fields)]
pub struct InfluxLine {
    /// Where to send, whole; its origin has to be granted.
    url: Url,
    /// Sent with each request; left out: none. A token stands for itself by reference: `Token ${secret:NAME}`.
    #[serde(default)]
    headers: Headers,
    /// Which temporality to send; left out: `cumulative`.
    #[serde(default)]
    temporality: TemporalityPreference,
    /// Whether integers are written as such, and not as floats.
    #[serde(default)]
    integers: bool,
    /// A request holds whole lines of at most this many bytes; a longer line has a request to itself.
    #[serde(default = "request_bytes_max")]
    request_bytes_max: NonZeroU32,
}

fn request_bytes_max() -> NonZeroU32 {
    const { NonZeroU32::new(4 << 20).unwrap() }
}

impl Exporter for InfluxLine {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn preference(&self) -> Preference {
        self.temporality.into()
    }

    /// Requests are sent one after the other. If one fails, all are sent again with the frame: a point that is there already is
    /// written over with itself.
    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let lines = lines::lines(&frame, self.integers);
        let bytes_max = usize::try_from(self.request_bytes_max.get()).unwrap_or(usize::MAX);
        for body in requests(&lines.text, bytes_max) {
            Request::post(&self.url, body)
                .header("content-type", "text/plain; charset=utf-8")
                .headers(&self.headers)
                .export()?;
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
