//! The reader of OpenMetrics 1.0: its lines. The rules that span lines are in [`families`].

mod families;

use super::cursor::{Cursor, float, help_escapes, quoted};
use super::{Exemplar, ParseError, Sample};
use crate::{FamilyKind, Format};
use families::Families;

const FORMAT: Format = Format::OpenMetrics;
/// Characters of all names and values of an exemplar's labels together (OpenMetrics 1.0, "Exemplars").
const EXEMPLAR_CHARS_MAX: usize = 128;

/// Reads a page of OpenMetrics 1.0.
///
/// State sets and gauge histograms are refused: no page of this crate has them.
///
/// # Errors
///
/// The first line that breaks the format, or a rule of the format that spans lines: `# EOF` last; one `# TYPE`, `# UNIT`
/// and `# HELP` per family, before its samples; the samples of a family and of a metric together; no series twice (labels
/// with empty values count as absent); a unit that the name ends in; names that no other family may need; counters,
/// counts and sums not below 0; buckets ascending, cumulative and up to `+Inf`, where they equal the count; a count if,
/// and only if, there is a sum; exemplars on buckets that have them in their range and on totals, and nowhere else, with
/// labels of at most 128 characters.
pub fn parse_openmetrics(text: &str) -> Result<Vec<Sample>, ParseError> {
    let mut families = Families::default();
    let mut samples = Vec::new();
    let mut number = 0;
    let mut ended = false;
    let at = |line: usize| move |problem: String| ParseError { line, problem };
    for line in text.split_terminator('\n') {
        number += 1;
        if ended {
            return Err(at(number)(format!("found {} behind `# EOF`, expected nothing", quoted(line))));
        }
        if line == "# EOF" {
            families.finish().map_err(at(number))?;
            ended = true;
        } else if let Some(comment) = line.strip_prefix("# ") {
            descriptor(comment, &mut families).map_err(at(number))?;
        } else {
            let mut sample = sample(line).map_err(at(number))?;
            families.sample(&mut sample).map_err(at(number))?;
            samples.push(sample);
        }
    }
    if !ended {
        return Err(at(number)("the page ends without `# EOF`".to_owned()));
    }
    Ok(samples)
}

fn descriptor(line: &str, families: &mut Families) -> Result<(), String> {
    let mut cursor = Cursor::strict(line);
    let keyword = cursor.word();
    if !matches!(keyword, "TYPE" | "UNIT" | "HELP") {
        return Err(format!(
            "found {} behind `#`, expected `TYPE`, `UNIT`, `HELP` or `EOF`",
            quoted(keyword)
        ));
    }
    expect(&mut cursor, ' ')?;
    let name = cursor.metric_name()?;
    expect(&mut cursor, ' ')?;
    let text = cursor.rest();
    match keyword {
        "TYPE" => {
            let kind = FamilyKind::from_word(text, FORMAT).ok_or_else(|| {
                let found = quoted(text);
                format!(
                    "found {found} after `# TYPE {name}`, expected counter, gauge, histogram, summary, info or unknown"
                )
            })?;
            families.kind(name, kind)
        }
        "UNIT" => families.unit(name, text),
        _ => {
            help_escapes(text, FORMAT)?;
            families.help(name)
        }
    }
}

fn sample(line: &str) -> Result<Sample, String> {
    let mut cursor = Cursor::strict(line);
    let name = cursor.metric_name()?.to_owned();
    let labels = if cursor.peek() == Some('{') { cursor.labels()? } else { Vec::new() };
    expect(&mut cursor, ' ')?;
    let text = cursor.word().to_owned();
    let value = float(&text)?;
    let mut sample = Sample {
        name,
        labels,
        text,
        value,
        timestamp_millis: None,
        kind: FamilyKind::Untyped,
        exemplar: None,
    };
    if cursor.peek().is_none() {
        return Ok(sample);
    }
    expect(&mut cursor, ' ')?;
    if cursor.peek() != Some('#') {
        let (_, seconds) = time(cursor.word())?;
        sample.timestamp_millis = Some((seconds * 1000.0).round() as i64);
        if cursor.peek().is_none() {
            return Ok(sample);
        }
        expect(&mut cursor, ' ')?;
    }
    sample.exemplar = Some(exemplar(cursor)?);
    Ok(sample)
}

fn exemplar(mut cursor: Cursor<'_>) -> Result<Exemplar, String> {
    expect(&mut cursor, '#')?;
    expect(&mut cursor, ' ')?;
    if cursor.peek() != Some('{') {
        return Err(format!(
            "found {} behind `#`, expected the labels of an exemplar",
            quoted(cursor.rest())
        ));
    }
    let labels = cursor.labels()?;
    let chars: usize = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if chars > EXEMPLAR_CHARS_MAX {
        return Err(format!(
            "found an exemplar with labels of {chars} characters, expected at most {EXEMPLAR_CHARS_MAX}"
        ));
    }
    expect(&mut cursor, ' ')?;
    let value = float(cursor.word())?;
    let mut written = None;
    if cursor.peek().is_some() {
        expect(&mut cursor, ' ')?;
        written = Some(time(cursor.rest())?.0.to_owned());
    }
    Ok(Exemplar { labels, value, time: written })
}

/// A time as written, and in seconds.
fn time(text: &str) -> Result<(&str, f64), String> {
    match float(text) {
        Ok(seconds) if seconds.is_finite() => Ok((text, seconds)),
        _ => {
            Err(format!("found {} behind the value, expected a time in seconds or an exemplar", quoted(text)))
        }
    }
}

fn expect(cursor: &mut Cursor<'_>, wanted: char) -> Result<(), String> {
    if cursor.take(wanted) {
        return Ok(());
    }
    let what = if wanted == ' ' { "one blank".to_owned() } else { format!("`{wanted}`") };
    Err(format!("found {}, expected {what}", quoted(cursor.rest())))
}

#[cfg(test)]
mod tests;
