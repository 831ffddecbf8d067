//! A cumulative [`Frame`](wasmeter_model::frame::Frame) as a Prometheus page, and strict readers of such pages.
//!
//! [`render`] follows the OpenTelemetry specification "Prometheus and OpenMetrics Compatibility" and writes the text
//! format 0.0.4 or OpenMetrics 1.0, with metrics of any number of services on one page; [`Format::negotiate`] tells which
//! of the two a request wants. [`parse_page`] and [`parse_openmetrics`] read the formats back and refuse what Prometheus
//! would refuse. [`Draft`] is a page that is written in parts, for those who send it on. Nothing here does I/O, reads a clock or keeps state between pages.
//!
//! Decisions where the specification leaves a choice:
//! - Points have no timestamps. Exemplars, start times (`_created`) and units are only in OpenMetrics: the text format has
//!   no place for them.
//! - A series has the same name in both formats. Where OpenMetrics cannot have it (a counter without `_total`, because the
//!   strategy adds no suffixes, or one whose further names are taken) the family is `unknown` there.
//! - An exemplar keeps trace and span first, then by name those of its attributes that fit into 128 characters.
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
//! use wasmeter_prometheus::{Format, Options, parse_page, render};
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
//! let page = render(&builder.finish(), Format::Text, &Options { target_info: false, ..Options::default() });
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
mod format;
mod kind;
mod labels;
mod number;
mod options;
mod out;
mod page;
mod parse;
mod render;

pub use format::Format;
pub use kind::FamilyKind;
pub use options::{Options, ResourceLabels};
pub use page::{Drop, DropReason, Page, Warning};
pub use parse::{Exemplar, ParseError, Sample, parse_openmetrics, parse_page};
pub use render::{Draft, render};
pub use wasmeter_prometheus_names::TranslationStrategy;

use wasmeter_prometheus_names as names;
