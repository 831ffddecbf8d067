//! Pages as users see them: snapshots, rules that hold for any frame, and Prometheus' own tool.

mod any_frame;
mod build;
mod conflicts;
mod numbers;
mod promtool;
mod reader;
mod snapshots;
