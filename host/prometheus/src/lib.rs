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
//!
//! ```
//! use wasmeter_model::frame::{FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
//! use wasmeter_model::{Number, Temporality, ValueRef};
//! use wasmeter_prometheus::{Options, parse_page, render};
//!
//! let mut builder = FrameBuilder::new();
//! let none = builder.set([]);
//! let shop = builder.set([("service.name", ValueRef::String("shop"))]);
//! builder.resource(shop, "", 0);
//! builder.scope("", "", "", none, 0);
//! let sent = MetricRow {
//!     name: "http.sent",
//!     description: "What was sent.",
//!     unit: "By",
//!     kind: PointKind::Sum,
//!     temporality: Some(Temporality::Cumulative),
//!     monotonic: true,
//! };
//! builder.metric(sent, none);
//! let point = PointHeader { attributes: none, ..PointHeader::default() };
//! builder.number(NumberRow { header: point, value: Some(Number::Int(42)) });
//!
//! let page = render(&builder.finish(), &Options { target_info: false, ..Options::default() });
//! assert_eq!(
//!     page.text,
//!     "# HELP http_sent_bytes_total What was sent.\n# TYPE http_sent_bytes_total counter\n\
//!      http_sent_bytes_total{job=\"shop\"} 42\n"
//! );
//! let samples = parse_page(&page.text)?;
//! assert_eq!((samples[0].value, samples[0].label("job")), (42.0, Some("shop")));
//! # Ok::<_, wasmeter_prometheus::ParseError>(())
//! ```

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
