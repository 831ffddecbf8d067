//! What [`PatientFiles`] takes of a plugin's room before it makes anything larger.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::filesystem::types as asynchronous;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{Descriptor, PathFlags};
use wasmtime_wasi::p2::{DynOutputStream, FsError, FsResult};

use super::files::{PatientFiles, in_time};
use super::metered::Metered;
use super::quota::Refused;

impl PatientFiles<'_> {
    pub(super) fn room(&self, bytes: u64) -> FsResult<()> {
        self.meter.take(bytes).map_err(|refused| match refused {
            Refused::NoRoom => asynchronous::ErrorCode::Quota.into(),
            Refused::Overdue => FsError::trap(refused),
        })
    }

    /// Room for a file to grow up to this size, if it is smaller.
    pub(super) fn room_up_to(&mut self, fd: &Resource<Descriptor>, bytes: u64) -> FsResult<()> {
        let size = self.size(fd);
        self.room(bytes.saturating_sub(size))
    }

    /// The size of a file. 0 if it cannot be told: then what is to be done with it fails by itself.
    pub(super) fn size(&mut self, fd: &Resource<Descriptor>) -> u64 {
        if !self.meter.counts() {
            return 0;
        }
        let fd = Resource::new_borrow(fd.rep());
        let stat = in_time(self.until, asynchronous::HostDescriptor::stat(&mut self.view, fd));
        stat.map_or(0, |stat| stat.size)
    }

    /// The size of what a path names; `None` if there is nothing.
    pub(super) fn size_at(&mut self, fd: &Resource<Descriptor>, flags: PathFlags, path: &str) -> Option<u64> {
        let fd = Resource::new_borrow(fd.rep());
        let stat = asynchronous::HostDescriptor::stat_at(&mut self.view, fd, flags.into(), path.to_owned());
        in_time(self.until, stat).ok().map(|stat| stat.size)
    }

    /// A stream that writes from `position` on into a file of `end` bytes, and takes room for what it adds.
    pub(super) fn metered(
        &mut self,
        stream: Resource<DynOutputStream>,
        position: u64,
        end: u64,
    ) -> FsResult<Resource<DynOutputStream>> {
        if !self.meter.counts() {
            return Ok(stream);
        }
        let inner = self.view.table.delete(stream)?;
        let metered: DynOutputStream = Box::new(Metered::new(inner, self.meter.clone(), position, end));
        Ok(self.view.table.push(metered)?)
    }
}
