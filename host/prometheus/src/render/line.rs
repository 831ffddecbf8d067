//! The lines of a page, as far as both formats have them.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::Format;
use crate::labels::{LabelId, LabelTexts};
use crate::number::push_double;

/// A comment line: `keyword` is with its blanks, `text` is escaped as the format has it.
pub(super) fn comment(out: &mut String, keyword: &str, name: &str, text: &str, format: Format) {
    out.push_str(keyword);
    out.push_str(name);
    out.push(' ');
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if format == Format::OpenMetrics => out.push_str("\\\""),
            other => out.push(other),
        }
    }
    out.push('\n');
}

/// Doubles as text: histograms of a metric mostly share their bounds.
#[derive(Debug)]
pub(super) struct Doubles {
    /// By their bits.
    texts: HashMap<u64, String, RandomState>,
    format: Format,
}

impl Doubles {
    /// How many texts are kept.
    const KEPT_MAX: usize = 10_000;

    pub(super) fn new(format: Format) -> Self {
        Self { texts: HashMap::default(), format }
    }

    fn text(&mut self, value: f64) -> &str {
        if self.texts.len() >= Self::KEPT_MAX {
            self.texts.clear();
        }
        self.texts.entry(value.to_bits()).or_insert_with(|| {
            let mut text = String::new();
            push_double(&mut text, value, self.format);
            text
        })
    }
}

/// The lines of one series.
pub(super) struct Lines<'a> {
    pub(super) out: &'a mut String,
    /// The name before any suffix.
    pub(super) name: &'a str,
    labels: &'a [LabelId],
    texts: &'a LabelTexts,
    /// Where the labels stand in `out` already.
    written: Option<Range<usize>>,
    bounds: &'a mut Doubles,
}

impl<'a> Lines<'a> {
    /// Of the series with these labels; `bounds` are the texts of those that types add.
    pub(super) fn new(
        out: &'a mut String,
        name: &'a str,
        (labels, texts): (&'a [LabelId], &'a LabelTexts),
        bounds: &'a mut Doubles,
    ) -> Self {
        Self { out, name, labels, texts, written: None, bounds }
    }

    /// One sample; `bound` is the label that the type adds to those of the series.
    pub(super) fn sample(
        &mut self,
        suffix: &str,
        bound: Option<(&str, f64)>,
        value: impl FnOnce(&mut String),
    ) {
        self.out.push_str(self.name);
        self.out.push_str(suffix);
        if !self.labels.is_empty() || bound.is_some() {
            self.out.push('{');
            self.push_labels();
            if let Some((label, bound)) = bound {
                self.out.push_str(if self.labels.is_empty() { "" } else { "," });
                self.out.push_str(label);
                self.out.push_str("=\"");
                self.out.push_str(self.bounds.text(bound));
                self.out.push('"');
            }
            self.out.push('}');
        }
        self.out.push(' ');
        value(self.out);
        self.out.push('\n');
    }

    /// Put together for the first line of the series, and copied from there for the others.
    fn push_labels(&mut self) {
        if let Some(written) = self.written.clone() {
            return self.out.extend_from_within(written);
        }
        let start = self.out.len();
        self.texts.write(self.out, self.labels);
        self.written = Some(start..self.out.len());
    }
}

pub(super) fn push_count(out: &mut String, count: u64) {
    out.push_str(itoa::Buffer::new().format(count));
}
