//! A site of the tests' own, which plugins send requests to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::PATIENCE;

/// What was asked for, and what of it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The method and the path, such as `GET /metrics`.
    pub(crate) line: String,
    /// The header `authorization`; empty without.
    pub(crate) authorization: String,
    /// What was sent, as far as it is text.
    pub(crate) body: String,
}

/// The site; it is there until the tests end.
pub(crate) struct Site {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Site {
    /// A site that answers so: a status with its headers, each with its line break, and a body.
    pub(crate) fn answering(answer: impl Fn(&Asked) -> (String, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let keeps = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // One that breaks off asked for nothing.
                let Some((mut stream, one)) = stream.ok().and_then(read) else { continue };
                let (head, body) = answer(&one);
                keeps.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                let length = body.len();
                // Whoever does not wait for the answer does not get it.
                let _sent = write!(
                    stream,
                    "HTTP/1.1 {head}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        Self { address, asked }
    }

    /// Its origin, without a slash at the end.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has been asked for so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a whole request.
fn read(mut stream: TcpStream) -> Option<(TcpStream, Asked)> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(chunk.get(..read)?);
        // A body may be no text.
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            fields.clone().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let body = bytes.len() - head.len() - 4;
        let is_whole = match header("content-length").and_then(|length| length.parse().ok()) {
            Some(length) => body >= length,
            None => header("transfer-encoding").is_none() || bytes.ends_with(b"0\r\n\r\n"),
        };
        if is_whole {
            let line = head.lines().next()?.strip_suffix(" HTTP/1.1")?.to_owned();
            let authorization = header("authorization").unwrap_or_default().to_owned();
            let body = text.get(head.len() + 4..).unwrap_or_default().to_owned();
            return Some((stream, Asked { line, authorization, body }));
        }
    }
}
