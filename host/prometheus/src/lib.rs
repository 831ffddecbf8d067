//! A cumulative [`Frame`](wasmeter_model::frame::Frame) as a Prometheus page, and a strict reader of such pages.
//!
//! [`render`] follows the OpenTelemetry specification "Prometheus and OpenMetrics Compatibility" and writes the text
//! format 0.0.4, with metrics of any number of services on one page. [`parse_page`] reads the format back and refuses
//! what Prometheus would refuse. Nothing here does I/O, reads a clock or keeps state between pages.
//!
//! Decisions where the specification leaves a choice:
//! - Exemplars, start times and explicit timestamps are not written: the format has no place for them.
//! - A label whose value is empty is left out, since to Prometheus both mean the same.
//! - Series that become equal are added up where that is exact (sums, histograms with equal buckets); of others the
//!   first is kept. See [`Warning::DuplicateSeries`] and [`DropReason::DuplicateSeries`].
//! - Exponential histograms become classic ones on a grid of boundaries that does not move with the data; see
//!   [`Options::exponential_scale_max`].
//! - An attribute named `le` on a histogram, or `quantile` on a summary, becomes `exported_le` or `exported_quantile`.

mod families;
mod labels;
mod names;
mod number;
mod options;
mod page;
mod parse;
mod render;

pub use options::{Options, ResourceLabels, TranslationStrategy};
pub use page::{CONTENT_TYPE, Drop, DropReason, FamilyKind, Page, Warning};
pub use parse::{ParseError, Sample, parse_page};
pub use render::render;
