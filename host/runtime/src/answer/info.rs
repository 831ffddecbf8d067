//! Checks what a plugin says about itself and about its configuration.

use std::sync::Arc;

use super::{Wrong, at_most, quoted};
use crate::bindings::plugin::exports::wasmeter::plugin::lifecycle;
use crate::failure::{clean, list};
use crate::grants::Capability;

const NAME_BYTES_MAX: usize = 64;
const DESCRIPTION_BYTES_MAX: usize = 1 << 10;
const SCHEMA_BYTES_MAX: usize = 256 << 10;
const CAPABILITIES_MAX: usize = 32;
/// Problems shown; a plugin may list more, which are counted only.
const PROBLEMS_SHOWN: usize = 16;
const PROBLEM_BYTES_MAX: usize = 300;

/// Who a plugin is, checked.
#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub(crate) name: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) description: Arc<str>,
    pub(crate) config_schema: Arc<str>,
    pub(crate) capabilities: Vec<Capability>,
}

/// Checks the answer of `info`.
pub(crate) fn check_info(info: lifecycle::PluginInfo) -> Result<Info, Wrong> {
    let lifecycle::PluginInfo { name, version, description, config_schema, capabilities } = info;
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(legal) {
        return Err(format!(
            "`{}` is no plugin name: 1 to {NAME_BYTES_MAX} lower-case letters, digits and `-`",
            quoted(&name)
        ));
    }
    if version.len() > NAME_BYTES_MAX || semver::Version::parse(&version).is_err() {
        return Err(format!("`{}` is no semantic version such as `1.2.3`", quoted(&version)));
    }
    if config_schema.len() > SCHEMA_BYTES_MAX {
        return Err(format!(
            "a configuration schema of {} bytes, at most {SCHEMA_BYTES_MAX} are allowed",
            config_schema.len()
        ));
    }
    if !config_schema.is_empty()
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&config_schema)
    {
        return Err(format!("the configuration schema is no JSON: {error}"));
    }
    at_most("capabilities", capabilities.len(), CAPABILITIES_MAX)?;
    let capabilities = capabilities
        .iter()
        .map(|name| {
            Capability::of_name(name).ok_or_else(|| {
                format!(
                    "`{}` is no capability, expected one of {}",
                    quoted(name),
                    list(Capability::ALL.map(Capability::name))
                )
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Info {
        name: name.into(),
        version: version.into(),
        description: clean(&description, DESCRIPTION_BYTES_MAX).into(),
        config_schema: config_schema.into(),
        capabilities,
    })
}

/// The problems `configure` reports, as one line.
pub(crate) fn check_problems(problems: &[lifecycle::Problem]) -> String {
    let mut lines: Vec<String> = problems
        .iter()
        .take(PROBLEMS_SHOWN)
        .map(|lifecycle::Problem { path, message }| {
            let (path, message) = (clean(path, PROBLEM_BYTES_MAX), clean(message, PROBLEM_BYTES_MAX));
            if path.is_empty() { message } else { format!("at `{path}`: {message}") }
        })
        .collect();
    if let Some(more) = problems.len().checked_sub(PROBLEMS_SHOWN).filter(|&more| more > 0) {
        lines.push(format!("and {more} more"));
    }
    if lines.is_empty() { "it did not say why".to_owned() } else { lines.join("; ") }
}
