//! Strict readers of the text format 0.0.4 and of OpenMetrics, for tests and tools that look at a page.
//!
//! They refuse what Prometheus refuses, and what Prometheus lets pass though the format forbids it: families in pieces,
//! series given twice, buckets out of order or not adding up. The input is untrusted: memory is linear in it, nothing
//! recurses, and nothing panics.

mod cursor;
mod families;
mod openmetrics;
mod series;

use std::fmt;

use crate::{FamilyKind, Format};
use cursor::{Cursor, quoted};
use families::Families;
pub use openmetrics::parse_openmetrics;

/// One line with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The series' name, with `_bucket` and the like.
    pub name: String,
    /// Names and values, in the order of the page; no name twice.
    pub labels: Vec<(String, String)>,
    /// The value as written, for comparing integers that a double cannot hold.
    pub text: String,
    /// The value as Prometheus reads it.
    pub value: f64,
    /// Milliseconds since the Unix epoch, if the line gives a time.
    pub timestamp_millis: Option<i64>,
    /// The type of the family it belongs to; untyped if the page does not say.
    pub kind: FamilyKind,
    /// What the sample exemplifies itself by; only in OpenMetrics.
    pub exemplar: Option<Exemplar>,
}

/// A sampled measurement, as OpenMetrics has it behind a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Names and values, in the order of the page; no name twice.
    pub labels: Vec<(String, String)>,
    /// The value as Prometheus reads it.
    pub value: f64,
    /// The time as written, in seconds since the Unix epoch: it may have more digits than a double.
    pub time: Option<String>,
}

impl Sample {
    /// The value of a label; `None` if it has no such label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why text is not a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub problem: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for ParseError {}

/// Reads a page.
///
/// # Errors
///
/// The first line that breaks the format, or a rule of the format that spans lines: one `# TYPE` and `# HELP` per family,
/// before its samples; the samples of a family together; no series twice (labels with empty values count as absent);
/// buckets and quantiles ascending, buckets cumulative and up to `+Inf`, where they equal the count.
pub fn parse_page(text: &str) -> Result<Vec<Sample>, ParseError> {
    let mut families = Families::default();
    let mut samples = Vec::new();
    let mut number = 0;
    let at = |line: usize| move |problem: String| ParseError { line, problem };
    for line in text.split_terminator('\n') {
        number += 1;
        let mut cursor = Cursor::new(line);
        cursor.skip_blanks();
        match cursor.peek() {
            None => {}
            Some('#') => comment(cursor, &mut families).map_err(at(number))?,
            Some(_) => {
                let mut sample = sample(cursor).map_err(at(number))?;
                sample.kind = families.sample(&sample).map_err(at(number))?;
                samples.push(sample);
            }
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(at(number)(
            "the page ends within a line; the last line must end in a line feed too".to_owned(),
        ));
    }
    families.finish().map_err(at(number))?;
    Ok(samples)
}

fn comment(mut cursor: Cursor<'_>, families: &mut Families) -> Result<(), String> {
    cursor.take('#');
    cursor.skip_blanks();
    let keyword = cursor.word();
    if keyword != "HELP" && keyword != "TYPE" {
        return Ok(());
    }
    cursor.skip_blanks();
    let name = cursor.metric_name()?;
    if !cursor.at_blank() && cursor.peek().is_some() {
        return Err(format!(
            "found {} after the name of `# {keyword}`, expected a blank",
            quoted(cursor.rest())
        ));
    }
    cursor.skip_blanks();
    if keyword == "HELP" {
        cursor::help_escapes(cursor.rest(), Format::Text)?;
        return families.help(name);
    }
    let word = cursor.rest();
    let kind = FamilyKind::from_word(word, Format::Text).ok_or_else(|| {
        format!(
            "found {} after `# TYPE {name}`, expected counter, gauge, histogram, summary or untyped",
            quoted(word)
        )
    })?;
    families.kind(name, kind)
}

fn sample(mut cursor: Cursor<'_>) -> Result<Sample, String> {
    let name = cursor.metric_name()?.to_owned();
    let spaced = cursor.at_blank();
    cursor.skip_blanks();
    let labelled = cursor.peek() == Some('{');
    if !labelled && !spaced {
        return Err(format!(
            "found {} after the name `{name}`, expected labels or a blank",
            quoted(cursor.rest())
        ));
    }
    let labels = if labelled { cursor.labels()? } else { Vec::new() };
    cursor.skip_blanks();
    let text = cursor.word().to_owned();
    let value = cursor::float(&text)?;
    cursor.skip_blanks();
    let time = cursor.word();
    let timestamp_millis = match time {
        "" => None,
        time => Some(time.parse().map_err(|_| {
            format!("found {} behind the value, expected nothing or a time in milliseconds", quoted(time))
        })?),
    };
    cursor.skip_blanks();
    if cursor.peek().is_some() {
        return Err(format!("found {} behind the time, expected the end of the line", quoted(cursor.rest())));
    }
    Ok(Sample { name, labels, text, value, timestamp_millis, kind: FamilyKind::Untyped, exemplar: None })
}

#[cfg(test)]
mod tests;
