//! A View that misbehaves as its configuration says; see the README for the behaviours.
//!
//! Only exists as a component: natively this crate is empty.
#![cfg(target_family = "wasm")]

mod map;
mod streams;
mod waste;

use std::cell::RefCell;

use bindings::exports::wasmeter::plugin::lifecycle::{self, PluginInfo, Problem};
use bindings::exports::wasmeter::plugin::views::{self, Attribute, Instrument, StreamSpec};
use bindings::wasmeter::plugin::host;

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "view" });
}

thread_local! {
    /// What `configure` was given.
    static CONFIG: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What the configuration says about `key`: `{"streams":"loop"}` is `loop` for `streams`. No JSON parser, so that this
/// plugin stays small.
fn behaviour(config: &str, key: &str) -> String {
    let wanted = format!("\"{key}\":\"");
    let value = config.split_once(wanted.as_str()).and_then(|(_, rest)| rest.split_once('"'));
    value.map_or_else(String::new, |(value, _)| value.to_owned())
}

/// Panics as a plugin made with the SDK does: the message to the log, then a trap.
fn panics(message: &str) -> ! {
    host::log(host::Level::Error, &format!("panicked: {message}"));
    waste::trap()
}

struct Hostile;

impl lifecycle::Guest for Hostile {
    fn info() -> PluginInfo {
        let mut info = PluginInfo {
            name: "hostile".to_owned(),
            version: "0.1.0".to_owned(),
            description: "Misbehaves".to_owned(),
            config_schema: String::new(),
            capabilities: Vec::new(),
        };
        match behaviour(&host::config(), "info").as_str() {
            "trap" => waste::trap(),
            "loop" => waste::time(),
            "bad-name" => info.name = "No Name\u{1b}[31m".to_owned(),
            "bad-version" => info.version = "one".to_owned(),
            "bad-schema" => info.config_schema = "{".to_owned(),
            "unknown-capability" => info.capabilities = vec!["sockets".to_owned()],
            "capability" => info.capabilities = vec!["http".to_owned()],
            _ => {}
        }
        info
    }

    fn configure(config: String) -> Result<(), Vec<Problem>> {
        let behaviour = behaviour(&config, "configure");
        CONFIG.replace(config);
        let problem =
            |path: &str, message: &str| Problem { path: path.to_owned(), message: message.to_owned() };
        match behaviour.as_str() {
            "trap" => panics("no configuration pleases me"),
            "loop" => waste::time(),
            "refuse" => Err(vec![
                problem("/configure", "found `refuse`, expected something else"),
                problem("", "nothing\nis right"),
            ]),
            "refuse-endlessly" => Err((0..10_000).map(|_| problem("/", &"x".repeat(50))).collect()),
            _ => Ok(()),
        }
    }
}

impl views::Guest for Hostile {
    fn streams(instrument: Instrument) -> Option<Vec<StreamSpec>> {
        let behaviour = CONFIG.with_borrow(|config| behaviour(config, "streams"));
        streams::streams(&behaviour, &instrument)
    }

    fn map_attributes(_tag: u32, attributes: Vec<Attribute>) -> Option<Vec<Attribute>> {
        let behaviour = CONFIG.with_borrow(|config| behaviour(config, "map"));
        map::map(&behaviour, attributes)
    }
}

bindings::export!(Hostile with_types_in bindings);
