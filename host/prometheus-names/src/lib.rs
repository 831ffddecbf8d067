//! From OpenTelemetry names to those of Prometheus, the same for the page and for plugins that send to Prometheus.
//!
//! Knows nothing of metrics but their names, and depends on nothing, so that it fits into a component.

mod number;
mod units;

pub use number::number_text;

/// How names are translated (Prometheus exporter specification, "Translation strategy").
///
/// The text format 0.0.4 is written with `escaping=underscores` in any case, so the two strategies that keep UTF-8
/// differ from the others only in that runs of underscores are not collapsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TranslationStrategy {
    /// Escaped, with unit and type suffixes: `foo.bar` in `By` is `foo_bar_bytes_total` as a counter.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// Escaped, without suffixes: `foo_bar`.
    UnderscoreEscapingWithoutSuffixes,
    /// Not translated but for suffixes, then escaped as the format needs.
    NoUtf8EscapingWithSuffixes,
    /// Not translated, then escaped as the format needs.
    NoTranslation,
}

impl TranslationStrategy {
    fn adds_suffixes(self) -> bool {
        matches!(self, Self::UnderscoreEscapingWithSuffixes | Self::NoUtf8EscapingWithSuffixes)
    }

    fn collapses_underscores(self) -> bool {
        matches!(self, Self::UnderscoreEscapingWithSuffixes | Self::UnderscoreEscapingWithoutSuffixes)
    }
}

/// What a metric becomes, as far as its name shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    /// Counters end in `_total`.
    Total,
    /// Gauges of unit `1` end in `_ratio`; otherwise nothing. Up-down-counters in `1` count things and are no ratios.
    Ratio,
    /// Info metrics end in `_info`.
    Info,
    /// Nothing.
    None,
}

/// What a family is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyName {
    /// Its name in the text format 0.0.4, with the suffix of its type.
    pub full: String,
    /// Its unit in Prometheus' words, if the name says so before the suffix of the type; else empty.
    pub unit: String,
}

/// The name of the family of a metric; `None` if nothing of the name is left.
pub fn family(strategy: TranslationStrategy, name: &str, unit: &str, suffix: Suffix) -> Option<FamilyName> {
    let mut base = match strategy.collapses_underscores() {
        true => escape(name, true, true),
        false => name.to_owned(),
    };
    if base.is_empty() {
        return None;
    }
    let type_suffix = match suffix {
        Suffix::Total if strategy.adds_suffixes() => "total",
        Suffix::Ratio if strategy.adds_suffixes() && unit.trim() == "1" => "ratio",
        // Not a matter of taste: OpenMetrics demands it, and in the text format the name is all that says so.
        Suffix::Info => "info",
        _ => "",
    };
    // The unit stands before the type, so a type that is there already makes room.
    if let Some(stem) = stem(&base, type_suffix).filter(|stem| !stem.is_empty()) {
        base.truncate(stem.len());
    }
    let unit = units::words(unit);
    if strategy.adds_suffixes() && !unit.is_empty() && stem(&base, &unit).is_none() {
        base.push('_');
        base.push_str(&unit);
    }
    if !type_suffix.is_empty() {
        base.push('_');
        base.push_str(type_suffix);
    }
    let mut full = escape(&base, true, strategy.collapses_underscores());
    if full.starts_with(|first: char| first.is_ascii_digit()) {
        full.insert(0, '_');
    }
    let unit = if type_suffix == "ratio" { type_suffix.to_owned() } else { unit };
    let says_unit =
        openmetrics_base(&full, suffix).strip_suffix(&unit).is_some_and(|rest| rest.ends_with('_'));
    Some(FamilyName { unit: if says_unit { unit } else { String::new() }, full })
}

/// The name of a family of OpenMetrics, which is without the suffix of the series' names.
fn openmetrics_base(full: &str, suffix: Suffix) -> &str {
    let ending = match suffix {
        Suffix::Total => "_total",
        Suffix::Info => "_info",
        Suffix::Ratio | Suffix::None => "",
    };
    full.strip_suffix(ending).unwrap_or(full)
}

/// What stands before `suffix` and its delimiter, if `name` ends in that word.
fn stem<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    if suffix.is_empty() {
        return None;
    }
    let stem = name.strip_suffix(suffix)?;
    match stem.chars().next_back() {
        None => Some(stem),
        Some(last) if last.is_alphanumeric() => None,
        Some(last) => stem.get(..stem.len() - last.len_utf8()),
    }
}

/// The name of the label of an attribute. Never empty, never one that Prometheus reserves (`__*`).
pub fn label(strategy: TranslationStrategy, key: &str) -> String {
    let escaped = escape(key, false, strategy.collapses_underscores());
    match escaped.bytes().next() {
        None => "_".to_owned(),
        Some(b'0'..=b'9') => format!("key_{escaped}"),
        Some(b'_') => format!("_{}", escaped.trim_start_matches('_')),
        Some(_) => escaped,
    }
}

/// Every character that the format does not allow as `_`; colons are for metric names only.
fn escape(text: &str, colons: bool, collapse: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let allowed = character.is_ascii_alphanumeric() || (colons && character == ':');
        if allowed {
            out.push(character);
        } else if !(collapse && out.ends_with('_')) {
            out.push('_');
        }
    }
    out
}

#[cfg(test)]
mod tests;
