//! Times, numbers, texts and attributes, read and written alike.

use wasmeter_model::{Attributes, Number, Timestamp, Value, ValueRef};

use super::Fault;
use super::words::{split, within};

/// Where the times of scripts begin. Not 1970, since a time of 0 means "unknown" and scripts may look back a little.
const EPOCH_NANOS: i128 = 1_000_000_000_000_000_000;
const SECOND: i128 = 1_000_000_000;

/// A span in nanoseconds, such as `10s`, `1.5s`, `-2s`, `250ms`, `5m`, `1h`.
fn nanos(word: &str) -> Option<i128> {
    let units = [("ms", SECOND / 1000), ("ns", 1), ("s", SECOND), ("m", 60 * SECOND), ("h", 3600 * SECOND)];
    let (digits, unit) = units.iter().find_map(|(name, unit)| Some((word.strip_suffix(name)?, *unit)))?;
    let (sign, digits) = digits.strip_prefix('-').map_or((1, digits), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || fraction.len() > 9 || !is_number(whole) || !is_number(fraction)
    {
        return None;
    }
    let parts = 10i128.pow(u32::try_from(fraction.len()).ok()?);
    let scaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(sign * scaled * unit / parts)
}

/// A point in time of the script.
pub(super) fn time(word: &str) -> Result<Timestamp, Fault> {
    let nanos = nanos(word).and_then(|nanos| u64::try_from(EPOCH_NANOS + nanos).ok());
    nanos
        .map(Timestamp)
        .ok_or_else(|| format!("`{word}` is no time, expected for example `10s`, `1.5s`, `-2s`, `5m`, `1h`"))
}

/// A span of time.
pub(super) fn duration(word: &str) -> Result<std::time::Duration, Fault> {
    let nanos = nanos(word).and_then(|nanos| u64::try_from(nanos).ok());
    nanos
        .map(std::time::Duration::from_nanos)
        .ok_or_else(|| format!("`{word}` is no span of time, expected for example `30s`"))
}

/// A point in time, in seconds; nothing if it is unknown.
pub(super) fn time_text(time: Timestamp) -> String {
    if time.is_unknown() {
        return String::new();
    }
    let nanos = i128::from(time.0) - EPOCH_NANOS;
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.abs());
    let fraction = format!("{:09}", nanos % SECOND);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}s", nanos / SECOND)
}

/// `[start..time]`, of which either may be left out if it is unknown.
pub(super) fn interval(word: &str) -> Result<(Timestamp, Timestamp), Fault> {
    let (start, end) = within(word, '[', ']')?
        .split_once("..")
        .ok_or_else(|| format!("expected `[start..time]`, found `{word}`"))?;
    let of = |word: &str| if word.is_empty() { Ok(Timestamp::UNKNOWN) } else { time(word) };
    Ok((of(start)?, of(end)?))
}

/// True if the word looks like a double, which has a point, an exponent or one of three names.
fn double(word: &str) -> Option<f64> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let is_double =
        matches!(digits, "NaN" | "inf") || digits.starts_with(|letter: char| letter.is_ascii_digit());
    is_double.then(|| word.parse().ok()).flatten()
}

/// `5` is an integer, `5.0` and `NaN` are doubles.
pub(super) fn number(word: &str) -> Result<Number, Fault> {
    let int = word.parse().ok().map(Number::Int);
    int.or_else(|| double(word).map(Number::Double)).ok_or_else(|| format!("`{word}` is no number"))
}

/// As [`number`] reads it.
pub(super) fn number_text(number: Number) -> String {
    match number {
        Number::Int(int) => int.to_string(),
        Number::Double(double) => format!("{double:?}"),
    }
}

/// A double where there can be no integer: without `.0`.
pub(super) fn double_text(double: f64) -> String {
    let text = format!("{double:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A word as it is or between quotes, with Rust's escapes.
pub(super) fn text(word: &str) -> Result<String, Fault> {
    if !word.starts_with('"') {
        return Ok(word.to_owned());
    }
    let mut letters = within(word, '"', '"')?.chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('u') => {
                    let code: String = letters.by_ref().skip(1).take_while(|letter| *letter != '}').collect();
                    u32::from_str_radix(&code, 16)
                        .ok()
                        .and_then(char::from_u32)
                        .ok_or_else(|| format!("`{code}` is no character, in {word}"))?
                }
                Some(other) => other,
                None => return Err(format!("the escape at the end of {word} says nothing")),
            },
            other => other,
        };
        text.push(letter);
    }
    Ok(text)
}

