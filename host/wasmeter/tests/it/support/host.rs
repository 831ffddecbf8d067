//! A running `wasmeter`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use super::{PATIENCE, Page};

/// The process; killed with the value.
pub(crate) struct Host {
    child: Child,
    announced: Vec<String>,
    errors: Option<JoinHandle<String>>,
    output: Option<JoinHandle<String>>,
}

fn wasmeter() -> Command {
    wasmeter_as(env!("CARGO_BIN_EXE_wasmeter"))
}

/// The program, or one that becomes it.
fn wasmeter_as(program: &str) -> Command {
    let mut command = Command::new(program);
    // The developer's own environment must not decide a test.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command.env("RUST_LOG", "info");
    command
}

/// Runs a command that ends by itself: its status, standard output and standard error.
pub(crate) fn run_to_end(arguments: &[&str]) -> (i32, String, String) {
    let output = wasmeter().args(arguments).output().expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("messages are UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn drain(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth showing.
        let _read = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// One request and its response, on a connection of its own.
pub(crate) fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the host accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("timeouts can be set");
    stream.write_all(request.as_bytes()).expect("the host takes a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("the host answers in UTF-8");
    response
}

impl Host {
    /// Starts `wasmeter run` on free ports and waits until it is ready.
    pub(crate) fn start(plugins: Option<&Path>, further: &[&str]) -> Self {
        Self::start_as(wasmeter(), plugins, further)
    }

    /// As [`Host::start`], where programs may have so many files open until they ask for more.
    pub(crate) fn start_with_open_files(files: u32, plugins: Option<&Path>) -> Self {
        let mut command = wasmeter_as("sh");
        command.args([
            "-c",
            &format!("ulimit -S -n {files} && exec \"$0\" \"$@\""),
            env!("CARGO_BIN_EXE_wasmeter"),
        ]);
        Self::start_as(command, plugins, &[])
    }

    fn start_as(mut command: Command, plugins: Option<&Path>, further: &[&str]) -> Self {
        command.args([
            "run",
            "--otlp-grpc=127.0.0.1:0",
            "--otlp-http=127.0.0.1:0",
            "--prometheus=127.0.0.1:0",
        ]);
        if let Some(plugins) = plugins {
            command.arg("--plugins").arg(plugins);
        }
        command.args(further).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let errors = child.stderr.take().map(drain);
        let mut output = BufReader::new(child.stdout.take().expect("the output is piped"));
        let mut announced = Vec::new();
        loop {
            let mut line = String::new();
            let read = output.read_line(&mut line).expect("the output is text");
            if read == 0 {
                let errors = errors.map(|errors| errors.join().unwrap_or_default());
                panic!("wasmeter ended before it was ready: {announced:?}\n{}", errors.unwrap_or_default());
            }
            if line.trim() == "ready" {
                break;
            }
            announced.push(line.trim().to_owned());
        }
        Self { child, announced, errors, output: Some(drain(output)) }
    }

    fn address(&self, what: &str) -> &str {
        let line = self.announced.iter().find_map(|line| line.strip_prefix(what));
        line.unwrap_or_else(|| panic!("no `{what}` in {:?}", self.announced)).trim()
    }

    /// Where OTLP/gRPC is received.
    pub(crate) fn grpc(&self) -> &str {
        self.address("OTLP/gRPC")
    }

    /// Where OTLP/HTTP is received, without the path.
    pub(crate) fn http(&self) -> &str {
        let url = self.address("OTLP/HTTP");
        url.strip_suffix("/v1/metrics").unwrap_or(url)
    }

    /// What it said at the start.
    pub(crate) fn announced(&self) -> &[String] {
        &self.announced
    }

    /// The page as it is now, in the text format.
    pub(crate) fn page(&self) -> Page {
        Page::of_response(&self.scrape(&[]))
    }

    /// Where the page is, as host and port.
    pub(crate) fn prometheus(&self) -> &str {
        self.address("Prometheus").trim_start_matches("http://").trim_end_matches("/metrics")
    }

    /// The response to a scrape with these `Accept` headers.
    pub(crate) fn scrape(&self, accept: &[&str]) -> String {
        let accept: String = accept.iter().map(|value| format!("accept: {value}\r\n")).collect();
        // By this version a page of any length ends with its connection.
        exchange(self.prometheus(), &format!("GET /metrics HTTP/1.0\r\nhost: wasmeter\r\n{accept}\r\n"))
    }

    /// Sends a request of OTLP/JSON, all of which is to be accepted.
    pub(crate) fn post_json(&self, body: &str) {
        let head = format!(
            "POST /v1/metrics HTTP/1.1\r\nhost: wasmeter\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let response = exchange(self.http().trim_start_matches("http://"), &(head + body));
        assert!(response.starts_with("HTTP/1.1 200 ") && response.ends_with("{}"), "{response}");
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success(), "cannot signal the host");
    }

    /// Sends SIGTERM and waits for the end: the status, what was printed after the start, and the log.
    pub(crate) fn stop(mut self) -> (ExitStatus, String, String) {
        self.signal("TERM");
        let status = self.child.wait().expect("the host ends");
        let text = |thread: Option<JoinHandle<String>>| {
            thread.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default()
        };
        (status, text(self.output.take()), text(self.errors.take()))
    }
}

impl Drop for Host {
    #[expect(clippy::print_stderr, reason = "the log of the host belongs to a failed test's output")]
    fn drop(&mut self) {
        // Already gone after `stop`.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
        if std::thread::panicking()
            && let Some(errors) = self.errors.take()
        {
            eprintln!("--- log of the host ---\n{}", errors.join().unwrap_or_default());
        }
    }
}
