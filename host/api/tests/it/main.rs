//! The provider from outside: measured through the `opentelemetry` API, seen through what readers get.

mod bad_input;
mod bound;
mod callbacks;
mod environment;
mod exemplars;
mod global;
mod instruments;
mod lifecycle;
mod meters;
mod observable;
#[cfg(feature = "otlp")]
mod otlp;
mod periodic;
#[cfg(feature = "plugins")]
mod plugins;
mod producers;
mod received;
mod registered;
mod registration;
mod rows;
mod support;
mod threads;
mod views;
