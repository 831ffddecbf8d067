//! What the specification demands of names and boundaries.

use wasmeter_model::limits::{BUCKETS_MAX, NAME_BYTES_MAX};

/// What is wrong with the name of an instrument; `None` if nothing (metrics API, "Instrument name syntax").
pub(crate) fn name_fault(name: &str) -> Option<String> {
    let Some(first) = name.chars().next() else { return Some("it is empty".to_owned()) };
    if !first.is_ascii_alphabetic() {
        return Some(format!("it begins with {first:?}, expected an ASCII letter"));
    }
    let allowed = |char: &char| char.is_ascii_alphanumeric() || "_.-/".contains(*char);
    if let Some(found) = name.chars().find(|char| !allowed(char)) {
        return Some(format!("found {found:?}, expected ASCII letters, digits, `_`, `.`, `-` and `/`"));
    }
    (name.len() > NAME_BYTES_MAX)
        .then(|| format!("it has {} characters, expected at most {NAME_BYTES_MAX}", name.len()))
}

/// What is wrong with bucket boundaries; `None` if nothing.
pub(crate) fn boundaries_fault(boundaries: &[f64]) -> Option<String> {
    if boundaries.len() >= BUCKETS_MAX {
        return Some(format!("found {}, expected fewer than {BUCKETS_MAX}", boundaries.len()));
    }
    if let Some(found) = boundaries.iter().find(|boundary| !boundary.is_finite()) {
        return Some(format!("found {found}, expected finite numbers"));
    }
    let pairs = boundaries.iter().zip(boundaries.iter().skip(1));
    pairs
        .into_iter()
        .find(|(low, high)| low >= high)
        .map(|(low, high)| format!("found {high} after {low}, expected ascending numbers"))
}

#[cfg(test)]
mod tests {
    use super::{boundaries_fault, name_fault};

    #[test]
    fn b3_names_have_the_specified_syntax() {
        let longest = "a".repeat(255);
        for name in ["a", "http.server-request_duration/s", "A9", &longest] {
            assert_eq!(name_fault(name), None, "{name}");
        }
        let too_long = "a".repeat(256);
        for name in ["", "9a", "_a", "a b", "a\u{e9}", "a:b", &too_long] {
            assert!(name_fault(name).is_some(), "{name}");
        }
    }

    #[test]
    fn boundaries_are_finite_and_ascending() {
        for boundaries in [&[] as &[f64], &[1.0], &[-1.0, 0.0, 1.0]] {
            assert_eq!(boundaries_fault(boundaries), None);
        }
        let many: Vec<f64> = (0..16_384).map(f64::from).collect();
        for boundaries in [&[1.0, 1.0] as &[f64], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY], &many] {
            assert!(boundaries_fault(boundaries).is_some(), "{boundaries:?}");
        }
    }
}
