//! The lines of a page, as far as both formats have them.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use wasmeter_model::frame::Frame;

use crate::Format;
use crate::labels::{LabelsId, SeriesLabels};
use crate::number::push_double;
use crate::out::Out;

/// A comment line: `keyword` is with its blanks, `text` is escaped as the format has it.
pub(super) fn comment(out: &mut Out, keyword: &str, name: &str, text: &str, format: Format) {
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
    texts: HashMap<u64, Out, RandomState>,
    format: Format,
}

impl Doubles {
    /// How many texts are kept.
    const KEPT_MAX: usize = 10_000;

    pub(super) fn new(format: Format) -> Self {
        Self { texts: HashMap::default(), format }
    }

    fn text(&mut self, value: f64) -> &[u8] {
        if self.texts.len() >= Self::KEPT_MAX {
            self.texts.clear();
        }
        self.texts
            .entry(value.to_bits())
            .or_insert_with(|| {
                let mut text = Out::default();
                push_double(&mut text, value, self.format);
                text
            })
            .as_bytes()
    }
}

/// The lines of one series.
pub(super) struct Lines<'a> {
    pub(super) out: &'a mut Out,
    /// The name before any suffix.
    pub(super) name: &'a str,
    labels: LabelsId,
    texts: &'a SeriesLabels,
    frame: &'a Frame,
    /// Where the labels stand in `out` already.
    written: Option<Range<usize>>,
    bounds: &'a mut Doubles,
}

impl<'a> Lines<'a> {
    /// Of the series with these labels; `bounds` are the texts of those that types add.
    pub(super) fn new(
        out: &'a mut Out,
        name: &'a str,
        (labels, texts, frame): (LabelsId, &'a SeriesLabels, &'a Frame),
        bounds: &'a mut Doubles,
    ) -> Self {
        Self { out, name, labels, texts, frame, written: None, bounds }
    }

    /// One sample; `bound` is the label that the type adds to those of the series.
    pub(super) fn sample(&mut self, suffix: &str, bound: Option<(&str, f64)>, value: impl FnOnce(&mut Out)) {
        self.out.push_str(self.name);
        self.out.push_str(suffix);
        let before = self.out.len();
        self.out.push('{');
        let has_labels = self.push_labels();
        if let Some((label, bound)) = bound {
            self.out.push_str(if has_labels { "," } else { "" });
            self.out.push_str(label);
            self.out.push_str("=\"");
            self.out.push_text(self.bounds.text(bound));
            self.out.push('"');
        }
        if has_labels || bound.is_some() {
            self.out.push('}');
        } else {
            self.out.truncate(before);
        }
        self.out.push(' ');
        value(self.out);
        self.out.push('\n');
    }

    /// Put together for the first line of the series, and copied from there for the others. False if there are none.
    fn push_labels(&mut self) -> bool {
        let written = match self.written.clone() {
            Some(written) => {
                self.out.extend_from_within(written.clone());
                written
            }
            None => {
                let start = self.out.len();
                self.texts.write(self.out, self.frame, self.labels);
                start..self.out.len()
            }
        };
        let has_labels = !written.is_empty();
        self.written = Some(written);
        has_labels
    }
}

pub(super) fn push_count(out: &mut Out, count: u64) {
    out.push_str(itoa::Buffer::new().format(count));
}
