//! The types of families.

use crate::Format;

/// The type of a family, as its `# TYPE` line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FamilyKind {
    /// A value that only grows.
    Counter,
    /// A current value.
    Gauge,
    /// Cumulative buckets, count and sum.
    Histogram,
    /// Quantiles, count and sum.
    Summary,
    /// Text in labels, of value 1. A gauge in the text format 0.0.4.
    Info,
    /// Not known.
    Untyped,
}

const ALL: [FamilyKind; 6] = [
    FamilyKind::Counter,
    FamilyKind::Gauge,
    FamilyKind::Histogram,
    FamilyKind::Summary,
    FamilyKind::Info,
    FamilyKind::Untyped,
];

impl FamilyKind {
    /// The word of the `# TYPE` line of a format.
    pub fn word(self, format: Format) -> &'static str {
        match (self, format) {
            (Self::Counter, _) => "counter",
            (Self::Gauge, _) | (Self::Info, Format::Text) => "gauge",
            (Self::Histogram, _) => "histogram",
            (Self::Summary, _) => "summary",
            (Self::Info, Format::OpenMetrics) => "info",
            (Self::Untyped, Format::Text) => "untyped",
            (Self::Untyped, Format::OpenMetrics) => "unknown",
        }
    }

    /// The type a word stands for.
    pub(crate) fn from_word(word: &str, format: Format) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.word(format) == word)
    }

    /// What is appended to the name on the `# TYPE` line to name the series.
    pub(crate) fn suffixes(self, format: Format) -> &'static [&'static str] {
        match (self, format) {
            (Self::Counter, Format::OpenMetrics) => &["_total", "_created"],
            (Self::Info, Format::OpenMetrics) => &["_info"],
            (Self::Histogram, Format::OpenMetrics) => &["_bucket", "_sum", "_count", "_created"],
            (Self::Summary, Format::OpenMetrics) => &["", "_sum", "_count", "_created"],
            (Self::Histogram, Format::Text) => &["_bucket", "_sum", "_count"],
            (Self::Summary, Format::Text) => &["", "_sum", "_count"],
            _ => &[""],
        }
    }
}
