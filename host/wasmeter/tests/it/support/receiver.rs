//! A program that metrics are sent to.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{eventually, exchange};

/// The program; killed with the value.
pub(crate) struct Receiver {
    child: Child,
    address: SocketAddr,
    _data: TempDir,
}

/// The program a variable names, or `None` with a word to whoever runs the tests.
#[expect(clippy::print_stderr, reason = "a test that did nothing must not be silent")]
fn program(variable: &str) -> Option<Command> {
    let program = std::env::var_os(variable);
    if program.is_none() {
        eprintln!("SKIPPED: {variable} is not set; `cargo xtask test` sets it where Debian's packages are");
    }
    program.map(Command::new)
}

impl Receiver {
    /// Prometheus with an empty configuration, which takes remote writes, native histograms and exemplars among them.
    pub(crate) fn prometheus() -> Option<Self> {
        let data = tempfile::tempdir().expect("a temporary directory");
        let mut child = program("WASMETER_PROMETHEUS")?
            .args([
                "--config.file=/dev/null",
                "--web.enable-remote-write-receiver",
                "--enable-feature=native-histograms,exemplar-storage",
                "--web.listen-address=127.0.0.1:0",
            ])
            .arg(format!("--storage.tsdb.path={}", data.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Prometheus starts");
        let mut log = BufReader::new(child.stderr.take().expect("the log is piped")).lines();
        let listening = log.by_ref().find_map(|line| {
            let line = line.expect("the log is text");
            let (_, address) = line.split_once("msg=\"Listening on\" address=")?;
            Some(address.trim().parse().expect("an address"))
        });
        // Read on, or it would wait for a reader of its log.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        let receiver = Self { child, address: listening.expect("Prometheus listens"), _data: data };
        eventually("Prometheus being ready", || {
            receiver.get("/-/ready").starts_with("HTTP/1.0 200").then_some(())
        });
        Some(receiver)
    }

    /// VictoriaMetrics, which takes the line protocol.
    pub(crate) fn victoria_metrics() -> Option<Self> {
        let mut command = program("WASMETER_VICTORIA_METRICS")?;
        let data = tempfile::tempdir().expect("a temporary directory");
        // It does not say which port it has been given, so one is chosen that is free now.
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let child = command
            .arg(format!("-httpListenAddr={address}"))
            .arg(format!("-storageDataPath={}", data.path().display()))
            .arg("-search.latencyOffset=0s")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("VictoriaMetrics starts");
        eventually("VictoriaMetrics listening", || TcpStream::connect(address).ok());
        Some(Self { child, address, _data: data })
    }

    /// Its origin, without a slash at the end.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The response to a request, headers and all.
    pub(crate) fn get(&self, path: &str) -> String {
        exchange(&self.address.to_string(), &format!("GET {path} HTTP/1.0\r\nhost: receiver\r\n\r\n"))
    }

    /// The value of the one series that a selector names now; `None` if there is none.
    pub(crate) fn value(&self, selector: &str) -> Option<f64> {
        self.series(selector)?["value"][1].as_str()?.parse().ok()
    }

    /// The native histogram of the one series that a selector names now, as Prometheus words it.
    pub(crate) fn histogram(&self, selector: &str) -> Option<Value> {
        Some(self.series(selector)?["histogram"][1].take()).filter(|histogram| !histogram.is_null())
    }

    /// The exemplars of the series that a selector names, as labels, value and seconds.
    pub(crate) fn exemplars(&self, selector: &str) -> Vec<(Value, f64, f64)> {
        let found = self.ask("query_exemplars", selector);
        let of_series = found.as_array().expect("series").iter();
        let exemplars = of_series.filter_map(|series| series["exemplars"].as_array()).flatten();
        let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        let exemplars = exemplars.map(|exemplar| {
            let value = number(&exemplar["value"]).expect("a value");
            (exemplar["labels"].clone(), value, exemplar["timestamp"].as_f64().expect("a time"))
        });
        exemplars.collect()
    }

    /// The one series that a selector names now; `None` if there is none.
    fn series(&self, selector: &str) -> Option<Value> {
        let mut found = self.ask("query", selector);
        let series = found["result"].as_array_mut().expect("a vector");
        assert!(series.len() < 2, "{selector} names several series: {series:?}");
        series.pop()
    }

    /// The data of the answer to a question about a selector.
    fn ask(&self, question: &str, selector: &str) -> Value {
        let escaped: String = selector.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let response = self.get(&format!("/api/v1/{question}?query={escaped}"));
        let (_, body) = response.split_once("\r\n\r\n").expect("a response has a body");
        let mut answer: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {response}"));
        assert_eq!(answer["status"], "success", "{selector}: {body}");
        answer["data"].take()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Already gone if it failed.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}
