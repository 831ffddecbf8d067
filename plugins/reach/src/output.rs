//! The standard streams, and the end: only in a component.

#[cfg(target_family = "wasm")]
pub(crate) fn print(stream: &str, text: &str) -> String {
    use wasip2::cli::{stderr, stdout};

    let output = if stream == "stderr" { stderr::get_stderr() } else { stdout::get_stdout() };
    // Words are separated by blanks, so lines are by a stroke.
    let text = text.replace('|', "\n");
    match output.blocking_write_and_flush(text.as_bytes()) {
        Ok(()) => "found: done".to_owned(),
        Err(error) => format!("failed: {error:?}"),
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn print(stream: &str, text: &str) -> String {
    format!("failed: no {stream} for {text} here")
}

#[cfg(target_family = "wasm")]
pub(crate) fn exit() -> String {
    wasip2::cli::exit::exit(Err(()));
    "failed: it goes on".to_owned()
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn exit() -> String {
    "failed: nothing ends here".to_owned()
}

/// Writes by way of a stream, as the libraries of most languages do and the SDK does not.
#[cfg(target_family = "wasm")]
pub(crate) fn stream(path: &str, text: &str) -> String {
    use wasip2::filesystem::preopens::get_directories;
    use wasip2::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags, filesystem_error_code};
    use wasip2::io::streams::StreamError;

    let Some((directory, _)) = get_directories().into_iter().find(|(_, name)| path.starts_with(name)) else {
        return "failed: no such directory".to_owned();
    };
    let below = path.rsplit('/').next().unwrap_or(path);
    let open = directory.open_at(PathFlags::empty(), below, OpenFlags::CREATE, DescriptorFlags::WRITE);
    let output = open.and_then(|file| file.append_via_stream());
    match output.map(|output| output.blocking_write_and_flush(text.as_bytes())) {
        Ok(Ok(())) => "found: done".to_owned(),
        Ok(Err(StreamError::LastOperationFailed(error))) => filesystem_error_code(&error)
            .map_or_else(|| format!("failed: {error:?}"), |code| format!("failed: {}", code.name())),
        Ok(Err(error)) => format!("failed: {error:?}"),
        Err(code) => format!("failed: {code:?}"),
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn stream(path: &str, text: &str) -> String {
    format!("failed: no stream to {path} for {text} here")
}
