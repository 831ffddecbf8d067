//! When the file is full: it becomes number 1, number 1 becomes number 2, and the last of those that are kept goes.

use std::io::{self, ErrorKind};

use wasmeter_guest::files;

/// Moves a file out of the way that has no room for a line of this length; true if it did. Every full file that is kept is there
/// under one name or another the whole time, and is renamed in one step.
pub(crate) fn make_room(
    path: &str,
    line_bytes: usize,
    file_bytes_max: u64,
    full_files_max: u32,
) -> io::Result<bool> {
    let size_bytes = match files::metadata(path) {
        Ok(metadata) => metadata.size_bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if size_bytes == 0 || size_bytes.saturating_add(line_bytes as u64) <= file_bytes_max {
        return Ok(false);
    }
    if full_files_max == 0 {
        files::remove(path)?;
        return Ok(true);
    }
    // Up to the first gap: what is behind it stays.
    let mut last = 1;
    while last < full_files_max && exists(&numbered(path, last))? {
        last += 1;
    }
    for number in (1..last).rev() {
        files::rename(&numbered(path, number), &numbered(path, number + 1))?;
    }
    files::rename(path, &numbered(path, 1))?;
    Ok(true)
}

fn exists(path: &str) -> io::Result<bool> {
    match files::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// `/out/metrics.jsonl` as number 2 is `/out/metrics.2.jsonl`: what takes it by its extension still does.
fn numbered(path: &str, number: u32) -> String {
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    match path.rfind('.').filter(|dot| *dot > name_at) {
        Some(dot) => {
            let (stem, extension) = path.split_at(dot);
            format!("{stem}.{number}{extension}")
        }
        None => format!("{path}.{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn numbers_stand_before_the_extension() {
        assert_eq!(numbered("/out/metrics.jsonl", 2), "/out/metrics.2.jsonl");
        assert_eq!(numbered("/out.d/metrics", 1), "/out.d/metrics.1");
        assert_eq!(numbered("/out/.hidden", 1), "/out/.hidden.1");
    }
}
