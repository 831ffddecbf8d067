//! What a plugin writes to its standard streams: lines of its log.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::log::{LINE_BYTES_MAX, LogLevel, PluginLog};

/// How much may be written at once; a line longer than the log takes is cut anyway.
const CHUNK_BYTES_MAX: usize = 4 << 10;

/// A standard stream. All handles to it write to the same line.
#[derive(Clone)]
pub(super) struct Output {
    level: LogLevel,
    log: Arc<PluginLog>,
    line: Arc<Mutex<Line>>,
}

#[derive(Default)]
struct Line {
    /// What was written since the last line break, up to what the log takes.
    begun: Vec<u8>,
    /// The last line that was logged since [`Output::forget`].
    last: Option<String>,
}

impl Output {
    pub(super) fn new(level: LogLevel, log: Arc<PluginLog>) -> Self {
        Self { level, log, line: Arc::default() }
    }

    /// The last line logged since [`Output::forget`]; one that was begun is one.
    pub(super) fn last(&self) -> Option<String> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        self.end(&mut line);
        line.last.clone()
    }

    pub(super) fn forget(&self) {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).last = None;
    }

    fn put(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            // One byte more than the log takes shows that there was more.
            let room = (LINE_BYTES_MAX + 1).saturating_sub(line.begun.len());
            line.begun.extend(text.iter().take(room));
            if text.len() < piece.len() {
                self.end(&mut line);
            }
        }
    }

    fn end(&self, line: &mut Line) {
        let bytes = std::mem::take(&mut line.begun);
        let text = String::from_utf8_lossy(&bytes);
        if !text.trim_end().is_empty()
            && let Some(logged) = self.log.line(self.level, text.trim_end())
        {
            line.last = Some(logged);
        }
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.put(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(CHUNK_BYTES_MAX)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.put(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}
