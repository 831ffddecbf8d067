//! Turns raw paths into route templates, and status codes into classes; see the README. Without the SDK: what it would do for a
//! plugin is here.

#[path = "../../src/template.rs"]
mod template;

use std::sync::OnceLock;

use serde::Deserialize;

use exports::wasmeter::plugin::lifecycle::{self, PluginInfo, Problem};
use exports::wasmeter::plugin::views::{self, Aggregation, Attribute, AttributeRule, Instrument, StreamSpec};
use template::template;
use wasmeter::plugin::types::Value;

wit_bindgen::generate!({ path: "../wit", world: "view", generate_all });

/// The point rule of every stream.
const ROUTES: u32 = 0;

/// The configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// The beginning of the names of the instruments that are rewritten.
    prefix: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { prefix: "http.".to_owned() }
    }
}

/// That of this instance, which is configured once.
static CONFIG: OnceLock<Config> = OnceLock::new();

/// The plugin.
struct Routes;

impl lifecycle::Guest for Routes {
    fn info() -> PluginInfo {
        PluginInfo {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: env!("CARGO_PKG_DESCRIPTION").to_owned(),
            config_schema:
                r#"{"type":"object","properties":{"prefix":{"type":"string"}},"additionalProperties":false}"#
                    .to_owned(),
            capabilities: Vec::new(),
        }
    }

    fn configure(config: String) -> Result<(), Vec<Problem>> {
        let problem = |message: String| vec![Problem { path: String::new(), message }];
        let config = serde_json::from_str(&config).map_err(|error| problem(error.to_string()))?;
        CONFIG.set(config).map_err(|_| problem("it is configured already".to_owned()))
    }
}

impl views::Guest for Routes {
    fn streams(instrument: Instrument) -> Option<Vec<StreamSpec>> {
        let config = CONFIG.get_or_init(Config::default);
        instrument.name.starts_with(&config.prefix).then(|| {
            vec![StreamSpec {
                name: None,
                description: None,
                unit: None,
                attributes: vec![AttributeRule::Computed(ROUTES)],
                resource_attributes: Vec::new(),
                aggregation: Aggregation::Default,
                combine: None,
                cardinality_limit: None,
            }]
        })
    }

    fn map_attributes(_tag: u32, mut attributes: Vec<Attribute>) -> Option<Vec<Attribute>> {
        let is_path =
            |attribute: &Attribute| attribute.key == "url.path" && matches!(attribute.value, Value::Text(_));
        if let Some(at) = attributes.iter().position(is_path)
            && let Value::Text(path) = attributes.remove(at).value
            && attributes.iter().all(|attribute| attribute.key != "http.route")
        {
            let (key, value) = ("http.route".to_owned(), Value::Text(template(&path)));
            attributes.push(Attribute { key, value });
        }
        for attribute in &mut attributes {
            if attribute.key == "http.response.status_code"
                && let Value::Int(status @ 100..=599) = attribute.value
            {
                attribute.value = Value::Text(format!("{}xx", status / 100));
            }
        }
        Some(attributes)
    }
}

export!(Routes);
