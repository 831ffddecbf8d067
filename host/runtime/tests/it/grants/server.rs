//! A server that answers as a test wants, on a loopback address of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};

/// A server. It answers connections one after the other, and ends with the first that its answer refuses, or with the test.
pub(super) struct Server {
    port: u16,
    requests: Receiver<String>,
}

impl Server {
    /// `answer` is told each request as text, and gets the connection it came over.
    pub(super) fn start(mut answer: impl FnMut(&str, TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = read_request(&stream);
                answer(&request, stream);
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Self { port, requests }
    }

    /// A server that always answers this.
    pub(super) fn answering(response: impl Into<String>) -> Self {
        let response = response.into();
        Self::start(move |_, mut stream| drop(stream.write_all(response.as_bytes())))
    }

    /// Its origin.
    pub(super) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The next request it got; waits for it.
    pub(super) fn request(&self) -> String {
        self.requests.recv().unwrap()
    }

    /// Whether it has got no request but those that were taken.
    pub(super) fn is_idle(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// A whole response with this body.
pub(super) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// Head and body, as far as a length says that there is one.
fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        request.push_str(&line);
    }
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    request + "\r\n" + &String::from_utf8(body).unwrap()
}
