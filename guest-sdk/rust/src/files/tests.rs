//! The native face; the other one is tested in components, by the runtime's tests.

use std::io::ErrorKind;

use super::*;
use crate::testing;

/// A directory of this test's own, called `/data`.
fn granted() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    testing::grant_directory("/data", directory.path());
    directory
}

#[test]
fn what_is_written_is_read_and_no_more_than_asked_for() {
    let directory = granted();
    write("/data/a", b"abcd").unwrap();
    assert_eq!(read("/data/a", 4).unwrap(), b"abcd");
    assert_eq!(read("/data/a", 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
    write("/data/a", b"\xff").unwrap();
    assert_eq!(read_to_string("/data/a", 4).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(std::fs::read(directory.path().join("a")).unwrap(), b"\xff", "it replaced what was there");
}

#[test]
fn files_are_listed_renamed_and_removed() {
    let _directory = granted();
    create_directory("/data/sub").unwrap();
    append("/data/b", b"1").unwrap();
    append("/data/b", b"2").unwrap();
    sync("/data/b").unwrap();
    let found: Vec<_> = list("/data").unwrap().into_iter().map(|entry| (entry.name, entry.kind)).collect();
    assert_eq!(found, [("b".to_owned(), FileKind::File), ("sub".to_owned(), FileKind::Directory)]);
    let found = metadata("/data/b").unwrap();
    assert_eq!((found.kind, found.size_bytes), (FileKind::File, 2));
    assert!(found.modified_unix_nanos.is_some());
    rename("/data/b", "/data/sub/c").unwrap();
    assert_eq!(remove_directory("/data/sub").unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    remove("/data/sub/c").unwrap();
    remove_directory("/data/sub").unwrap();
    assert_eq!(list("/data").unwrap(), []);
}

#[test]
fn a_grant_is_for_whole_names() {
    let directory = granted();
    std::fs::write(directory.path().join("a"), "x").unwrap();
    assert!(read("/database/a", 1).is_err(), "`/data` is not the beginning of it");
}
