//! The parts of the checks that no guest needs to be built for.

use super::nested::check_nested;

#[test]
fn nested_values_are_otlp_json() {
    for good in [
        r#"{"arrayValue":{"values":[{"intValue":"1"}]}}"#,
        r#"{"kvlistValue":{"values":[{"key":"[[[","value":{"stringValue":"\"]"}}]}}"#,
        r#"{"stringValue":""}"#,
    ] {
        assert_eq!(check_nested(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "null",
        "{}",
        "[]",
        r#"{"intValue":"1","boolValue":true}"#,
        r#"{"arrayvalue":{}}"#,
        r#"{"arrayValue":{"values":[}}"#,
        r#"{"stringValue":"x"} trailing"#,
        "\u{0}",
    ] {
        assert!(check_nested(bad).is_err(), "{bad}");
    }
}

/// An array in an array, so many deep.
fn arrays(levels: usize) -> String {
    format!(r#"{}{{"intValue":"1"}}{}"#, r#"{"arrayValue":{"values":["#.repeat(levels), "]}}".repeat(levels))
}

#[test]
fn nesting_is_bounded_where_the_receivers_bound_it() {
    assert_eq!(check_nested(&arrays(64)), Ok(()));
    assert!(check_nested(&arrays(10_000)).is_err());
    // Brackets in text do not count.
    let brackets = "[".repeat(10_000);
    assert_eq!(check_nested(&format!(r#"{{"stringValue":"{brackets}"}}"#)), Ok(()));
}
