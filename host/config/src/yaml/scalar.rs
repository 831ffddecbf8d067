//! The types of scalars: YAML 1.2, section 10.3.2, "Tag Resolution" of the core schema.

use super::Content;

/// What a plain scalar is.
pub(super) fn resolve(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" => return Content::Bool(true),
        "false" | "False" | "FALSE" => return Content::Bool(false),
        _ => {}
    }
    if let Some(int) = integer(text) {
        return int;
    }
    match float(text) {
        Some(float) => Content::Float(float),
        None => Content::String(text.to_owned()),
    }
}

/// An integer; one that does not fit 64 bits is taken for a float, so that it is reported as out of range and not as text.
#[expect(clippy::cast_precision_loss, reason = "only its being far out of range matters")]
fn integer(text: &str) -> Option<Content> {
    let radix = |digits: &str, radix: u32| {
        // `from_str_radix` would take a sign.
        if !digits.chars().all(|digit| digit.is_digit(radix)) || digits.is_empty() {
            return None;
        }
        match u64::from_str_radix(digits, radix) {
            Ok(value) => Some(i64::try_from(value).map_or(Content::Float(value as f64), Content::Int)),
            Err(_) => Some(Content::Float(f64::MAX)),
        }
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    text.parse().ok().map(Content::Int)
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, the infinities and NaN.
fn float(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(unsigned) => (if text.starts_with('-') { -1.0 } else { 1.0 }, unsigned),
        None => (1.0, text),
    };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(f64::NAN);
    }
    // What Rust parses beyond the grammar are words: `inf`, `nan`, `infinity`.
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|c: char| c.is_ascii_digit());
    if begins { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_of_the_core_schema() {
        let kind = |text: &str| match resolve(text) {
            Content::Null => "null".to_owned(),
            Content::Bool(value) => format!("bool {value}"),
            Content::Int(value) => format!("int {value}"),
            Content::Float(value) => format!("float {value:?}"),
            Content::String(value) => format!("string {value}"),
            _ => "other".to_owned(),
        };
        let cases = [
            ("", "null"),
            ("~", "null"),
            ("TRUE", "bool true"),
            ("yes", "string yes"),
            ("0", "int 0"),
            ("-17", "int -17"),
            ("+17", "int 17"),
            ("007", "int 7"),
            ("0o17", "int 15"),
            ("0xdeadbeef", "int 3735928559"),
            ("0x-1", "string 0x-1"),
            ("0x", "string 0x"),
            ("1_000", "string 1_000"),
            ("1.", "float 1.0"),
            (".5", "float 0.5"),
            ("-1e3", "float -1000.0"),
            ("-.inf", "float -inf"),
            (".NaN", "float NaN"),
            ("inf", "string inf"),
            ("nan", "string nan"),
            ("+", "string +"),
            (".", "string ."),
            ("1.2.3", "string 1.2.3"),
            ("9223372036854775808", "float 9.223372036854776e18"),
        ];
        for (text, expected) in cases {
            assert_eq!(kind(text), expected, "{text:?}");
        }
    }
}
