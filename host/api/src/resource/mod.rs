//! The resource of a provider: what the application says, then the environment, then the defaults (resource SDK).

#[cfg(test)]
mod tests;

use wasmeter_model::{Attributes, Resource, Value};

pub(crate) type Pair = (String, Value);

/// `given` laid over `environment` laid over the defaults: of each key the first value in this order counts.
pub(crate) fn complete(given: Resource, environment: Vec<Pair>) -> Resource {
    let own = [
        ("telemetry.sdk.name", "wasmeter".into()),
        ("telemetry.sdk.language", "rust".into()),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION").into()),
        ("service.name", format!("unknown_service:{}", program()).into()),
    ];
    let own = own.into_iter().map(|(key, value): (&str, Value)| (key.to_owned(), value));
    let given_pairs = given.attributes.iter().map(|(key, value)| (key.to_owned(), value.to_value()));
    let pairs = own.chain(environment).chain(given_pairs);
    // All that was given is there, so the entities are.
    Resource { attributes: Attributes::from_pairs(pairs).0, ..given }
}

/// The name of the running program's file.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_ref().and_then(|path| path.file_name());
    name.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// What `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, and what of it is ignored and why.
pub(crate) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> (Vec<Pair>, Option<String>) {
    const LIST: &str = "OTEL_RESOURCE_ATTRIBUTES";
    // A variable that is empty counts as unset (configuration by environment variables).
    let set = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
    let mut pairs = Vec::new();
    let mut problem = None;
    match set(LIST).map(|list| key_value_list(&list)) {
        Some(Ok(list)) => pairs = list,
        // The specification has the whole variable discarded. Its text may be secret, so it is not told.
        Some(Err(expected)) => problem = Some(format!("{LIST} is ignored: expected {expected}")),
        None => {}
    }
    // Given last, it wins over `service.name` in the list.
    pairs.extend(set("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name.into())));
    (pairs, problem)
}

/// The pairs of `key1=value1,key2=value2`: separated by commas, percent-encoded, spaces around them ignored (resource SDK,
/// "Specifying resource information via an environment variable").
fn key_value_list(text: &str) -> Result<Vec<Pair>, &'static str> {
    let mut pairs = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or("`key=value` pairs separated by commas")?;
        let key = percent_decoded(key.trim())?;
        if key.is_empty() {
            return Err("a key before each `=`");
        }
        pairs.push((key, percent_decoded(value.trim())?.into()));
    }
    Ok(pairs)
}

fn percent_decoded(text: &str) -> Result<String, &'static str> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?')),
            _ => return Err("two hexadecimal digits after each `%`"),
        }
    }
    String::from_utf8(decoded).map_err(|_| "UTF-8 once percent-decoded")
}
