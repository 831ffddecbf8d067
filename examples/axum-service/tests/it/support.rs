//! A running service, and a folder of plugins.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use wasmeter_prometheus::{Sample, parse_page};

/// How long anything may take before the test gives up on it. Generous: a loaded machine is no failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A component that `cargo xtask test` has built.
pub(crate) fn component(name: &str) -> PathBuf {
    let folder = std::env::var_os("WASMETER_COMPONENTS").map(PathBuf::from);
    let folder = folder.expect("WASMETER_COMPONENTS is not set: run the tests with `cargo xtask test`");
    folder.join(format!("{name}.wasm"))
}

/// The process; killed with the value.
pub(crate) struct Service {
    child: Child,
    /// What it said first.
    pub(crate) greeting: String,
    address: String,
    log: Receiver<String>,
}

impl Service {
    /// Starts the service on a free port.
    pub(crate) fn start(plugins: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_axum-service"));
        // The developer's own environment must not decide a test.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OTEL_")) {
            command.env_remove(name);
        }
        command.args(["--listen", "127.0.0.1:0", "--plugins"]).arg(plugins).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the service starts");
        let log = follow(BufReader::new(child.stderr.take().expect("it is piped")).lines());
        let mut greeting = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut greeting).expect("the output is text");
        let greeting = greeting.trim().to_owned();
        let address = greeting.rsplit('/').next().unwrap_or_default().to_owned();
        assert!(
            greeting.starts_with("listening on http://"),
            "{greeting:?}: {:?}",
            log.try_iter().collect::<Vec<_>>()
        );
        Self { child, greeting, address, log }
    }

    /// The body of a page.
    pub(crate) fn get(&self, path: &str) -> String {
        get(&self.address, path)
    }

    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        let page = self.get("/metrics");
        parse_page(&page).unwrap_or_else(|error| panic!("{error} in:\n{page}"))
    }

    /// Waits for a line of the log.
    pub(crate) fn await_log(&self, part: &str) {
        while !self.log.recv_timeout(PATIENCE).expect("the service logs it").contains(part) {}
    }

    /// Asks for the end, and waits for it.
    pub(crate) fn stop(mut self) {
        let kill = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(kill.expect("kill runs").success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already gone after `stop`.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn follow(lines: Lines<BufReader<ChildStderr>>) -> Receiver<String> {
    let (sender, log) = channel();
    std::thread::spawn(move || {
        // Until the process ends or nobody reads any more.
        lines.map_while(Result::ok).all(|line| sender.send(line).is_ok())
    });
    log
}

/// One request on a connection of its own.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the service accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("timeouts can be set");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the service takes a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("the service answers in UTF-8");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    body.to_owned()
}

/// Puts a component into a folder in one step, and waits until it is in service.
pub(crate) fn put_plugin(service: &Service, folder: &Path, name: &str) {
    let unfinished = folder.join(".unfinished");
    std::fs::copy(component(name), &unfinished).expect("the folder is writable");
    std::fs::rename(unfinished, folder.join(format!("{name}.wasm"))).expect("the folder is writable");
    service.await_log("plugins swapped");
}

/// Removes it, and waits until it is out of service.
pub(crate) fn remove_plugin(service: &Service, folder: &Path, name: &str) {
    std::fs::remove_file(folder.join(format!("{name}.wasm"))).expect("it is there");
    service.await_log("plugins swapped");
}
