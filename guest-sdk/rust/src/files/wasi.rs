//! Files by way of `wasi:filesystem`.

use std::io;

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};

use super::{Entry, FileKind, Metadata};

/// What the host hands over at once at most.
const CHUNK_BYTES: u64 = 64 << 10;

thread_local! {
    /// The granted directories; they are the same for as long as the instance lives.
    static GRANTED: Vec<(Descriptor, String)> = preopens::get_directories();
}

/// Does something with the granted directory a path is in, and the path below it.
fn with_directory<R>(path: &str, work: impl FnOnce(&Descriptor, &str) -> io::Result<R>) -> io::Result<R> {
    GRANTED.with(|granted| {
        let mut found: Option<(&Descriptor, &str, usize)> = None;
        for (directory, name) in granted {
            let name = name.trim_end_matches('/');
            let Some(rest) = path.strip_prefix(name) else { continue };
            let is_longer = found.is_none_or(|(_, _, len)| name.len() > len);
            if is_longer && (rest.is_empty() || rest.starts_with('/')) {
                found = Some((directory, rest.trim_start_matches('/'), name.len()));
            }
        }
        match found {
            Some((directory, "", _)) => work(directory, "."),
            Some((directory, below, _)) => work(directory, below),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("`{path}` is below none of the directories the plugin is granted"),
            )),
        }
    })
}

fn error(path: &str, code: ErrorCode) -> io::Error {
    let kind = match code {
        ErrorCode::Access | ErrorCode::NotPermitted => io::ErrorKind::PermissionDenied,
        ErrorCode::ReadOnly => io::ErrorKind::ReadOnlyFilesystem,
        ErrorCode::NoEntry => io::ErrorKind::NotFound,
        ErrorCode::Exist => io::ErrorKind::AlreadyExists,
        ErrorCode::NotDirectory => io::ErrorKind::NotADirectory,
        ErrorCode::IsDirectory => io::ErrorKind::IsADirectory,
        ErrorCode::NotEmpty => io::ErrorKind::DirectoryNotEmpty,
        ErrorCode::FileTooLarge => io::ErrorKind::FileTooLarge,
        ErrorCode::InsufficientSpace => io::ErrorKind::StorageFull,
        ErrorCode::Quota => io::ErrorKind::QuotaExceeded,
        ErrorCode::Invalid => io::ErrorKind::InvalidInput,
        ErrorCode::Interrupted => io::ErrorKind::Interrupted,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, format!("`{path}`: {}", code.message()))
}

fn open(path: &str, how: OpenFlags, what_for: DescriptorFlags) -> io::Result<Descriptor> {
    with_directory(path, |directory, below| {
        directory.open_at(PathFlags::SYMLINK_FOLLOW, below, how, what_for).map_err(|code| error(path, code))
    })
}

fn kind(of: DescriptorType) -> FileKind {
    match of {
        DescriptorType::RegularFile => FileKind::File,
        DescriptorType::Directory => FileKind::Directory,
        DescriptorType::SymbolicLink => FileKind::Link,
        _ => FileKind::Other,
    }
}

/// Up to one chunk more than asked for.
pub(super) fn read(path: &str, bytes_max: usize) -> io::Result<Vec<u8>> {
    let file = open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
    let mut content = Vec::new();
    while content.len() <= bytes_max {
        let (chunk, is_end) =
            file.read(CHUNK_BYTES, content.len() as u64).map_err(|code| error(path, code))?;
        content.extend_from_slice(&chunk);
        if is_end || chunk.is_empty() {
            break;
        }
    }
    Ok(content)
}

pub(super) fn list(path: &str) -> io::Result<Vec<Entry>> {
    let directory = open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
    let stream = directory.read_directory().map_err(|code| error(path, code))?;
    let mut entries = Vec::new();
    loop {
        match stream.read_directory_entry() {
            Ok(Some(entry)) => entries.push(Entry { name: entry.name, kind: kind(entry.type_) }),
            Ok(None) => return Ok(entries),
            // A name that is not UTF-8, or an entry that has gone meanwhile: the others are there all the same.
            Err(ErrorCode::IllegalByteSequence | ErrorCode::NoEntry) => {}
            Err(code) => return Err(error(path, code)),
        }
    }
}

pub(super) fn metadata(path: &str) -> io::Result<Metadata> {
    with_directory(path, |directory, below| {
        let stat = directory.stat_at(PathFlags::SYMLINK_FOLLOW, below).map_err(|code| error(path, code))?;
        let modified_unix_nanos = stat.data_modification_timestamp.and_then(|time| {
            time.seconds.checked_mul(1_000_000_000)?.checked_add(u64::from(time.nanoseconds))
        });
        Ok(Metadata { kind: kind(stat.type_), size_bytes: stat.size, modified_unix_nanos })
    })
}

/// Writes all of the content from an offset on.
fn write_at(path: &str, file: &Descriptor, mut content: &[u8], mut offset: u64) -> io::Result<()> {
    while !content.is_empty() {
        let chunk = content.get(..CHUNK_BYTES as usize).unwrap_or(content);
        let written = file.write(chunk, offset).map_err(|code| error(path, code))?;
        if written == 0 {
            return Err(io::Error::new(io::ErrorKind::WriteZero, format!("`{path}` takes no more")));
        }
        offset += written;
        content = content.get(written as usize..).unwrap_or_default();
    }
    Ok(())
}

pub(super) fn write(path: &str, content: &[u8]) -> io::Result<()> {
    let file = open(path, OpenFlags::CREATE | OpenFlags::TRUNCATE, DescriptorFlags::WRITE)?;
    write_at(path, &file, content, 0)
}

pub(super) fn append(path: &str, content: &[u8]) -> io::Result<()> {
    let file = open(path, OpenFlags::CREATE, DescriptorFlags::WRITE)?;
    let end = file.stat().map_err(|code| error(path, code))?.size;
    write_at(path, &file, content, end)
}

pub(super) fn sync(path: &str) -> io::Result<()> {
    let file = open(path, OpenFlags::empty(), DescriptorFlags::WRITE)?;
    file.sync().map_err(|code| error(path, code))
}

pub(super) fn create_directory(path: &str) -> io::Result<()> {
    with_directory(path, |directory, below| {
        directory.create_directory_at(below).map_err(|code| error(path, code))
    })
}

pub(super) fn rename(from: &str, to: &str) -> io::Result<()> {
    with_directory(from, |old, below| {
        with_directory(to, |new, target| old.rename_at(below, new, target).map_err(|code| error(from, code)))
    })
}

pub(super) fn remove(path: &str) -> io::Result<()> {
    with_directory(path, |directory, below| directory.unlink_file_at(below).map_err(|code| error(path, code)))
}

pub(super) fn remove_directory(path: &str) -> io::Result<()> {
    with_directory(path, |directory, below| {
        directory.remove_directory_at(below).map_err(|code| error(path, code))
    })
}
