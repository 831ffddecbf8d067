//! A page in Prometheus' text format or in OpenMetrics 1.0, read strictly: whatever is wrong with a line refuses the page, as
//! it does in Prometheus, and the error names the line.
//!
//! Reads untrusted text: it never panics, and what it keeps is bounded by the size of the page.

mod cursor;
mod families;
mod line;

#[cfg(test)]
mod tests;

use std::fmt;

use families::Families;
pub(crate) use families::{Family, Kind, Series};
use line::Line;
pub(crate) use line::{Exemplar, Labels};

/// Which rules a page is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' own, "exposition format 0.0.4".
    Text,
    /// OpenMetrics 1.0, which ends with `# EOF`.
    OpenMetrics,
}

impl Format {
    /// That of a `Content-Type`. Whatever is not OpenMetrics is read as text, as there are servers that say nothing.
    pub(crate) fn of_content_type(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// The families of a page, in its order.
///
/// # Errors
///
/// The first line that breaks a rule of the format.
pub(crate) fn parse(text: &str, format: Format) -> Result<Vec<Family>, Wrong> {
    let mut families = Families::new(format);
    let mut ended = false;
    let mut last = 0;
    for (number, text) in text.lines().enumerate() {
        last = number + 1;
        let wrong = |what: String| Wrong { line: last, what };
        if ended {
            return Err(wrong("something follows `# EOF`, expected the end of the page".to_owned()));
        }
        let taken = match Line::parse(text, format).map_err(wrong)? {
            Line::Nothing => Ok(()),
            Line::Eof => {
                ended = true;
                Ok(())
            }
            Line::Type(name, kind) => families.declare(&name, &kind),
            Line::Help(name, help) => families.describe(&name, help),
            Line::Unit(name, unit) => families.measure(&name, unit),
            Line::Sample(sample) => families.add(sample),
        };
        taken.map_err(wrong)?;
    }
    if format == Format::OpenMetrics && !ended {
        let what = "the page ends without `# EOF`, expected it: the answer was cut off".to_owned();
        return Err(Wrong { line: last + 1, what });
    }
    Ok(families.finish())
}
