//! No compile cache: who may read a directory is only known on Unix.

use std::io;
use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::load::Digest;

/// There is none.
#[derive(Debug)]
pub(crate) enum CompileCache {}

impl CompileCache {
    /// Refuses.
    pub(crate) fn open(_: &Path, _: &Engine) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "there is none on this system, remove the setting"))
    }

    /// What there is not, holds nothing.
    pub(crate) fn get(&self, _: &Engine, _: &Digest) -> Option<Component> {
        match *self {}
    }

    /// What there is not, keeps nothing.
    pub(crate) fn put(&self, _: &Digest, _: &Component) {
        match *self {}
    }
}
