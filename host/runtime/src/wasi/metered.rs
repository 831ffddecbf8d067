//! A stream into a file of a writable directory: what makes the file grow is taken of the plugin's room.

use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::quota::{Meter, Refused};

/// The stream.
pub(super) struct Metered {
    inner: DynOutputStream,
    meter: Meter,
    /// Where it writes, and where the file ends as far as it knows.
    position: u64,
    end: u64,
}

impl Metered {
    /// A stream that writes from `position` on into a file of `end` bytes.
    pub(super) fn new(inner: DynOutputStream, meter: Meter, position: u64, end: u64) -> Self {
        Self { inner, meter, position, end }
    }

    /// Takes room for as much as the file grows by so many bytes more.
    fn take(&mut self, bytes: usize) -> StreamResult<()> {
        let position = self.position.saturating_add(bytes as u64);
        self.meter.take(position.saturating_sub(self.end)).map_err(|refused| match refused {
            Refused::NoRoom => StreamError::LastOperationFailed(refused.into()),
            Refused::Overdue => StreamError::Trap(refused.into()),
        })?;
        self.position = position;
        self.end = self.end.max(position);
        Ok(())
    }
}

#[async_trait]
impl Pollable for Metered {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}

#[async_trait]
impl OutputStream for Metered {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(bytes.len())?;
        self.inner.write(bytes)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(bytes.len())?;
        self.inner.blocking_write_and_flush(bytes).await
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.inner.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.inner.check_write()
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}
