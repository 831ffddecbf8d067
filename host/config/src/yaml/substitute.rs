//! References to environment variables (configuration data model, "Environment variable substitution").

use crate::Lookup;
use crate::report::quoted;

/// Why a scalar cannot be substituted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not a reference to a variable: what was found, what to write.
    Invalid { found: String, expected: &'static str },
    /// The result would exceed the bytes allowed.
    TooLong,
}

const EXPECTED: &str = "`${NAME}`, `${env:NAME}` or `${NAME:-default}`";

/// `text` with each reference replaced and `$$` turned into `$`; `None` if there is nothing to replace.
///
/// Values are not looked at again: a reference or an escape in a variable stays as it is.
pub(super) fn substitute(text: &str, env: &Lookup<'_>, bytes_max: usize) -> Result<Option<String>, Failure> {
    if !text.contains("$$") && !text.contains("${") {
        return Ok(None);
    }
    let mut output = String::new();
    // The specification splits at the escapes first: a reference cannot reach across one.
    for (index, piece) in text.split("$$").enumerate() {
        if index > 0 {
            output.push('$');
        }
        let mut rest = piece;
        while let Some((before, reference)) = rest.split_once("${") {
            output.push_str(before);
            match reference.split_once('}') {
                // `${` without an end and `${}` do not have the form of a reference, so they are text.
                None | Some(("", _)) => {
                    output.push_str("${");
                    rest = reference;
                }
                Some((inner, after)) => {
                    output.push_str(&value_of(inner, env)?);
                    rest = after;
                }
            }
            if output.len() > bytes_max {
                return Err(Failure::TooLong);
            }
        }
        output.push_str(rest);
    }
    if output.len() > bytes_max { Err(Failure::TooLong) } else { Ok(Some(output)) }
}

/// The value of what stands between `${` and `}`.
fn value_of(inner: &str, env: &Lookup<'_>) -> Result<String, Failure> {
    let invalid = |expected| Failure::Invalid {
        found: format!("{} is not a reference to an environment variable", quoted(&format!("${{{inner}}}"))),
        expected,
    };
    let name_and_default = match inner.split_once(':') {
        Some((_, default)) if default.starts_with('-') => inner,
        Some(("env", rest)) => rest,
        Some((prefix, _))
            if !prefix.is_empty()
                && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
        {
            return Err(invalid("the prefix `env:` or none, and `:-` before a default value"));
        }
        _ => inner,
    };
    let (name, default) = match name_and_default.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (name_and_default, None),
    };
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err(invalid(EXPECTED));
    }
    if default.is_some_and(|default| default.contains('\n')) {
        return Err(invalid("a default value on one line"));
    }
    // Empty counts as undefined.
    let value = env(name).filter(|value| !value.is_empty());
    Ok(value.unwrap_or_else(|| default.unwrap_or_default().to_owned()))
}
