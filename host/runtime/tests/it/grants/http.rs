//! Granted origins.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wasmeter_runtime::FailureKind;

use super::Reach;
use super::server::{Server, ok};

/// The plugin, granted these origins.
fn granted(limits: &str, origins: &[&str]) -> Option<Reach> {
    let origins: Vec<String> = origins.iter().map(|origin| format!("'{origin}'")).collect();
    Reach::with(limits, &[("http", &format!("[{}]", origins.join(", ")))])
}

#[test]
fn a_granted_origin_is_asked_and_answers() {
    let server = Server::start(|request, mut stream| {
        let body = if request.starts_with("POST") { "taken" } else { "given" };
        drop(stream.write_all(ok(body).as_bytes()));
    });
    let origin = server.origin();
    let Some(reach) = granted("", &[&origin]) else { return };
    assert_eq!(reach.tell(&format!("get {origin}/path?query")), "found: 200 \"\" given");
    let request = server.request();
    assert!(request.starts_with("GET /path?query HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: 127.0.0.1:{}\r\n", server.port())), "{request}");
    assert_eq!(reach.tell(&format!("post {origin} content")), "found: 200 \"\" taken");
    let request = server.request();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\ncontent") && request.contains("content-length: 7\r\n"), "{request}");
    // Larger than what crosses at once, in either direction.
    let large = "x".repeat(200_000);
    assert_eq!(reach.tell(&format!("post {origin} {large}")), "found: 200 \"\" taken");
    assert!(server.request().ends_with(&large));
}

#[test]
fn headers_that_say_whose_request_it_is_or_where_it_ends_are_not_the_plugins() {
    let server = Server::answering(ok(""));
    let origin = server.origin();
    let Some(reach) = granted("", &[&origin]) else { return };
    for name in
        ["host", "Host", "connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-authorization"]
    {
        let answer = reach.tell(&format!("header {name} elsewhere {origin}"));
        assert!(answer.starts_with("failed: ") && server.is_idle(), "{name}: {answer}");
    }
    assert_eq!(reach.tell(&format!("header x-own word {origin}")), "found: 200 \"\" ");
    let request = server.request();
    assert!(request.contains("x-own: word\r\n") && request.matches("host: ").count() == 1, "{request}");
}

#[test]
fn an_origin_is_scheme_host_and_port_and_no_other_hears_of_a_plugin() {
    let (server, other) = (Server::answering(ok("")), Server::answering(ok("")));
    let (origin, port) = (server.origin(), server.port());
    let Some(reach) = granted("", &[&origin]) else { return };
    for url in [
        other.origin(),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://127.0.0.1.:{port}"),
        format!("http://user@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}@127.0.0.1:{}", other.port()),
        "http://127.0.0.1".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
    ] {
        let answer = reach.tell(&format!("get {url}"));
        let refused = answer.starts_with("failed: NotGranted") || answer.starts_with("failed: Invalid");
        assert!(refused, "{url}: {answer}");
    }
    assert!(server.is_idle() && other.is_idle());
    assert!(reach.tell("get ftp://127.0.0.1").starts_with("failed: Invalid"));
    assert!(reach.tell(&format!("get {origin}")).starts_with("found: 200"), "it has lost nothing by trying");
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let other = Server::answering(ok("secret"));
    let target = other.origin();
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
    let server = Server::answering(redirect);
    let origin = server.origin();
    let Some(reach) = granted("", &[&origin, &target]) else { return };
    assert_eq!(reach.tell(&format!("get {origin}")).trim_end(), format!("found: 302 {target:?}"));
    assert!(other.is_idle());
}

/// Keeps connections and never answers.
fn silent() -> Server {
    let mut kept = Vec::new();
    Server::start(move |_, stream| kept.push(stream))
}

#[test]
fn a_server_that_never_answers_does_not_hold_a_call_and_the_plugin_can_say_so() {
    let server = silent();
    let origin = server.origin();
    let Some(reach) = granted("", &[&origin]) else { return };
    let deadline = reach.runtime.config().limits.call_deadline;
    // With a timeout of its own, and without one; with one far beyond the call.
    for command in [format!("get {origin} 20"), format!("get {origin}"), format!("get {origin} 3600000")] {
        let started = Instant::now();
        let answer = reach.tell(&command);
        assert!(answer.starts_with("failed: TimedOut"), "{command}: {answer}");
        assert!(started.elapsed() < deadline + Duration::from_secs(10), "{command}: {:?}", started.elapsed());
    }
    assert_eq!(reach.plugin.info().stats.faults, 0, "the instance is the one it was");
}

