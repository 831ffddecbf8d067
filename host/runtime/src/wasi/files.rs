//! `wasi:filesystem/types`: files, within the call's deadline.
//!
//! wasmtime-wasi does the work: it opens every path below the granted directory and nowhere else, symbolic links included, and
//! refuses to write where only reading was granted. It does so on threads that may block, and here it is waited for no longer than
//! the call may take: a named pipe blocks whoever opens it, and so does a file system that is gone.

use std::time::Instant;

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::p2::bindings::filesystem::types as asynchronous;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::quota::{ENTRY_BYTES, Meter, NoRoom};
use super::wait::wait;

/// How a linker finds [`PatientFiles`] in a store.
pub(super) struct Files;

impl HasData for Files {
    type Data<'a> = PatientFiles<'a>;
}

/// The files of a store, and until when they may be waited for.
pub(crate) struct PatientFiles<'a> {
    pub(super) view: WasiFilesystemCtxView<'a>,
    pub(super) until: Instant,
    /// The room there is in what it may write to.
    pub(super) meter: &'a Meter,
}

/// Waits for what is to be done with files, no longer than the call may take.
pub(super) fn in_time<T>(until: Instant, work: impl Future<Output = FsResult<T>>) -> FsResult<T> {
    wait(until, work).map_err(FsError::trap)?
}

impl types::Host for PatientFiles<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        Ok(asynchronous::Host::convert_error_code(&mut self.view, error)?.into())
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        if self.view.table.get(&error)?.is::<NoRoom>() {
            return Ok(Some(ErrorCode::Quota));
        }
        Ok(asynchronous::Host::filesystem_error_code(&mut self.view, error)?.map(Into::into))
    }
}

/// Methods that do what the asynchronous ones of the same names do, in time.
macro_rules! in_time {
    ($($method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {$(
        fn $method(&mut self, $($argument: $kind),*) -> FsResult<$answer> {
            let work = asynchronous::HostDescriptor::$method(&mut self.view, $($argument.into()),*);
            Ok(in_time(self.until, work)?.into())
        }
    )*};
}

impl HostDescriptor for PatientFiles<'_> {
    in_time! {
        advise(fd: Resource<Descriptor>, offset: Filesize, len: Filesize, advice: Advice) -> ();
        sync_data(fd: Resource<Descriptor>) -> ();
        sync(fd: Resource<Descriptor>) -> ();
        get_flags(fd: Resource<Descriptor>) -> DescriptorFlags;
        get_type(fd: Resource<Descriptor>) -> DescriptorType;
        set_times(fd: Resource<Descriptor>, accessed: NewTimestamp, modified: NewTimestamp) -> ();
        set_times_at(
            fd: Resource<Descriptor>,
            flags: PathFlags,
            path: String,
            accessed: NewTimestamp,
            modified: NewTimestamp
        ) -> ();
        read(fd: Resource<Descriptor>, len: Filesize, offset: Filesize) -> (Vec<u8>, bool);
        read_directory(fd: Resource<Descriptor>) -> Resource<DirectoryEntryStream>;
        stat(fd: Resource<Descriptor>) -> DescriptorStat;
        stat_at(fd: Resource<Descriptor>, flags: PathFlags, path: String) -> DescriptorStat;
        readlink_at(fd: Resource<Descriptor>, path: String) -> String;
        remove_directory_at(fd: Resource<Descriptor>, path: String) -> ();
        rename_at(fd: Resource<Descriptor>, path: String, new_fd: Resource<Descriptor>, new_path: String) -> ();
        unlink_file_at(fd: Resource<Descriptor>, path: String) -> ();
        metadata_hash(fd: Resource<Descriptor>) -> MetadataHashValue;
        metadata_hash_at(fd: Resource<Descriptor>, flags: PathFlags, path: String) -> MetadataHashValue;
    }

    fn set_size(&mut self, fd: Resource<Descriptor>, size: Filesize) -> FsResult<()> {
        self.room_up_to(&fd, size)?;
        in_time(self.until, asynchronous::HostDescriptor::set_size(&mut self.view, fd, size))
    }

    fn write(&mut self, fd: Resource<Descriptor>, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        self.room_up_to(&fd, offset.saturating_add(bytes.len() as u64))?;
        in_time(self.until, asynchronous::HostDescriptor::write(&mut self.view, fd, bytes, offset))
    }

    fn create_directory_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        self.room(ENTRY_BYTES)?;
        in_time(self.until, asynchronous::HostDescriptor::create_directory_at(&mut self.view, fd, path))
    }

    fn link_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        new_fd: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        // Measured, a file counts under each of its names.
        let size = self.size_at(&fd, flags, &path).unwrap_or_default();
        self.room(ENTRY_BYTES.saturating_add(size))?;
        let work =
            asynchronous::HostDescriptor::link_at(&mut self.view, fd, flags.into(), path, new_fd, new_path);
        in_time(self.until, work)
    }

    fn symlink_at(&mut self, fd: Resource<Descriptor>, target: String, path: String) -> FsResult<()> {
        self.room(ENTRY_BYTES.saturating_add(target.len() as u64))?;
        in_time(self.until, asynchronous::HostDescriptor::symlink_at(&mut self.view, fd, target, path))
    }

    fn open_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        how: OpenFlags,
        what_for: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let is_new = how.contains(OpenFlags::CREATE)
            && self.meter.counts()
            && self.size_at(&fd, flags, &path).is_none();
        if is_new {
            self.room(ENTRY_BYTES)?;
        }
        let work = asynchronous::HostDescriptor::open_at(
            &mut self.view,
            fd,
            flags.into(),
            path,
            how.into(),
            what_for.into(),
        );
        in_time(self.until, work)
    }

    fn is_same_object(&mut self, a: Resource<Descriptor>, b: Resource<Descriptor>) -> wasmtime::Result<bool> {
        wait(self.until, asynchronous::HostDescriptor::is_same_object(&mut self.view, a, b))?
    }

    fn read_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        asynchronous::HostDescriptor::read_via_stream(&mut self.view, fd, offset)
    }

    fn write_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        let end = self.size(&fd);
        let stream = asynchronous::HostDescriptor::write_via_stream(&mut self.view, fd, offset)?;
        self.metered(stream, offset, end)
    }

    fn append_via_stream(&mut self, fd: Resource<Descriptor>) -> FsResult<Resource<DynOutputStream>> {
        let end = self.size(&fd);
        let stream = asynchronous::HostDescriptor::append_via_stream(&mut self.view, fd)?;
        self.metered(stream, end, end)
    }

    fn drop(&mut self, fd: Resource<Descriptor>) -> wasmtime::Result<()> {
        asynchronous::HostDescriptor::drop(&mut self.view, fd)
    }
}

impl HostDirectoryEntryStream for PatientFiles<'_> {
    fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let work = asynchronous::HostDirectoryEntryStream::read_directory_entry(&mut self.view, stream);
        Ok(wait(self.until, work).map_err(FsError::trap)??.map(Into::into))
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        asynchronous::HostDirectoryEntryStream::drop(&mut self.view, stream)
    }
}
