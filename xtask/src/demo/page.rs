//! The Prometheus page of the host: fetched, read, added up.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use wasmeter_prometheus::{Sample, parse_page};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Labels that say the same on every line, or where a series is from: left out where lines are shown.
const UNSAID: [&str; 4] = ["job", "instance", "otel_scope_name", "otel_scope_version"];

/// All samples of one scrape.
#[derive(Debug)]
pub(super) struct Page(Vec<Sample>);

impl Page {
    /// The page at this address as it is now.
    pub(super) fn fetch(address: SocketAddr) -> anyhow::Result<Self> {
        let response = get(address).with_context(|| format!("no answer from http://{address}/metrics"))?;
        let (head, body) = response.split_once("\r\n\r\n").context("the answer has no head")?;
        let status = head.lines().next().unwrap_or_default();
        ensure!(status.split(' ').nth(1) == Some("200"), "http://{address}/metrics answered `{status}`");
        Ok(Self(parse_page(body).with_context(|| format!("http://{address}/metrics is not a valid page"))?))
    }

    /// The samples of a name.
    pub(super) fn of(&self, name: &str) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| sample.name == name)
    }

    /// The sum over all series of a name; all are whole numbers.
    pub(super) fn sum(&self, name: &str) -> anyhow::Result<i64> {
        let mut sum = 0_i64;
        for sample in self.of(name) {
            let value: i64 = sample.text.parse().with_context(|| {
                format!("found `{name} {}` on the page, expected a whole number", sample.text)
            })?;
            sum = sum.checked_add(value).with_context(|| format!("the sum of `{name}` is beyond 64 bits"))?;
        }
        Ok(sum)
    }

    /// The value of the one series of a name that has this label; 0 if there is none.
    pub(super) fn count(&self, name: &str, label: &str, value: &str) -> i64 {
        let found = self.of(name).find(|sample| sample.label(label) == Some(value));
        found.and_then(|sample| sample.text.parse().ok()).unwrap_or_default()
    }
}

fn get(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // 1.0: the answer comes in one piece and ends with the connection.
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    if response.is_empty() {
        bail!("the connection was closed");
    }
    Ok(response)
}

/// A sample as the page has it, without the labels of [`UNSAID`].
pub(super) fn line(sample: &Sample) -> String {
    let mut labels = String::new();
    for (label, value) in sample.labels.iter().filter(|(label, _)| !UNSAID.contains(&label.as_str())) {
        let comma = if labels.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _written = write!(labels, "{comma}{label}={value:?}");
    }
    format!("{}{{{labels}}} {}", sample.name, sample.text)
}
