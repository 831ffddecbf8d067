//! The formats of a page, and which of them a request asks for.

/// A format that a page is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' text format 0.0.4: no exemplars, start times, units or info metrics.
    #[default]
    Text,
    /// OpenMetrics 1.0.0, in its text form.
    OpenMetrics,
}

impl Format {
    /// The content type of pages of this format, with the escaping scheme that content negotiation asks to be named.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
            Self::OpenMetrics => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
            }
        }
    }

    /// The format that an `Accept` header asks for; of several headers, joined by commas.
    ///
    /// The one with the highest quality wins, where the most specific media range that covers a format gives its quality
    /// (RFC 9110, "Accept"). Between equals the one that is named more specifically wins, then the one that is named
    /// first. Without a header, and where nothing else is acceptable, it is the text format 0.0.4, as Prometheus'
    /// content negotiation has it. A range that is not understood, or asks for another version, counts for nothing.
    ///
    /// ```
    /// use wasmeter_prometheus::Format;
    ///
    /// let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    /// assert_eq!(Format::negotiate(prometheus), Format::OpenMetrics);
    /// assert_eq!(Format::negotiate("text/html,*/*;q=0.8"), Format::Text);
    /// assert_eq!(Format::negotiate(""), Format::Text);
    /// ```
    pub fn negotiate(accept: &str) -> Self {
        let ranges: Vec<Range<'_>> = split_unquoted(accept, ',').filter_map(Range::read).collect();
        let wish = |format: Self| {
            let covering = ranges.iter().enumerate().filter_map(|(position, range)| {
                Some(Wish { quality: range.quality, specificity: range.covers(format)?, position })
            });
            // Of equally specific ranges the first counts, so a later one must be strictly better.
            covering.reduce(|best, next| if next.specificity > best.specificity { next } else { best })
        };
        match (wish(Self::OpenMetrics), wish(Self::Text)) {
            (Some(asked), None) if asked.quality > 0 => Self::OpenMetrics,
            (Some(asked), Some(other)) if asked.quality > 0 && asked.beats(other) => Self::OpenMetrics,
            _ => Self::Text,
        }
    }
}

/// What a header says about a format.
#[derive(Clone, Copy)]
struct Wish {
    /// In thousandths.
    quality: u16,
    specificity: usize,
    position: usize,
}

impl Wish {
    fn beats(self, other: Self) -> bool {
        let rank = |wish: Self| (wish.quality, wish.specificity, std::cmp::Reverse(wish.position));
        rank(self) > rank(other)
    }
}

/// A media range with its parameters.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    version: Option<&'a str>,
    /// In thousandths, 0 to 1000.
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = split_unquoted(text, ';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range = Self { kind: kind.trim(), subtype: subtype.trim(), version: None, quality: 1000 };
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_matches('"');
            match name.trim() {
                name if name.eq_ignore_ascii_case("q") => range.quality = quality(value)?,
                name if name.eq_ignore_ascii_case("version") => range.version = Some(value),
                // Neither the charset nor the escaping scheme decides: both formats come in one of each.
                _ => {}
            }
        }
        Some(range)
    }

    /// How specifically the range names a format; `None` if it does not cover it.
    fn covers(&self, format: Format) -> Option<usize> {
        let (kind, subtype, version) = match format {
            Format::Text => ("text", "plain", "0.0.4"),
            Format::OpenMetrics => ("application", "openmetrics-text", "1.0.0"),
        };
        let same = |found: &str, own: &str| found.eq_ignore_ascii_case(own);
        match (self.kind, self.subtype, self.version) {
            ("*", "*", _) => Some(0),
            (found, "*", _) if same(found, kind) => Some(1),
            (found, sub, None) if same(found, kind) && same(sub, subtype) => Some(2),
            (found, sub, Some(asked)) if same(found, kind) && same(sub, subtype) && asked == version => {
                Some(3)
            }
            _ => None,
        }
    }
}

/// `0.5` as 500; `None` if it is no quality.
fn quality(text: &str) -> Option<u16> {
    let value: f64 = text.parse().ok()?;
    // Three decimals are all that the syntax allows.
    (0.0..=1.0).contains(&value).then_some((value * 1000.0).round() as u16)
}

/// The parts between separators that are not within quotes.
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q1_the_best_of_the_accepted_formats_is_chosen() {
        use Format::{OpenMetrics, Text};
        for (accept, wanted) in [
            ("", Text),
            ("*/*", Text),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Text),
            ("text/plain", Text),
            ("text/plain;version=0.0.4", Text),
            ("application/openmetrics-text", OpenMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", OpenMetrics),
            ("Application/OpenMetrics-Text;VERSION=\"1.0.0\"", OpenMetrics),
            // What Prometheus 3 sends, with and without protobuf first; then Prometheus 2.42 and 2.30.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                 text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
                 application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                 text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            ("application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Text),
            // Qualities and how specific a range is.
            ("application/openmetrics-text;q=0.3,text/plain;q=0.4", Text),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.3", OpenMetrics),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.4", OpenMetrics),
            ("text/plain;q=0.4,application/openmetrics-text;q=0.4", Text),
            ("text/*,application/openmetrics-text", OpenMetrics),
            ("*/*,application/openmetrics-text;q=0.9", Text),
            ("*/*,text/plain;q=0.5", OpenMetrics),
            (
                "application/openmetrics-text;q=0.5,application/openmetrics-text;version=1.0.0;q=0,*/*;q=0.1",
                Text,
            ),
            ("application/*", OpenMetrics),
            // Nothing that there is, or nothing that can be read.
            ("application/openmetrics-text;q=0", Text),
            ("application/openmetrics-text;q=0,text/plain;q=0", Text),
            ("application/openmetrics-text;version=2.0.0", Text),
            ("application/openmetrics-text;q=2", Text),
            ("application/openmetrics-text;q=much", Text),
            ("application/openmetrics-text;x=\",text/plain;\"", OpenMetrics),
            (";;,,=q/\"", Text),
        ] {
            assert_eq!(Format::negotiate(accept), wanted, "{accept}");
        }
    }
}
