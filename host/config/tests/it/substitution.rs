//! The table of the specification (configuration data model, "Environment variable substitution"), row by row.

use wasmeter_config::{Problem, load_file};
use wasmeter_model::{Value, ValueRef};

use crate::{env, lines};

const VARIABLES: [(&str, &str); 9] = [
    ("EMPTY", ""),
    ("STRING_VALUE", "value"),
    ("BOOL_VALUE", "true"),
    ("INT_VALUE", "1"),
    ("FLOAT_VALUE", "1.1"),
    ("HEX_VALUE", "0xdeadbeef"),
    ("INVALID_MAP_VALUE", "value\nkey:value"),
    ("REPLACE_ME", "${DO_NOT_REPLACE_ME}"),
    ("VALUE_WITH_ESCAPE", "value$$"),
];

/// What a resource attribute of `of` becomes for the scalar `text`.
fn attribute(text: &str, of: &str) -> Result<Option<Value>, Vec<Problem>> {
    let file = format!(
        "file_format: \"1.1\"\nresource:\n  attributes:\n    - name: key\n      type: {of}\n      value: {text}\n"
    );
    let config = load_file("wasmeter.yaml", &file, &env(VARIABLES))?;
    Ok(config.resource.attributes.get("key").map(ValueRef::to_value))
}

#[test]
fn references_are_replaced_as_the_table_of_the_specification_says() {
    let cases: &[(&str, &str, Option<Value>)] = &[
        ("${STRING_VALUE}", "string", Some("value".into())),
        ("${BOOL_VALUE}", "bool", Some(true.into())),
        ("${INT_VALUE}", "int", Some(1.into())),
        ("${FLOAT_VALUE}", "double", Some(1.1.into())),
        ("${HEX_VALUE}", "int", Some(3_735_928_559.into())),
        ("\"${STRING_VALUE}\"", "string", Some("value".into())),
        ("\"${BOOL_VALUE}\"", "string", Some("true".into())),
        ("\"${INT_VALUE}\"", "string", Some("1".into())),
        ("\"${FLOAT_VALUE}\"", "string", Some("1.1".into())),
        ("\"${HEX_VALUE}\"", "string", Some("0xdeadbeef".into())),
        ("${env:STRING_VALUE}", "string", Some("value".into())),
        ("${env:UNDEFINED_KEY:-fallback}", "string", Some("fallback".into())),
        ("${INVALID_MAP_VALUE}", "string", Some("value\nkey:value".into())),
        ("foo ${STRING_VALUE} ${FLOAT_VALUE}", "string", Some("foo value 1.1".into())),
        ("${UNDEFINED_KEY}", "string", None),
        ("${UNDEFINED_KEY:-fallback}", "string", Some("fallback".into())),
        ("${EMPTY:-fallback}", "string", Some("fallback".into())),
        ("${EMPTY}", "string", None),
        ("\"${EMPTY}\"", "string", Some("".into())),
        ("${REPLACE_ME}", "string", Some("${DO_NOT_REPLACE_ME}".into())),
        ("${UNDEFINED_KEY:-${STRING_VALUE}}", "string", Some("${STRING_VALUE}".into())),
        ("$${STRING_VALUE}", "string", Some("${STRING_VALUE}".into())),
        ("$$${STRING_VALUE}", "string", Some("$value".into())),
        ("$$$${STRING_VALUE}", "string", Some("$${STRING_VALUE}".into())),
        ("$${STRING_VALUE:-fallback}", "string", Some("${STRING_VALUE:-fallback}".into())),
        ("$${STRING_VALUE:-${STRING_VALUE}}", "string", Some("${STRING_VALUE:-value}".into())),
        ("${UNDEFINED_KEY:-$${UNDEFINED_KEY}}", "string", Some("${UNDEFINED_KEY:-${UNDEFINED_KEY}}".into())),
        ("${VALUE_WITH_ESCAPE}", "string", Some("value$$".into())),
        ("a $$ b", "string", Some("a $ b".into())),
        ("a $ b", "string", Some("a $ b".into())),
        ("'$${FOO} ${STRING_VALUE} $${BAZ}'", "string", Some("${FOO} value ${BAZ}".into())),
    ];
    for (text, of, expected) in cases {
        let found = attribute(text, of).unwrap_or_else(|problems| panic!("{text}: {}", lines(&problems)));
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn the_type_follows_from_what_was_substituted() {
    assert!(lines(&attribute("${INT_VALUE}", "string").unwrap_err()).contains("found the number `1`"));
    assert!(lines(&attribute("\"${INT_VALUE}\"", "int").unwrap_err()).contains("found the text `1`"));
}

#[test]
fn what_is_not_a_reference_to_a_variable_is_refused() {
    for text in [
        "${STRING_VALUE:?error}",
        "${1API_KEY}",
        "${API_$KEY}",
        "${sys:user.home}",
        "${A B}",
        "${:-x}",
        "${env:}",
    ] {
        let found = lines(&attribute(text, "string").unwrap_err());
        assert!(found.starts_with("wasmeter.yaml:6:14: resource.attributes[0].value: "), "{found}");
        assert!(found.contains("is not a reference to an environment variable"), "{text}: {found}");
    }
}

#[test]
fn keys_are_not_substituted() {
    let file = "file_format: \"1.1\"\n${STRING_VALUE}: value\n";
    let found = load_file("wasmeter.yaml", file, &env(VARIABLES)).unwrap_err();
    assert!(lines(&found).contains("${STRING_VALUE}: unknown key"));
}
