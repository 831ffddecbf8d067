//! The pieces of one line.

/// What of a line is still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self(line)
    }

    pub(super) fn rest(self) -> &'a str {
        self.0
    }

    pub(super) fn peek(self) -> Option<char> {
        self.0.chars().next()
    }

    pub(super) fn at_blank(self) -> bool {
        self.peek().is_some_and(is_blank)
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches(is_blank);
    }

    /// Up to the next blank.
    pub(super) fn word(&mut self) -> &'a str {
        self.while_true(|character| !is_blank(character))
    }

    pub(super) fn metric_name(&mut self) -> Result<&'a str, String> {
        self.name("metric", |character| is_name(character) || character == ':')
    }

    /// From brace to brace; a comma before the closing one is allowed.
    pub(super) fn labels(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut labels = Vec::new();
        self.take('{');
        loop {
            self.skip_blanks();
            if self.take('}') {
                return distinct(labels);
            }
            let name = self.name("label", is_name)?;
            if name == "__name__" {
                return Err("found label `__name__`, which is reserved for the metric name".to_owned());
            }
            self.skip_blanks();
            if !self.take('=') {
                return Err(format!("found {} after label `{name}`, expected `=`", quoted(self.0)));
            }
            self.skip_blanks();
            labels.push((name.to_owned(), self.label_value(name)?));
            self.skip_blanks();
            if !self.take(',') && self.peek() != Some('}') {
                return Err(format!("found {} after label `{name}`, expected `,` or `}}`", quoted(self.0)));
            }
        }
    }

    fn label_value(&mut self, name: &str) -> Result<String, String> {
        if !self.take('"') {
            return Err(format!("found {} as value of label `{name}`, expected `\"`", quoted(self.0)));
        }
        let mut value = String::new();
        let mut characters = self.0.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => {
                    self.0 = characters.as_str();
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
            return Err(format!("found {}, expected a {what} name", quoted(rest.0)));
        }
        Ok(name)
    }

    fn while_true(&mut self, matches: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|character| !matches(character)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        self.0 = rest;
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

/// The text of a HELP line may only have the escapes it knows.
pub(super) fn help_escapes(text: &str) -> Result<(), String> {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some('\\' | 'n') => {}
                other => return Err(bad_escape(other, "\\\\ or \\n")),
            }
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
