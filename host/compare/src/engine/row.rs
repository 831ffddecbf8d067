//! A series as text, the same from both engines if it is the same series with the same value.

use std::fmt;

/// A series and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name, attributes by key, kind and value.
    text: String,
    /// How much was added up: the value of a number, the count of a histogram.
    amount: f64,
}

impl Row {
    /// A row of a metric, its attributes in any order, the kind of its points and their value.
    pub(super) fn new(
        metric: &str,
        attributes: impl Iterator<Item = (String, String)>,
        kind: &str,
        (amount, value): (f64, String),
    ) -> Self {
        let mut pairs: Vec<String> = attributes.map(|(key, value)| format!("{key}={value}")).collect();
        pairs.sort();
        let pairs = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
        Self { text: format!("{metric}{pairs} {kind} {value}"), amount }
    }

    /// How much was added up: the value of a number, the count of a histogram.
    pub fn amount(&self) -> f64 {
        self.amount
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The value of a number point.
pub(super) fn number(value: impl Into<f64> + fmt::Display + Copy) -> (f64, String) {
    (value.into(), value.to_string())
}

/// The value of an explicit histogram.
pub(super) fn histogram(
    count: u64,
    sum: f64,
    range: (Option<f64>, Option<f64>),
    buckets: &[u64],
) -> (f64, String) {
    let ends = |end: Option<f64>| end.map_or("none".to_owned(), |end| end.to_string());
    let (min, max) = (ends(range.0), ends(range.1));
    (count as f64, format!("count={count} sum={sum} min={min} max={max} buckets={buckets:?}"))
}

/// Rows as one line.
pub fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "nothing".to_owned();
    }
    rows.iter().map(Row::to_string).collect::<Vec<_>>().join("; ")
}

/// Rows in an order that does not depend on the engine.
pub(super) fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| a.text.cmp(&b.text));
    rows
}
