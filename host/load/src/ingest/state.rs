//! What a million series take in memory, with and without what is remembered of their encoding.
//!
//! Each is measured in a process of its own, where nothing was freed before that is used again.

use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use wasmeter_model::Timestamp;
use wasmeter_otlp::decode::decode_protobuf;
use wasmeter_otlp::wire::Names;

use super::{NAMES_BYTES_MAX, engine};
use crate::requests::{Flow, Kind, Load, Requests};

/// How many series there are.
const SERIES: usize = 1_000_000;

/// What a million series take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) series: usize,
    /// Resident memory for each.
    pub(crate) bytes_per_series: f64,
    /// The same with what is remembered of its encoding.
    pub(crate) remembered_bytes_per_series: f64,
}

/// Resident memory of this process, in bytes.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0)
}

/// How much each of the series takes in this process, in bytes; their points are decoded, or read where they lie and remembered.
///
/// # Errors
///
/// Not all series are there.
pub(crate) fn measure(is_remembered: bool) -> anyhow::Result<f64> {
    let mut requests = Requests::new(Load::even(Kind::Sum, Flow::Cumulative), 0..SERIES);
    let bodies: Vec<Vec<u8>> = requests.next().map(<[u8]>::to_vec).collect();
    let now = Timestamp(requests.last().1);
    let (names, engine) = (Names::new(NAMES_BYTES_MAX), engine(SERIES, Vec::new()));
    let before = resident()?;
    for body in &bodies {
        if is_remembered {
            engine.ingest_batch(&names.read(body).context("a request is left to the decoder")?, now);
        } else {
            engine.ingest(&decode_protobuf(body)?.frame, now);
        }
    }
    let bytes_per_series = (resident()? - before) / SERIES as f64;
    ensure!(engine.counts().series == SERIES, "found {} series", engine.counts().series);
    ensure!(!is_remembered || names.size().0 == SERIES, "{} series are remembered", names.size().0);
    Ok(bytes_per_series)
}

/// Measures both, each in a process that runs this program's task `state`.
pub(super) fn measure_apart() -> anyhow::Result<State> {
    let apart = |arguments: &[&str]| -> anyhow::Result<f64> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("state").args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = command.output().context("the task `state` cannot be started")?;
        ensure!(output.status.success(), "the task `state` ended with {}", output.status);
        let text = String::from_utf8(output.stdout)?;
        text.trim().parse().with_context(|| format!("found `{text}`, expected a number"))
    };
    Ok(State {
        series: SERIES,
        bytes_per_series: apart(&[])?,
        remembered_bytes_per_series: apart(&["--remembered"])?,
    })
}
