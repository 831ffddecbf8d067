//! The lines of a page, as far as both formats have them.

use crate::Format;
use crate::labels;
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

/// The lines of one series.
pub(super) struct Lines<'a> {
    pub(super) out: &'a mut String,
    /// The name before any suffix.
    pub(super) name: &'a str,
    /// The labels of the series.
    pub(super) labels: &'a str,
    pub(super) format: Format,
}

impl Lines<'_> {
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
            self.out.push_str(self.labels);
            if let Some((label, bound)) = bound {
                let mut text = String::new();
                push_double(&mut text, bound, self.format);
                labels::push(self.out, label, &text);
            }
            self.out.push('}');
        }
        self.out.push(' ');
        value(self.out);
        self.out.push('\n');
    }
}

pub(super) fn push_count(out: &mut String, count: u64) {
    out.push_str(&count.to_string());
}
