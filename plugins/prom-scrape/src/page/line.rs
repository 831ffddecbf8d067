//! What a line says.

use super::Format;
use super::cursor::Cursor;

/// Labels in ascending order of their names, without those that are empty: these are as good as none.
pub(crate) type Labels = Vec<(String, String)>;

/// A line of a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// A blank line or a comment.
    Nothing,
    Eof,
    Type(String, String),
    Help(String, String),
    Unit(String, String),
    Sample(Sample),
}

/// One value of one series.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) value: f64,
    pub(super) exemplar: Option<Exemplar>,
}

/// A measurement that stands for others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) labels: Labels,
    pub(crate) value: f64,
    /// In seconds since the Unix epoch.
    pub(crate) time_secs: Option<f64>,
}

impl Line {
    pub(super) fn parse(text: &str, format: Format) -> Result<Self, String> {
        let mut cursor = Cursor::new(text);
        if format == Format::Text {
            cursor.skip_blanks();
        }
        if cursor.is_at_end() {
            return match format {
                Format::Text => Ok(Self::Nothing),
                Format::OpenMetrics => Err("found a blank line, which OpenMetrics does not have".to_owned()),
            };
        }
        if cursor.take('#') {
            Self::comment(cursor, format)
        } else {
            sample(cursor, format).map(Self::Sample)
        }
    }

    fn comment(mut cursor: Cursor<'_>, format: Format) -> Result<Self, String> {
        if format == Format::OpenMetrics && cursor.rest() == " EOF" {
            return Ok(Self::Eof);
        }
        cursor.skip_blanks();
        let keyword = cursor.word();
        if !matches!(keyword, "TYPE" | "HELP" | "UNIT") || (keyword == "UNIT" && format == Format::Text) {
            return Ok(Self::Nothing);
        }
        cursor.skip_blanks();
        let name = if cursor.rest().starts_with('"') { cursor.quoted()? } else { name(cursor.word())? };
        cursor.skip_blanks();
        let rest = cursor.rest();
        Ok(match keyword {
            "TYPE" => Self::Type(name, rest.trim_end().to_owned()),
            "HELP" => Self::Help(name, unescaped(rest)),
            _ => Self::Unit(name, rest.trim_end().to_owned()),
        })
    }
}

/// The text of a description.
fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => unescaped.push('\n'),
                Some(escaped @ ('\\' | '"')) => unescaped.push(escaped),
                Some(other) => unescaped.extend(['\\', other]),
                None => unescaped.push('\\'),
            },
            other => unescaped.push(other),
        }
    }
    unescaped
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '_' | ':'))
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':'))
}

fn name(word: &str) -> Result<String, String> {
    if is_name(word) {
        Ok(word.to_owned())
    } else {
        Err(format!("found `{word}`, expected the name of a metric"))
    }
}

/// A number as Prometheus writes it.
fn number(word: &str) -> Result<f64, String> {
    let wrong = || format!("found `{word}`, expected a number");
    // What Rust reads beyond that.
    if word.is_empty() || word.starts_with(['i', 'n']) {
        return Err(wrong());
    }
    word.parse().map_err(|_| wrong())
}

fn sample(mut cursor: Cursor<'_>, format: Format) -> Result<Sample, String> {
    let mut metric = None;
    if !cursor.rest().starts_with('{') {
        metric = Some(name(cursor.until(|letter| matches!(letter, '{' | ' ' | '\t')))?);
        if format == Format::Text {
            cursor.skip_blanks();
        }
    }
    let labels = if cursor.take('{') { labels(&mut cursor, &mut metric)? } else { Labels::new() };
    let name = metric.ok_or("the name of the metric is missing")?;
    cursor.skip_blanks();
    let value = number(cursor.word())?;
    cursor.skip_blanks();
    if !cursor.is_at_end() && !cursor.rest().starts_with('#') {
        // When the value was read is not for a scrape to say: see the README.
        number(cursor.word())?;
        cursor.skip_blanks();
    }
    let exemplar = match format {
        Format::OpenMetrics if cursor.take('#') => Some(exemplar(&mut cursor)?),
        _ => None,
    };
    if !cursor.is_at_end() {
        return Err(format!("found {}, expected the end of the line", cursor.found()));
    }
    Ok(Sample { name, labels, value, exemplar })
}

fn exemplar(cursor: &mut Cursor<'_>) -> Result<Exemplar, String> {
    cursor.skip_blanks();
    if !cursor.take('{') {
        return Err(format!("found {}, expected the labels of an exemplar", cursor.found()));
    }
    let labels = labels(cursor, &mut Some(String::new()))?;
    cursor.skip_blanks();
    let value = number(cursor.word())?;
    cursor.skip_blanks();
    let time = cursor.word();
    let time_secs = if time.is_empty() { None } else { Some(number(time)?) };
    cursor.skip_blanks();
    Ok(Exemplar { labels, value, time_secs })
}

/// Labels behind `{`. A text in quotes without `=` is the name of the metric, if it has none yet.
fn labels(cursor: &mut Cursor<'_>, metric: &mut Option<String>) -> Result<Labels, String> {
    let mut labels = Labels::new();
    loop {
        cursor.skip_blanks();
        if cursor.take('}') {
            break;
        }
        let is_quoted = cursor.rest().starts_with('"');
        let key = if is_quoted {
            cursor.quoted()?
        } else {
            cursor.until(|letter| matches!(letter, '=' | '}' | ',' | ' ' | '\t')).to_owned()
        };
        cursor.skip_blanks();
        if cursor.take('=') {
            if !is_quoted && (!is_name(&key) || key.contains(':')) {
                return Err(format!("found `{key}`, expected the name of a label"));
            }
            cursor.skip_blanks();
            let value = cursor.quoted()?;
            if labels.iter().any(|(known, _)| *known == key) {
                return Err(format!("the label `{key}` occurs twice"));
            }
            labels.push((key, value));
        } else if is_quoted && metric.is_none() {
            *metric = Some(key);
        } else {
            return Err(format!("found {} behind `{key}`, expected `=`", cursor.found()));
        }
        cursor.skip_blanks();
        if !cursor.take(',') {
            if !cursor.take('}') {
                return Err(format!("found {}, expected `,` or `}}`", cursor.found()));
            }
            break;
        }
    }
    labels.retain(|(_, value)| !value.is_empty());
    labels.sort_unstable();
    Ok(labels)
}