/// As [`text`] reads it: quoted only where it has to be.
pub(super) fn text_text(text: &str) -> String {
    let is_plain =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !"\"\\{}[],=#".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("{text:?}") }
}

/// An attribute's value: `true`, `5`, `5.0`, `none` for the empty value, `bytes"…"` and `nested"…"`; all else is text.
fn value(word: &str) -> Result<Value, Fault> {
    let value = match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "none" => Value::Empty,
        _ if word.starts_with("bytes\"") => Value::Bytes(text(&word["bytes".len()..])?.into_bytes().into()),
        _ if word.starts_with("nested\"") => Value::Nested(text(&word["nested".len()..])?.into()),
        _ if word.starts_with('"') => Value::String(text(word)?.into()),
        _ => match number(word) {
            Ok(Number::Int(int)) => Value::Int(int),
            Ok(Number::Double(double)) => Value::Double(double),
            Err(_) => Value::String(word.into()),
        },
    };
    Ok(value)
}

/// As [`value`] reads it.
fn value_text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Empty => "none".to_owned(),
        ValueRef::Bool(truth) => truth.to_string(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Double(double) => format!("{double:?}"),
        ValueRef::Bytes(bytes) => format!("bytes{:?}", String::from_utf8_lossy(bytes)),
        ValueRef::Nested(text) => format!("nested{text:?}"),
        ValueRef::String(text) => {
            let plain = text_text(text);
            // What reads as something else needs the quotes, too.
            let is_text = matches!(self::value(&plain), Ok(Value::String(_)));
            if is_text { plain } else { format!("{text:?}") }
        }
    }
}

/// `key=value` as given, the key quoted if it has to be.
pub(super) fn pair(word: &str) -> Result<(String, Value), Fault> {
    let (key, said) = match split(word, |letter| letter == '=')?.first() {
        Some(key) if word.len() > key.len() => (*key, &word[key.len() + 1..]),
        _ => return Err(format!("expected `key=value`, found `{word}`")),
    };
    Ok((text(key)?, value(said)?))
}

/// The pairs of `{a=1, b=x}`, in order, duplicates included.
pub(super) fn pairs(word: &str) -> Result<Vec<(String, Value)>, Fault> {
    split(within(word, '{', '}')?, |letter| letter == ',')?.into_iter().map(pair).collect()
}

/// A set, from words such as `a=1`.
pub(super) fn attributes(words: &[&str]) -> Result<Attributes, Fault> {
    let pairs: Result<Vec<_>, Fault> = words.iter().map(|word| pair(word)).collect();
    Ok(pairs?.into_iter().collect())
}

/// As [`pairs`] reads it.
pub(super) fn pairs_text<'a>(pairs: impl Iterator<Item = (&'a str, ValueRef<'a>)>) -> String {
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{}={}", text_text(key), value_text(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_to_the_nanosecond() {
        for (word, text) in [
            ("10s", "10s"),
            ("-2s", "-2s"),
            ("1.5s", "1.5s"),
            ("250ms", "0.25s"),
            ("5m", "300s"),
            ("10.000000007s", "10.000000007s"),
        ] {
            assert_eq!(time_text(time(word).unwrap()), text);
        }
        for word in ["10", "s", "1..2s", "1e3s", ""] {
            assert!(time(word).is_err(), "{word}");
        }
    }

    #[test]
    fn attributes_of_every_type_are_read_as_they_are_written() {
        let word = r#"{a=x, b="1", c=1, d=1.0, e=true, f="true", "g h"="i, j", k=none, l="", m=NaN, n=-0.0, o=bytes"ab", p=nested"{}"}"#;
        let pairs = pairs(word).unwrap();
        let refs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
        assert_eq!(pairs_text(refs), word);
    }
}
