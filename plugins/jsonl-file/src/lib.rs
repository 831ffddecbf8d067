//! Writes metrics to a file as lines of OTLP/JSON (OTLP specification, "OpenTelemetry Protocol File Exporter"); see the README.

mod json;
mod otlp;
mod rotation;
#[cfg(test)]
mod tests;

use std::num::NonZeroU64;

use serde::Deserialize;
use wasmeter_guest::frame::Frame;
use wasmeter_guest::{Accepted, ExportError, Exporter, Fault, Preference, TemporalityPreference, files};

use rotation::make_room;

/// Which file is written, and how.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "jsonl-file"))]
#[serde(deny_unknown_fields)]
pub struct JsonlFile {
    /// The file: an absolute path below a directory that is granted.
    path: Path,
    /// Which temporality to write; left out: `cumulative`.
    #[serde(default)]
    temporality: TemporalityPreference,
    /// How large the file becomes, in bytes: a line that would make it larger begins a new one; a longer line has a file to itself.
    #[serde(default = "file_bytes_max")]
    file_bytes_max: NonZeroU64,
    /// Full files kept beside the one that is written.
    #[serde(default = "full_files_max")]
    full_files_max: u32,
    /// The last line may be cut off, because it could not be written whole.
    #[serde(skip)]
    is_torn: bool,
}

fn file_bytes_max() -> NonZeroU64 {
    const { NonZeroU64::new(100 << 20).unwrap() }
}

fn full_files_max() -> u32 {
    5
}

/// An absolute path of a file.
#[derive(Deserialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(with = "String", inline, extend("pattern" = "^/.*[^/]$"))
)]
#[serde(try_from = "String")]
struct Path(String);

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        if path.starts_with('/') && !path.ends_with('/') {
            return Ok(Self(path));
        }
        Err(format!(
            "found path `{path}`, expected that of a file below a granted directory, such as `/out/metrics.jsonl`"
        ))
    }
}

impl Exporter for JsonlFile {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn preference(&self) -> Preference {
        self.temporality.into()
    }

    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let mut line = otlp::line(&frame);
        line.push('\n');
        let path = &self.path.0;
        // A full disk or a directory that is not there yet may be another matter the next time.
        let failed =
            |error: std::io::Error| ExportError::retryable(format!("`{path}` cannot be written: {error}"));
        let room = make_room(path, line.len(), self.file_bytes_max.get(), self.full_files_max);
        if room.map_err(failed)? {
            self.is_torn = false;
        }
        if self.is_torn {
            // What was cut off is no line of JSON; the next one must not be spoilt with it.
            line.insert(0, '\n');
        }
        let written = files::append(path, line.as_bytes());
        self.is_torn = written.is_err();
        written.map(|()| Accepted::all()).map_err(failed)
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let path = &self.path.0;
        match files::sync(path) {
            // Nothing has been exported yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(|error| Fault::new(format!("`{path}` may not be on the disk: {error}"))),
        }
    }
}

wasmeter_guest::register_exporter!(JsonlFile);
