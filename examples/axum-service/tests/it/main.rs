//! The service as its own process: every step of the README, and a swap under load that loses no request.

mod load;
mod otlp;
mod readme;
mod support;
