//! `NAME.toml` beside `NAME.wasm`: whether the plugin runs, with which limits, which digest it must have, and its
//! configuration.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use toml::de::{DeTable, DeValue};

use super::read::{Digest, Source};
use super::toml_json::json_table;
use crate::config::PluginLimits;
use crate::failure::{FailureKind, Refusal, clean, list};

const KEYS: [&str; 5] = ["enabled", "digest", "memory_limit_bytes", "call_deadline_ms", "config"];
const MEMORY_LIMIT_BYTES: std::ops::RangeInclusive<i64> = 65_536..=4_294_967_296;
const CALL_DEADLINE_MS: std::ops::RangeInclusive<i64> = 1..=60_000;

/// The settings of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    digest: Option<String>,
    memory_limit_bytes: Option<usize>,
    call_deadline: Option<Duration>,
    config: Map<String, Json>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            digest: None,
            memory_limit_bytes: None,
            call_deadline: None,
            config: Map::new(),
        }
    }
}

impl Settings {
    /// The settings beside a component; the defaults if it has none.
    pub(crate) fn of(source: &Source) -> Result<Self, Refusal> {
        match &source.settings {
            None => Ok(Self::default()),
            Some((file, content)) => Self::parse(file, content),
        }
    }

    pub(super) fn parse(file: &Path, content: &[u8]) -> Result<Self, Refusal> {
        let place = Place {
            file: file.file_name().map_or_else(String::new, |name| name.display().to_string()),
            content,
        };
        let text = std::str::from_utf8(content)
            .map_err(|error| place.refuse(error.valid_up_to(), "it is not UTF-8 text".to_owned()))?;
        let table = DeTable::parse(text).map_err(|error| {
            place.refuse(error.span().map_or(0, |span| span.start), clean(error.message(), 300))
        })?;
        let mut settings = Self::default();
        for (key, value) in table.get_ref() {
            let at = value.span().start;
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("enabled", DeValue::Boolean(enabled)) => settings.enabled = *enabled,
                ("enabled", other) => return Err(place.mistyped(at, "enabled", "`true` or `false`", other)),
                ("digest", DeValue::String(digest)) if is_digest(digest) => {
                    settings.digest = Some(digest.to_ascii_lowercase());
                }
                ("digest", other) => {
                    return Err(place.mistyped(
                        at,
                        "digest",
                        "`\"sha256:` and 64 hexadecimal digits`\"`",
                        other,
                    ));
                }
                ("memory_limit_bytes", value) => {
                    let bytes = place.integer(at, "memory_limit_bytes", value, &MEMORY_LIMIT_BYTES)?;
                    settings.memory_limit_bytes = Some(usize::try_from(bytes).unwrap_or(usize::MAX));
                }
                ("call_deadline_ms", value) => {
                    let millis = place.integer(at, "call_deadline_ms", value, &CALL_DEADLINE_MS)?;
                    settings.call_deadline = Some(Duration::from_millis(millis));
                }
                ("config", DeValue::Table(table)) => {
                    settings.config = json_table(table).map_err(|(at, wrong)| place.refuse(at, wrong))?;
                }
                ("config", other) => return Err(place.mistyped(at, "config", "a table", other)),
                (unknown, _) => return Err(place.unknown(key.span().start, unknown)),
            }
        }
        Ok(settings)
    }

    /// The configuration as the plugin gets it: a JSON object.
    pub(crate) fn config_json(&self) -> String {
        // The standard formatting of a JSON value cannot fail.
        Json::Object(self.config.clone()).to_string()
    }

    /// The host's limits, as far as these settings do not say otherwise.
    pub(crate) fn limits(&self, host: PluginLimits) -> PluginLimits {
        PluginLimits {
            memory_limit_bytes: self.memory_limit_bytes.unwrap_or(host.memory_limit_bytes),
            call_deadline: self.call_deadline.unwrap_or(host.call_deadline),
        }
    }

    /// Refuses a component whose digest is not the pinned one.
    pub(crate) fn check_pin(&self, found: &Digest) -> Result<(), Refusal> {
        match &self.digest {
            Some(pinned) if *pinned != found.to_string() => Err(Refusal::new(
                FailureKind::DigestMismatch,
                format!("its digest is {found}, and its settings pin {pinned}"),
                "put the pinned build back, or change `digest` if the new build is wanted",
            )),
            _ => Ok(()),
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A settings file, to say where in it something is wrong.
struct Place<'a> {
    file: String,
    content: &'a [u8],
}

impl Place<'_> {
    fn refuse(&self, at: usize, wrong: String) -> Refusal {
        let before = self.content.get(..at).unwrap_or(self.content);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Refusal::new(
            FailureKind::BadSettings,
            format!("{}:{line}: {wrong}", self.file),
            "correct the settings file beside the plugin",
        )
    }

    fn mistyped(&self, at: usize, key: &str, expected: &str, found: &DeValue<'_>) -> Refusal {
        let found = match found {
            DeValue::String(text) => format!("`\"{}\"`", clean(text, 80)),
            DeValue::Boolean(truth) => format!("`{truth}`"),
            other => format!("a value of type {}", other.type_str()),
        };
        self.refuse(at, format!("`{key}` is {found}, expected {expected}"))
    }

    fn integer(
        &self,
        at: usize,
        key: &str,
        value: &DeValue<'_>,
        range: &std::ops::RangeInclusive<i64>,
    ) -> Result<u64, Refusal> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let DeValue::Integer(integer) = value else {
            return Err(self.mistyped(at, key, &expected, value));
        };
        i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| self.refuse(at, format!("`{key}` is {}, expected {expected}", integer.as_str())))
    }

    fn unknown(&self, at: usize, key: &str) -> Refusal {
        let nearest =
            KEYS.iter().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
        let hint = match nearest.filter(|nearest| strsim::jaro_winkler(nearest, key) > 0.8) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => {
                format!("known are {}; what the plugin itself takes belongs under `[config]`", list(KEYS))
            }
        };
        self.refuse(at, format!("unknown key `{}`, {hint}", clean(key, 80)))
    }
}
