//! `wasi:io`: what a plugin waits for, it waits for within its deadline.
//!
//! wasmtime-wasi does the work. Its own synchronous face waits for as long as it takes, which is why it has another one here.

use std::time::Instant;

use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::io::error;
use wasmtime_wasi::p2::bindings::io::{poll as patient_poll, streams as patient};
use wasmtime_wasi::p2::bindings::sync::io::streams::{InputStream, OutputStream};
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{DynPollable, StreamError, StreamResult};

use super::http::of_body;
use super::wait::{Overdue, wait};

/// The table, and until when may be waited.
pub(super) struct Streams;

impl HasData for Streams {
    type Data<'a> = Waiting<'a>;
}

/// What these interfaces need of a store.
pub(crate) struct Waiting<'a> {
    pub(super) table: &'a mut ResourceTable,
    pub(super) until: Instant,
}

fn overdue(error: Overdue) -> StreamError {
    StreamError::Trap(error.into())
}

impl poll::Host for Waiting<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        wait(self.until, patient_poll::Host::poll(self.table, pollables))?
    }
}

impl poll::HostPollable for Waiting<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        wait(self.until, patient_poll::HostPollable::ready(self.table, pollable))?
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        wait(self.until, patient_poll::HostPollable::block(self.table, pollable))?
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        patient_poll::HostPollable::drop(self.table, pollable)
    }
}

impl error::Host for Waiting<'_> {}

impl error::HostError for Waiting<'_> {
    /// The error and its causes, and nothing of the host's own stack.
    fn to_debug_string(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<String> {
        Ok(format!("{:#}", self.table.get(&error)?))
    }

    fn drop(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<()> {
        error::HostError::drop(self.table, error)
    }
}

impl streams::Host for Waiting<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        let error = match error {
            StreamError::LastOperationFailed(error) => StreamError::LastOperationFailed(of_body(error)),
            StreamError::Closed | StreamError::Trap(_) => error,
        };
        Ok(patient::Host::convert_stream_error(self.table, error)?.into())
    }
}

impl streams::HostInputStream for Waiting<'_> {
    fn read(&mut self, stream: Resource<InputStream>, len: u64) -> StreamResult<Vec<u8>> {
        patient::HostInputStream::read(self.table, stream, len)
    }

    fn blocking_read(&mut self, stream: Resource<InputStream>, len: u64) -> StreamResult<Vec<u8>> {
        wait(self.until, patient::HostInputStream::blocking_read(self.table, stream, len)).map_err(overdue)?
    }

    fn skip(&mut self, stream: Resource<InputStream>, len: u64) -> StreamResult<u64> {
        patient::HostInputStream::skip(self.table, stream, len)
    }

    fn blocking_skip(&mut self, stream: Resource<InputStream>, len: u64) -> StreamResult<u64> {
        wait(self.until, patient::HostInputStream::blocking_skip(self.table, stream, len)).map_err(overdue)?
    }

    fn subscribe(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        patient::HostInputStream::subscribe(self.table, stream)
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<()> {
        wait(self.until, patient::HostInputStream::drop(self.table, stream))?
    }
}

impl streams::HostOutputStream for Waiting<'_> {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> StreamResult<u64> {
        patient::HostOutputStream::check_write(self.table, stream)
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        patient::HostOutputStream::write(self.table, stream, bytes)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        wait(self.until, patient::HostOutputStream::blocking_write_and_flush(self.table, stream, bytes))
            .map_err(overdue)?
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> StreamResult<()> {
        patient::HostOutputStream::flush(self.table, stream)
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> StreamResult<()> {
        wait(self.until, patient::HostOutputStream::blocking_flush(self.table, stream)).map_err(overdue)?
    }

    fn subscribe(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        patient::HostOutputStream::subscribe(self.table, stream)
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, len: u64) -> StreamResult<()> {
        patient::HostOutputStream::write_zeroes(self.table, stream, len)
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        len: u64,
    ) -> StreamResult<()> {
        wait(self.until, patient::HostOutputStream::blocking_write_zeroes_and_flush(self.table, stream, len))
            .map_err(overdue)?
    }

    fn splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        patient::HostOutputStream::splice(self.table, to, from, len)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        wait(self.until, patient::HostOutputStream::blocking_splice(self.table, to, from, len))
            .map_err(overdue)?
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<()> {
        wait(self.until, patient::HostOutputStream::drop(self.table, stream))?
    }
}
