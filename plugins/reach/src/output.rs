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