#[test]
fn an_answer_that_drips_is_over_with_the_call() {
    // A byte every now and then, without an end; the pauses are the server's, not the test's.
    let (stop, stopped) = mpsc::channel::<()>();
    let server = Server::start(move |_, mut stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"));
        while stopped
            .recv_timeout(Duration::from_millis(5))
            .is_err_and(|error| error == mpsc::RecvTimeoutError::Timeout)
            && stream.write_all(b"x").is_ok()
        {}
    });
    let origin = server.origin();
    let Some(reach) = granted("", &[&origin]) else { return };
    let started = Instant::now();
    let answer = reach.tell(&format!("get {origin} 100"));
    assert!(answer.starts_with("failed: TimedOut"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(reach.plugin.info().stats.faults, 0);
    drop(stop);
}

#[test]
fn an_answer_is_no_larger_than_it_may_be() {
    let server = Server::answering(ok(&"x".repeat(2000)));
    let origin = server.origin();
    let Some(reach) = granted("http_body_bytes_max = 2000", &[&origin]) else { return };
    assert!(reach.tell(&format!("get {origin}")).starts_with("found: 200"));
    let Some(reach) = granted("http_body_bytes_max = 1999", &[&origin]) else { return };
    assert!(reach.tell(&format!("get {origin}")).starts_with("failed: TooLarge"));
}

#[test]
fn the_head_of_an_answer_is_no_larger_than_it_may_be() {
    // Sent at once, so that it has come as a whole when it is looked at for the first time.
    let of = |bytes: usize| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: ";
        format!("{head}{}\r\n\r\nok", "x".repeat(bytes - head.len() - 4))
    };
    for (limits, fits, exceeds) in
        [("", 16_384, 16_385), ("", 16_384, 100_000), ("http_head_bytes_max = 200000", 200_000, 200_001)]
    {
        let (small, large) = (Server::answering(of(fits)), Server::answering(of(exceeds)));
        let Some(reach) = granted(limits, &[&small.origin(), &large.origin()]) else { return };
        assert_eq!(reach.tell(&format!("get {}", small.origin())), "found: 200 \"\" ok");
        let answer = reach.tell(&format!("get {}", large.origin()));
        assert!(answer.starts_with("failed: TooLarge"), "{exceeds}: {answer}");
    }
}

#[test]
fn nobody_there_and_no_http_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}");
    let (garbage, silent_end) = (Server::answering("SSH-2.0-OpenSSH\r\n\r\n"), Server::answering(""));
    let unknown = "http://no-such-host.invalid";
    let origins = [nobody.clone(), garbage.origin(), silent_end.origin(), unknown.to_owned()];
    let Some(reach) = granted("call_deadline_ms = 20000", &origins.each_ref().map(String::as_str)) else {
        return;
    };
    for (origin, expected) in
        origins.iter().zip(["failed: NotConnected", "failed: Broken", "failed: Broken", "failed: NoAddress"])
    {
        let answer = reach.tell(&format!("get {origin}"));
        assert!(answer.starts_with(expected), "{origin}: {answer}");
    }
}

#[test]
fn a_request_that_is_left_behind_ends_with_its_call() {
    // Waits for the connection to end, which is what it tells.
    let (sender, ended) = mpsc::channel();
    let server = Server::start(move |_, mut stream| {
        let end = std::io::copy(&mut stream, &mut std::io::sink());
        sender.send(end.is_ok()).unwrap_or_default();
    });
    let origin = server.origin();
    let Some(reach) = granted("", &[&origin]) else { return };
    assert_eq!(reach.tell(&format!("begin {origin}")), "found: begun");
    assert!(ended.recv_timeout(Duration::from_secs(60)).is_ok(), "the connection was closed");
    assert_eq!(reach.plugin.info().stats.faults, 0, "and not because the instance was dropped");
}

/// Serves over TLS with a certificate for `localhost`.
fn serve_tls() -> u16 {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for stream in listener.incoming() {
            runtime.block_on(answer_over_tls(&acceptor, stream.unwrap()));
        }
    });
    port
}

/// Whoever does not trust the certificate goes away, which is no concern of the server.
async fn answer_over_tls(acceptor: &TlsAcceptor, stream: TcpStream) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    if let Ok(mut stream) = acceptor.accept(stream).await {
        let mut request = [0; 4096];
        if stream.read(&mut request).await.is_ok() {
            drop(stream.write_all(ok("over TLS").as_bytes()).await);
            drop(stream.shutdown().await);
        }
    }
}

#[test]
fn certificates_are_verified() {
    let port = serve_tls();
    let by_name = format!("https://localhost:{port}");
    let by_address = format!("https://127.0.0.1:{port}");
    let origins = format!("['{by_name}', '{by_address}']");
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/grants/tls/ca.pem");
    let trusting = [("http", origins.as_str()), ("certificates", &format!("'{authority}'"))];
    let Some(reach) = Reach::with("call_deadline_ms = 20000", &trusting) else { return };
    assert_eq!(reach.tell(&format!("get {by_name}")), "found: 200 \"\" over TLS");
    // It is not for this name.
    assert!(reach.tell(&format!("get {by_address}")).starts_with("failed: NotTrusted"));
    // Nobody else trusts who signed it.
    let Some(reach) = Reach::with("call_deadline_ms = 20000", &trusting[..1]) else { return };
    let answer = reach.tell(&format!("get {by_name}"));
    assert!(answer.starts_with("failed: NotTrusted"), "{answer}");
}

#[test]
fn certificates_that_are_none_refuse_the_load() {
    for file in ["/none", "/dev/null"] {
        let grants = [("http", "['https://localhost']"), ("certificates", &format!("'{file}'"))];
        let Some(loaded) = Reach::load(&super::settings("", &grants)) else { return };
        let failure = loaded.err().unwrap();
        assert_eq!(failure.kind, FailureKind::BadSettings);
        assert!(failure.reason.starts_with(&format!("the certificates in `{file}`: ")), "{failure}");
    }
}
