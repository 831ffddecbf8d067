//! `[grants]` in `NAME.toml`: what the operator lets one plugin do.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::settings::Place;
use crate::failure::{Refusal, clean, list};
use crate::grants::{Capability, DirectoryGrant, Grants, HttpOrigin, SecretGrant, SecretSource};

type Spanned<'a> = toml::Spanned<DeValue<'a>>;

/// Reads the table.
pub(super) fn grants(place: &Place<'_>, table: &DeTable<'_>) -> Result<Grants, Refusal> {
    let mut grants = Grants::default();
    for (key, value) in table {
        if key.get_ref() == "certificates" {
            grants.certificates = Some(absolute(place, "certificates", value)?);
            continue;
        }
        let capability = Capability::of_name(key.get_ref()).ok_or_else(|| {
            let known = list(Capability::ALL.map(Capability::name).into_iter().chain(["certificates"]));
            let key = clean(key.get_ref(), 80);
            place.refuse(key_start(value), format!("unknown grant `{key}`, known are {known}"))
        })?;
        match capability {
            Capability::Directories => {
                grants.directories = items(place, capability, value)?
                    .iter()
                    .map(|value| directory(place, value))
                    .collect::<Result<_, _>>()?;
                check_distinct(place, value, grants.directories.iter().map(|grant| &grant.guest))?;
            }
            Capability::Environment => {
                grants.environment = items(place, capability, value)?
                    .iter()
                    .map(|value| variable(place, "environment", value))
                    .collect::<Result<_, _>>()?;
            }
            Capability::Http => {
                grants.http = items(place, capability, value)?
                    .iter()
                    .map(|value| origin(place, value))
                    .collect::<Result<_, _>>()?;
            }
            Capability::Clocks => grants.clocks = truth(place, capability, value)?,
            Capability::Randomness => grants.randomness = truth(place, capability, value)?,
            Capability::Secrets => {
                let DeValue::Table(secrets) = value.get_ref() else {
                    return Err(mistyped(
                        place,
                        "secrets",
                        "a table of names and where the secrets are",
                        value,
                    ));
                };
                grants.secrets = secrets
                    .iter()
                    .map(|(name, source)| secret(place, name.get_ref(), source))
                    .collect::<Result<_, _>>()?;
            }
        }
    }
    let names = grants.environment.iter().chain(grants.secrets.iter().map(|secret| &secret.name));
    match repeated(names) {
        Some(name) => Err(place.refuse(0, format!("two grants are for the variable `{name}`, expected one"))),
        None => Ok(grants),
    }
}

fn key_start(value: &Spanned<'_>) -> usize {
    value.span().start
}

fn mistyped(place: &Place<'_>, key: &str, expected: &str, value: &Spanned<'_>) -> Refusal {
    place.mistyped(value.span().start, key, expected, value.get_ref())
}

fn truth(place: &Place<'_>, capability: Capability, value: &Spanned<'_>) -> Result<bool, Refusal> {
    match value.get_ref() {
        DeValue::Boolean(truth) => Ok(*truth),
        _ => Err(mistyped(place, capability.name(), "`true` or `false`", value)),
    }
}

fn items<'a, 'b>(
    place: &Place<'_>,
    capability: Capability,
    value: &'a Spanned<'b>,
) -> Result<&'a [Spanned<'b>], Refusal> {
    match value.get_ref() {
        DeValue::Array(items) => Ok(items),
        _ => Err(mistyped(place, capability.name(), "an array", value)),
    }
}

/// The name of an environment variable, as every operating system can have it.
fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.contains(['=', '\0'])
        && !name.chars().any(char::is_control)
}

fn variable(place: &Place<'_>, key: &str, value: &Spanned<'_>) -> Result<String, Refusal> {
    match value.get_ref() {
        DeValue::String(name) if is_variable(name) => Ok(name.to_string()),
        _ => Err(mistyped(place, key, "the name of an environment variable", value)),
    }
}

