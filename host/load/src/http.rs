//! As little HTTP as a sender on one connection and a scraper need.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// More than any answer here has.
const BODY_BYTES_MAX: usize = 256 << 20;

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// After how long to come back, if it says so.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// An answer without its body.
struct Head {
    status: u16,
    retry_after: Option<Duration>,
    /// Of the body, in bytes.
    length: usize,
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

impl Connection {
    pub(crate) fn to(host: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&host, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host })
    }

    /// Sends metrics in protobuf; the answer's body.
    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.post_coded(path, None, body)?.taken()
    }

    /// As [`Connection::post`], of a body in a content coding, whatever the answer is.
    pub(crate) fn post_coded(
        &mut self,
        path: &str,
        coding: Option<&str>,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let Self { host, .. } = self;
        let coding = coding.map(|coding| format!("content-encoding: {coding}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-protobuf\r\n{coding}content-length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        self.answer()
    }

    /// Fetches a page.
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Vec<u8>> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.answer()?.taken()
    }

    /// Fetches a page and throws it away; its length in bytes.
    pub(crate) fn skip(&mut self, path: &str) -> anyhow::Result<usize> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(head.as_bytes())?;
        let head = self.answer_into(&mut io::sink())?;
        ensure!(head.status == 200, "the answer has status {}", head.status);
        Ok(head.length)
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        let mut body = Vec::new();
        let Head { status, retry_after, .. } = self.answer_into(&mut body)?;
        Ok(Answer { status, retry_after, body })
    }

    fn answer_into(&mut self, body: &mut impl Write) -> anyhow::Result<Head> {
        let (mut length, mut is_chunked, mut retry_after) = (None, false, None);
        let status = self.line()?;
        ensure!(!status.is_empty(), "the connection was closed");
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            is_chunked |= line.eq_ignore_ascii_case("transfer-encoding: chunked");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("retry-after:") {
                let secs = value.trim().parse().context("when to come back, in seconds")?;
                retry_after = Some(Duration::from_secs(secs));
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = Some(value.trim().parse::<usize>().context("the length of an answer")?);
            }
        }
        let mut known = 0;
        if is_chunked {
            while let length @ 1.. = self.chunk_length()? {
                known = self.read(body, known, length)?;
                self.line()?;
            }
            self.line()?;
        } else {
            known = self.read(body, known, length.context("an answer without a length")?)?;
        }
        let status =
            status.split(' ').nth(1).and_then(|code| code.parse().ok()).context("an answer's status")?;
        Ok(Head { status, retry_after, length: known })
    }

    /// Reads so many bytes more of a body of which some are known; how many are then.
    fn read(&mut self, body: &mut impl Write, known: usize, length: usize) -> anyhow::Result<usize> {
        ensure!(length <= BODY_BYTES_MAX - known, "an answer of {known} and {length} bytes");
        let read = io::copy(&mut self.stream.by_ref().take(length as u64), body)?;
        ensure!(read == length as u64, "the connection was closed {} bytes early", length as u64 - read);
        Ok(known + length)
    }

    fn chunk_length(&mut self) -> anyhow::Result<usize> {
        let line = self.line()?;
        usize::from_str_radix(&line, 16).with_context(|| format!("a chunk of `{line}` bytes"))
    }

    /// The next line, without its end.
    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Answer {
    /// The body of an answer that says nothing is wrong.
    pub(crate) fn taken(self) -> anyhow::Result<Vec<u8>> {
        ensure!(self.status == 200, "the answer has status {}", self.status);
        Ok(self.body)
    }
}

/// Fetches a page on a connection of its own.
///
/// # Errors
///
/// It is no page, or longer than [`BODY_BYTES_MAX`].
pub(crate) fn fetch(host: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&host, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    // By this version an answer ends with its connection.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(BODY_BYTES_MAX as u64 + 1).read_to_string(&mut answer)?;
    ensure!(answer.len() <= BODY_BYTES_MAX, "the page takes more than {BODY_BYTES_MAX} bytes");
    let (head, page) = answer.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    ensure!(
        head.split(' ').nth(1) == Some("200"),
        "the answer is `{}`",
        head.lines().next().unwrap_or_default()
    );
    Ok(page.to_owned())
}
