//! What tells series apart.

use super::Sample;

/// The labels that tell a series apart: in order, without empty ones and without `bound`.
fn labels<'a>(sample: &'a Sample, bound: Option<&str>) -> Vec<&'a (String, String)> {
    let named = |name: &str| Some(name) != bound;
    let mut labels: Vec<_> =
        sample.labels.iter().filter(|(name, value)| named(name) && !value.is_empty()).collect();
    labels.sort_unstable();
    labels
}

/// Name and labels as one text, which differs where they differ.
pub(super) fn identity(name: &str, sample: &Sample, bound: Option<&str>) -> String {
    let mut identity = name.to_owned();
    for (name, value) in labels(sample, bound) {
        // The length keeps a value from passing for more labels.
        identity.extend([" ", name, " ", &value.len().to_string(), " ", value]);
    }
    identity
}

/// What a series is called in an error.
pub(super) fn series_text(name: &str, sample: &Sample, bound: Option<&str>) -> String {
    let labels: Vec<String> =
        labels(sample, bound).into_iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}