fn absolute(place: &Place<'_>, key: &str, value: &Spanned<'_>) -> Result<PathBuf, Refusal> {
    match value.get_ref() {
        DeValue::String(path) if PathBuf::from(path.as_ref()).is_absolute() => {
            Ok(PathBuf::from(path.as_ref()))
        }
        _ => Err(mistyped(place, key, "an absolute path", value)),
    }
}

fn directory(place: &Place<'_>, value: &Spanned<'_>) -> Result<DirectoryGrant, Refusal> {
    const EXPECTED: &str = "`{ host = \"/...\", guest = \"/...\", access = \"read\" or \"write\" }`";
    let DeValue::Table(table) = value.get_ref() else {
        return Err(mistyped(place, "directories", EXPECTED, value));
    };
    let (mut host, mut guest, mut is_writable) = (None, None, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "host" => host = Some(absolute(place, "host", value)?),
            "guest" => match value.get_ref() {
                DeValue::String(path) if path.starts_with('/') => guest = Some(path.to_string()),
                _ => return Err(mistyped(place, "guest", "an absolute path with `/`", value)),
            },
            "access" => match value.get_ref() {
                DeValue::String(access) if access == "read" => is_writable = Some(false),
                DeValue::String(access) if access == "write" => is_writable = Some(true),
                _ => return Err(mistyped(place, "access", "`\"read\"` or `\"write\"`", value)),
            },
            other => {
                let wrong = format!("unknown key `{}` of a directory, expected {EXPECTED}", clean(other, 80));
                return Err(place.refuse(value.span().start, wrong));
            }
        }
    }
    match (host, guest, is_writable) {
        (Some(host), Some(guest), Some(is_writable)) => Ok(DirectoryGrant { host, guest, is_writable }),
        _ => Err(place.refuse(value.span().start, format!("a directory lacks a key, expected {EXPECTED}"))),
    }
}

fn origin(place: &Place<'_>, value: &Spanned<'_>) -> Result<HttpOrigin, Refusal> {
    let origin = value.get_ref().as_str().and_then(HttpOrigin::parse);
    origin.ok_or_else(|| {
        mistyped(place, "http", "`scheme://host:port` with the scheme `http` or `https`", value)
    })
}

fn secret(place: &Place<'_>, name: &str, value: &Spanned<'_>) -> Result<SecretGrant, Refusal> {
    const EXPECTED: &str = "`{ environment = \"NAME\" }` or `{ file = \"/...\" }`";
    if !is_variable(name) {
        let wrong = format!(
            "`{}` is no name of an environment variable, as which a plugin gets a secret",
            clean(name, 80)
        );
        return Err(place.refuse(value.span().start, wrong));
    }
    // Whatever else stands there may be the secret itself, and is not shown.
    let refused = || place.refuse(value.span().start, format!("the secret `{name}` is not {EXPECTED}"));
    let DeValue::Table(table) = value.get_ref() else { return Err(refused()) };
    let mut entries = table.iter();
    let (Some((key, at)), None) = (entries.next(), entries.next()) else { return Err(refused()) };
    let source = match key.get_ref().as_ref() {
        "environment" => {
            SecretSource::Environment(variable(place, "environment", at).map_err(|_| refused())?)
        }
        "file" => SecretSource::File(absolute(place, "file", at).map_err(|_| refused())?),
        _ => return Err(refused()),
    };
    Ok(SecretGrant { name: name.to_owned(), source })
}

fn repeated<'a>(mut names: impl Iterator<Item = &'a String> + Clone) -> Option<&'a String> {
    while let Some(name) = names.next() {
        if names.clone().any(|other| other == name) {
            return Some(name);
        }
    }
    None
}

fn check_distinct<'a>(
    place: &Place<'_>,
    value: &Spanned<'_>,
    names: impl Iterator<Item = &'a String> + Clone,
) -> Result<(), Refusal> {
    match repeated(names) {
        Some(name) => Err(place.refuse(
            value.span().start,
            format!("two directories are called `{}`, expected one", clean(name, 200)),
        )),
        None => Ok(()),
    }
}
