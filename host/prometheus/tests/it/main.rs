//! Pages as users see them: snapshots, rules that hold for any frame, and the parsers of Prometheus' own projects.

mod any_frame;
mod build;
mod conflicts;
mod numbers;
mod openmetrics;
mod promtool;
mod python;
mod reader;
mod snapshots;
