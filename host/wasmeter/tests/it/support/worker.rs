//! A process that measures with the SDK of another language; see `tests/clients`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::required;

/// The process; killed with the value.
pub(crate) struct Worker {
    child: Child,
    commands: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Worker {
    /// One with the Python SDK, exporting every second by `protocol`.
    pub(crate) fn python(protocol: &str, endpoint: &str, instance: &str, seed: u32) -> Self {
        Self::python_every(1000, protocol, endpoint, instance, seed)
    }

    /// The same, exporting only when told to flush.
    pub(crate) fn python_on_demand(endpoint: &str, instance: &str, seed: u32) -> Self {
        Self::python_every(0, "grpc", endpoint, instance, seed)
    }

    fn python_every(interval_ms: u32, protocol: &str, endpoint: &str, instance: &str, seed: u32) -> Self {
        let mut command = Command::new(required("WASMETER_PYTHON"));
        command.arg(client("worker.py")).args(["--protocol", protocol]);
        Self::start(command, interval_ms, endpoint, instance, seed)
    }

    /// One with the JavaScript SDK, exporting JSON over HTTP every second.
    pub(crate) fn node(endpoint: &str, instance: &str, seed: u32) -> Self {
        let mut command = Command::new("node");
        command.env("WASMETER_CLIENT_MODULES", required("WASMETER_CLIENT_MODULES")).arg(client("worker.mjs"));
        Self::start(command, 1000, endpoint, instance, seed)
    }

    fn start(mut command: Command, interval_ms: u32, endpoint: &str, instance: &str, seed: u32) -> Self {
        command
            .args(["--endpoint", endpoint, "--service", "shop", "--instance", instance])
            .args(["--seed", &seed.to_string(), "--ids", "40"])
            .args(["--interval-ms", &interval_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the client starts");
        let commands = child.stdin.take().expect("the input is piped");
        let replies = BufReader::new(child.stdout.take().expect("the output is piped"));
        let mut worker = Self { child, commands, replies };
        let ready = worker.reply();
        assert_eq!(ready["ready"], true, "{ready}");
        worker
    }

    fn reply(&mut self) -> Value {
        let mut line = String::new();
        self.replies.read_line(&mut line).expect("the client answers in UTF-8");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the client said {line:?}: {error}"))
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the client listens");
        self.commands.flush().expect("the client listens");
    }

    fn ask(&mut self, command: &str) -> Value {
        self.tell(command);
        let reply = self.reply();
        assert_eq!(reply["ok"], true, "{command}: {reply}");
        reply
    }

    /// Records that many requests.
    pub(crate) fn record(&mut self, measurements: u32) {
        self.ask(&format!(r#"{{"do":"round","measurements":{measurements}}}"#));
    }

    /// Exports and returns everything recorded since the start.
    pub(crate) fn flush(&mut self) -> Value {
        self.ask(r#"{"do":"flush"}"#)["totals"].take()
    }

    /// Ends without another export.
    pub(crate) fn die(mut self) {
        self.tell(r#"{"do":"die"}"#);
        self.child.wait().expect("the client ends");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn client(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(file)
}
