//! Lines to the host's log.

/// How important a log line is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Steps of a computation.
    Trace,
    /// What an author wants to know.
    Debug,
    /// What an operator may want to know.
    Info,
    /// What an operator should look at.
    Warn,
    /// What does not work.
    Error,
}

/// Writes a line, natively to the test that runs.
#[doc(hidden)]
pub fn write(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::component::log(level, message);
    #[cfg(not(target_family = "wasm"))]
    crate::testing::logs::push(level, message);
}

/// Writes a line to the host's log, marked with the plugin's name; the arguments are those of `format!`.
///
/// Lines beyond 1 KiB are cut, lines beyond the plugin's rate are dropped and counted. Never fails and never blocks. A
/// View is asked once per instrument and attribute set, so lines are few.
///
/// ```
/// use wasmeter_guest::{Level, log, testing};
///
/// log!(Level::Warn, "found {} keys", 3);
/// assert_eq!(testing::take_logs(), [(Level::Warn, "found 3 keys".to_owned())]);
/// ```
#[macro_export]
macro_rules! log {
    ($level:expr, $($message:tt)+) => {
        $crate::__private::write($level, &::std::format!($($message)+))
    };
}

/// [`log!`](crate::log!) at [`Level::Debug`].
#[macro_export]
macro_rules! debug {
    ($($message:tt)+) => { $crate::log!($crate::Level::Debug, $($message)+) };
}

/// [`log!`](crate::log!) at [`Level::Info`].
#[macro_export]
macro_rules! info {
    ($($message:tt)+) => { $crate::log!($crate::Level::Info, $($message)+) };
}

/// [`log!`](crate::log!) at [`Level::Warn`].
#[macro_export]
macro_rules! warn {
    ($($message:tt)+) => { $crate::log!($crate::Level::Warn, $($message)+) };
}

/// [`log!`](crate::log!) at [`Level::Error`].
#[macro_export]
macro_rules! error {
    ($($message:tt)+) => { $crate::log!($crate::Level::Error, $($message)+) };
}
