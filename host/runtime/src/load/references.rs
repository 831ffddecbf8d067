//! `${secret:NAME}` in `[config]`: the granted secret of that name, put in its place when the plugin is loaded. So a plugin is
//! configured with a token that stands in no settings file, whatever language it is written in, and without access to variables.

use serde_json::{Map, Value as Json};

use crate::failure::{FailureKind, Refusal, clean, list};

/// How a reference begins. Names have no `}`.
const BEGIN: &str = "${secret:";

/// True if a text in the configuration refers to a secret.
pub(super) fn has_reference(config: &Map<String, Json>) -> bool {
    fn refers(value: &Json) -> bool {
        match value {
            Json::String(text) => text.contains(BEGIN),
            Json::Array(values) => values.iter().any(refers),
            Json::Object(object) => object.values().any(refers),
            Json::Null | Json::Bool(_) | Json::Number(_) => false,
        }
    }
    config.values().any(refers)
}

/// Replaces the references in all texts of the configuration, its keys excepted, by the secrets, given with their names. What is put
/// in is not searched again.
pub(super) fn resolve(config: &mut Map<String, Json>, secrets: &[(&str, &str)]) -> Result<(), Refusal> {
    config.values_mut().try_for_each(|value| resolve_value(value, secrets))
}

fn resolve_value(value: &mut Json, secrets: &[(&str, &str)]) -> Result<(), Refusal> {
    match value {
        Json::String(text) => {
            *text = resolved(text, secrets)?;
            Ok(())
        }
        Json::Array(values) => values.iter_mut().try_for_each(|value| resolve_value(value, secrets)),
        Json::Object(object) => resolve(object, secrets),
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

fn resolved(text: &str, secrets: &[(&str, &str)]) -> Result<String, Refusal> {
    let mut parts = text.split(BEGIN);
    let mut resolved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or_else(|| {
            refuse(
                format!("`[config]` has a `{BEGIN}` without a `}}`, expected `{BEGIN}NAME}}`"),
                "end it with the name of a granted secret and `}`".to_owned(),
            )
        })?;
        let (_, secret) = secrets.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            let name = clean(name, 80);
            let known = match secrets {
                [] => "none is granted".to_owned(),
                _ => format!("granted are {}", list(secrets.iter().map(|(known, _)| known))),
            };
            refuse(
                format!("`[config]` refers to the secret `{name}`, and {known}"),
                format!("grant it, with a line such as `{name} = {{ file = \"/run/secrets/example\" }}` below `[grants.secrets]`"),
            )
        })?;
        resolved.push_str(secret);
        resolved.push_str(rest);
    }
    Ok(resolved)
}

fn refuse(reason: String, help: String) -> Refusal {
    Refusal::new(FailureKind::BadSettings, reason, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Map<String, Json> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn references_are_replaced_wherever_a_text_is() {
        let mut found = config(
            r#"{"a": "${secret:ONE}", "b": [{"c": "x ${secret:TWO}${secret:ONE} }", "${secret:ONE}": 1}]}"#,
        );
        assert!(has_reference(&found));
        resolve(&mut found, &[("ONE", "\"1\""), ("TWO", "${secret:ONE}")]).unwrap();
        assert_eq!(
            found,
            config(r#"{"a": "\"1\"", "b": [{"c": "x ${secret:ONE}\"1\" }", "${secret:ONE}": 1}]}"#)
        );
        assert!(!has_reference(&config(r#"{"a": "$secret ${env:A}", "b": 1}"#)));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_refused_by_its_name() {
        for (text, secrets, expected) in [
            ("${secret:TOKEN}", &[][..], "refers to the secret `TOKEN`, and none is granted"),
            ("${secret:A}", &[("TOKEN", "hunter2")], "refers to the secret `A`, and granted are `TOKEN`"),
            ("${secret:TOKEN", &[("TOKEN", "hunter2")], "without a `}`"),
            ("${secret:}", &[("TOKEN", "hunter2")], "refers to the secret ``"),
        ] {
            let refusal = resolved(text, secrets).unwrap_err();
            assert_eq!(refusal.kind, FailureKind::BadSettings);
            assert!(refusal.reason.contains(expected) && !refusal.reason.contains("hunter2"), "{refusal}");
        }
    }
}
