//! `NAME.toml` beside `NAME.wasm`: whether the plugin runs, with which limits, which digest it must have, what it is granted,
//! and its configuration.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use toml::de::{DeTable, DeValue};
use wasmeter_model::limits::PLUGIN_LIMITS;

use super::grants::grants;
use super::read::{Digest, Source};
use super::references;
use super::toml_json::json_table;
use crate::PluginLimits;
use crate::exporters::ExportSchedule;
use crate::failure::{FailureKind, Refusal, clean, list};
use crate::grants::Grants;
use crate::processors::OnFailure;

/// The keys beside those of the limits.
const KEYS: [&str; 9] = [
    "enabled",
    "digest",
    "hold_answers",
    "approximate_buckets",
    "on_failure",
    "interval_ms",
    "timeout_ms",
    "grants",
    "config",
];
/// The shortest and the longest time between two exports: a day is as good as never.
const INTERVAL_MS: RangeInclusive<i64> = 100..=86_400_000;
/// The shortest and the longest time for an export with all its retries.
const TIMEOUT_MS: RangeInclusive<i64> = 100..=3_600_000;

/// The settings of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(super) holds_answers: bool,
    /// Whether what it asks for as a View may be approximated, for which the contract has no word.
    pub(super) approximate_buckets: bool,
    digest: Option<String>,
    /// Limits by their place among [`PLUGIN_LIMITS`].
    limits: Vec<(usize, u64)>,
    /// What becomes of a frame that a processor fails on.
    pub(super) on_failure: Option<OnFailure>,
    /// When an exporter exports, if that is set.
    pub(super) export_schedule: Option<ExportSchedule>,
    pub(crate) grants: Grants,
    config: Map<String, Json>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            holds_answers: false,
            approximate_buckets: false,
            digest: None,
            limits: Vec::new(),
            on_failure: None,
            export_schedule: None,
            grants: Grants::default(),
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
                ("enabled", value) => settings.enabled = place.boolean(at, "enabled", value)?,
                ("hold_answers", value) => {
                    settings.holds_answers = place.boolean(at, "hold_answers", value)?;
                }
                ("approximate_buckets", value) => {
                    settings.approximate_buckets = place.boolean(at, "approximate_buckets", value)?;
                }
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
                ("on_failure", value) => {
                    let known = value.as_str().and_then(OnFailure::of_name);
                    settings.on_failure = Some(known.ok_or_else(|| {
                        place.mistyped(at, "on_failure", "`\"bypass\"`, `\"drop\"` or `\"fail\"`", value)
                    })?);
                }
                ("interval_ms", value) => {
                    let millis = place.integer(at, "interval_ms", value, &INTERVAL_MS)?;
                    settings.export_schedule.get_or_insert_default().interval = Duration::from_millis(millis);
                }
                ("timeout_ms", value) => {
                    let millis = place.integer(at, "timeout_ms", value, &TIMEOUT_MS)?;
                    settings.export_schedule.get_or_insert_default().timeout = Duration::from_millis(millis);
                }
                ("grants", DeValue::Table(table)) => settings.grants = grants(&place, table)?,
                ("grants", other) => return Err(place.mistyped(at, "grants", "a table", other)),
                ("config", DeValue::Table(table)) => {
                    settings.config = json_table(table).map_err(|(at, wrong)| place.refuse(at, wrong))?;
                }
                ("config", other) => return Err(place.mistyped(at, "config", "a table", other)),
                (name, value) => {
                    let known = PLUGIN_LIMITS.iter().enumerate().find(|(_, limit)| limit.name == name);
                    let Some((number, limit)) = known else {
                        return Err(place.unknown(key.span().start, name));
                    };
                    settings.limits.push((number, place.integer(at, limit.name, value, &limit.range)?));
                }
            }
        }
        Ok(settings)
    }

    /// The configuration as the plugin gets it: a JSON object, with its secrets, given with their names, in it.
    pub(crate) fn config_json(&self, secrets: &[(&str, &str)]) -> Result<String, Refusal> {
        let mut config = self.config.clone();
        references::resolve(&mut config, secrets)?;
        // The standard formatting of a JSON value cannot fail.
        Ok(Json::Object(config).to_string())
    }

    /// True if the configuration refers to a secret.
    pub(super) fn refers_to_secrets(&self) -> bool {
        references::has_reference(&self.config)
    }

    /// The host's limits, as far as these settings do not say otherwise.
    pub(crate) fn limits(&self, host: PluginLimits) -> PluginLimits {
        let mut limits = host;
        for (number, value) in &self.limits {
            if let Some(limit) = PLUGIN_LIMITS.get(*number) {
                limit.set(&mut limits, *value);
            }
        }
        limits
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
pub(super) struct Place<'a> {
    file: String,
    content: &'a [u8],
}

impl Place<'_> {
    pub(super) fn refuse(&self, at: usize, wrong: String) -> Refusal {
        let before = self.content.get(..at).unwrap_or(self.content);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Refusal::new(
            FailureKind::BadSettings,
            format!("{}:{line}: {wrong}", self.file),
            "correct the settings file beside the plugin",
        )
    }

    pub(super) fn mistyped(&self, at: usize, key: &str, expected: &str, found: &DeValue<'_>) -> Refusal {
        let found = match found {
            DeValue::String(text) => format!("`\"{}\"`", clean(text, 80)),
            DeValue::Boolean(truth) => format!("`{truth}`"),
            other => format!("a value of type {}", other.type_str()),
        };
        self.refuse(at, format!("`{key}` is {found}, expected {expected}"))
    }

    fn boolean(&self, at: usize, key: &str, value: &DeValue<'_>) -> Result<bool, Refusal> {
        value.as_bool().ok_or_else(|| self.mistyped(at, key, "`true` or `false`", value))
    }

    fn integer(
        &self,
        at: usize,
        key: &str,
        value: &DeValue<'_>,
        range: &RangeInclusive<i64>,
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
        let limits = || PLUGIN_LIMITS.iter().map(|limit| limit.name);
        let likeness = |known: &str| strsim::jaro_winkler(known, key);
        let nearest = KEYS.into_iter().chain(limits()).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let hint = match nearest.filter(|nearest| likeness(nearest) > 0.8) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => {
                let limits: Vec<_> = limits().map(|limit| format!("`{limit}`")).collect();
                format!(
                    "known are {} and the limits {}; what the plugin itself takes belongs under `[config]`",
                    list(KEYS),
                    limits.join(", ")
                )
            }
        };
        self.refuse(at, format!("unknown key `{}`, {hint}", clean(key, 80)))
    }
}
