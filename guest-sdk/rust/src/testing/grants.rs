//! What an operator would grant, for a unit test: on the thread that says it, from then on.

/// Paths that begin with `guest` lead [`files`](crate::files) into the directory `host`.
#[cfg(feature = "files")]
pub fn grant_directory(guest: &str, host: impl AsRef<std::path::Path>) {
    crate::files::grant_directory(guest, host.as_ref());
}

/// The requests [`http`](crate::http) sends are answered by `server`.
#[cfg(feature = "http")]
pub fn serve_http(
    server: impl FnMut(crate::http::Request) -> Result<crate::http::Response, crate::http::Error> + 'static,
) {
    crate::http::serve(server);
}

/// [`environment`](crate::environment) has this variable.
#[cfg(feature = "environment")]
pub fn grant_variable(name: &str, value: &str) {
    crate::environment::native::grant_variable(name, value);
}

/// [`clock`](crate::clock) says this time, in nanoseconds since the Unix epoch.
#[cfg(feature = "clock")]
pub fn set_clock(unix_nanos: u64) {
    crate::clock::native::NOW.set(unix_nanos);
}
