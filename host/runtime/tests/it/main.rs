//! The plugin runtime from outside: components in, answers, failures and generations out.
//!
//! Most guests here are a few lines of WebAssembly text made into components by the test, so that they need no wasm
//! toolchain. Tests of the `hostile` plugin and of the first-party plugins need them built (`cargo xtask test` does) and
//! say so where they are not.

mod answers;
mod cache;
mod directory;
mod exporters;
mod failures;
mod faults;
mod field_mistakes;
mod first_party;
#[cfg(unix)]
mod grants;
mod guest;
mod hostile_exporter;
mod hostile_observer;
mod hostile_processor;
mod inspect;
mod keeper;
mod limit_settings;
mod limits;
mod mounted;
mod mutated;
mod observation;
mod observers;
mod processors;
mod rejection;
mod released;
mod settings;
mod signatures;
mod supervision;
mod support;
mod view;
mod watch;
