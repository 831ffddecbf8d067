//! The pieces of one line.

use crate::Format;

/// What of a line is still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    /// Whether blanks may be where nothing asks for them, and a comma behind the last label.
    lenient: bool,
}

impl<'a> Cursor<'a> {
    /// A line of the text format 0.0.4.
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line, lenient: true }
    }

    /// A line of OpenMetrics.
    pub(super) fn strict(line: &'a str) -> Self {
        Self { rest: line, lenient: false }
    }

    pub(super) fn rest(self) -> &'a str {
        self.rest
    }

    pub(super) fn peek(self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn at_blank(self) -> bool {
        self.peek().is_some_and(is_blank)
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }

    fn skip_optional(&mut self) {
        if self.lenient {
            self.skip_blanks();
        }
    }

    /// Up to the next blank.
    pub(super) fn word(&mut self) -> &'a str {
        self.while_true(|character| !is_blank(character))
    }

    pub(super) fn metric_name(&mut self) -> Result<&'a str, String> {
        self.name("metric", |character| is_name(character) || character == ':')
    }

    /// From brace to brace.
    pub(super) fn labels(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut labels = Vec::new();
        self.take('{');
        loop {
            self.skip_optional();
            if (self.lenient || labels.is_empty()) && self.take('}') {
                return distinct(labels);
            }
            let name = self.name("label", is_name)?;
            if name == "__name__" {
                return Err("found label `__name__`, which is reserved for the metric name".to_owned());
            }
            self.skip_optional();
            if !self.take('=') {
                return Err(format!("found {} after label `{name}`, expected `=`", quoted(self.rest)));
            }
            self.skip_optional();
            labels.push((name.to_owned(), self.label_value(name)?));
            self.skip_optional();
            if self.take(',') {
                continue;
            }
            if self.take('}') {
                return distinct(labels);
            }
            return Err(format!("found {} after label `{name}`, expected `,` or `}}`", quoted(self.rest)));
        }
    }

    fn label_value(&mut self, name: &str) -> Result<String, String> {
        if !self.take('"') {
            return Err(format!("found {} as value of label `{name}`, expected `\"`", quoted(self.rest)));
        }
        let mut value = String::new();
        let mut characters = self.rest.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => {
                    self.rest = characters.as_str();
                    return Ok(value);
                }
                '\\' => value.push(match characters.next() {
                    Some('\\') => '\\',
                    Some('"') => '"',
                    Some('n') => '\n',
                    other => return Err(bad_escape(other, "\\\\, \\\" or \\n")),
                }),
                other => value.push(other),
            }
        }
        Err(format!("the value of label `{name}` has no closing `\"`"))
    }

    fn name(&mut self, what: &str, allowed: impl Fn(char) -> bool) -> Result<&'a str, String> {
        let rest = *self;
        let name = self.while_true(allowed);
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!("found {}, expected a {what} name", quoted(rest.rest)));
        }
        Ok(name)
    }

    fn while_true(&mut self, matches: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !matches(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

fn is_blank(character: char) -> bool {
    character == ' ' || character == '\t'
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn distinct(labels: Vec<(String, String)>) -> Result<Vec<(String, String)>, String> {
    let mut names: Vec<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [name, next] = pair
            && name == next
        {
            return Err(format!("found label {} twice, expected each once", quoted(name)));
        }
    }
    Ok(labels)
}

fn bad_escape(found: Option<char>, expected: &str) -> String {
    match found {
        Some(found) => format!("found escape `\\{}`, expected {expected}", found.escape_debug()),
        None => format!("found `\\` at the end of the line, expected {expected}"),
    }
}

/// The text of a HELP line may only have the escapes that the format knows.
pub(super) fn help_escapes(text: &str, format: Format) -> Result<(), String> {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some('\\' | 'n') => {}
                Some('"') if format == Format::OpenMetrics => {}
                other => return Err(bad_escape(other, "\\\\ or \\n")),
            }
        } else if character == '"' && format == Format::OpenMetrics {
            return Err("found `\"` in the text of a `# HELP`, expected it as \\\"".to_owned());
        }
    }
    Ok(())
}

/// A number as Go's `strconv.ParseFloat` takes it, without the hexadecimal forms, which Prometheus refuses too.
pub(super) fn float(text: &str) -> Result<f64, String> {
    let problem = || format!("found {}, expected a number", quoted(text));
    let value: f64 = text.parse().map_err(|_| problem())?;
    let unsigned = text.trim_start_matches(['+', '-']);
    let named = unsigned.starts_with(|first: char| first.is_ascii_alphabetic());
    // Go has no signed NaN, and a number beyond the doubles is an error there.
    let refused = if value.is_nan() { unsigned != text } else { value.is_infinite() && !named };
    if refused { Err(problem()) } else { Ok(value) }
}

/// The beginning of untrusted text, fit for an error message.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    if text.is_empty() {
        return "the end of the line".to_owned();
    }
    let shown: String = text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(SHOWN_CHARS_MAX).is_some() { "..." } else { "" };
    format!("`{shown}{more}`")
}
