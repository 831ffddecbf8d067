//! What an exporter wrote: lines of OTLP/JSON, added up.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

/// The sum of all points of a sum metric of integers, over all lines of all files of a folder, which are deltas.
pub(super) fn total(folder: &Path, metric: &str) -> anyhow::Result<f64> {
    let mut total = 0.0;
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        for line in fs::read_to_string(&file)?.lines() {
            let line: Value = serde_json::from_str(line).with_context(|| file.display().to_string())?;
            for found in metrics(&line).filter(|found| found["name"] == metric) {
                let sum = &found["sum"];
                ensure!(sum["aggregationTemporality"] == 1, "`{metric}` is no delta in {}", file.display());
                let points = sum["dataPoints"].as_array().into_iter().flatten();
                for point in points.filter_map(|point| point["asInt"].as_str()) {
                    total += point.parse::<f64>()?;
                }
            }
        }
    }
    Ok(total)
}

fn metrics(line: &Value) -> impl Iterator<Item = &Value> {
    let scopes = list(line, "resourceMetrics").flat_map(|resource| list(resource, "scopeMetrics"));
    scopes.flat_map(|scope| list(scope, "metrics"))
}

fn list<'a>(value: &'a Value, key: &str) -> std::slice::Iter<'a, Value> {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}
