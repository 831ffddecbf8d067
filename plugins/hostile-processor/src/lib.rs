//! A processor that misbehaves as its configuration says; see the README of `hostile`.
//!
//! Only exists as a component: natively this crate is empty.
#![cfg(target_family = "wasm")]

mod lies;
#[path = "../../hostile/src/waste.rs"]
mod waste;

use std::cell::RefCell;

use bindings::exports::wasmeter::plugin::lifecycle::{self, PluginInfo, Problem};
use bindings::exports::wasmeter::plugin::processors::{self, Fault, Frame, Outcome};
use bindings::wasmeter::plugin::host;

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "processor" });
}

thread_local! {
    /// What `process` does.
    static BEHAVIOUR: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Hostile;

impl lifecycle::Guest for Hostile {
    fn info() -> PluginInfo {
        PluginInfo {
            name: "hostile-processor".to_owned(),
            version: "0.1.0".to_owned(),
            description: "Misbehaves".to_owned(),
            config_schema: String::new(),
            capabilities: Vec::new(),
        }
    }

    fn configure(config: String) -> Result<(), Vec<Problem>> {
        // `{"process":"loop"}`; no JSON parser, so that this plugin stays small.
        let value = config.split_once("\"process\":\"").and_then(|(_, rest)| rest.split_once('"'));
        BEHAVIOUR.replace(value.map_or_else(String::new, |(value, _)| value.to_owned()));
        Ok(())
    }
}

impl processors::Guest for Hostile {
    fn process(frame: Frame) -> Result<Outcome, Fault> {
        let behaviour = BEHAVIOUR.with_borrow(String::clone);
        match behaviour.as_str() {
            "" => {}
            "trap" => waste::trap(),
            "panic" => {
                host::log(host::Level::Error, "panicked: at a frame");
                waste::trap()
            }
            "loop" => waste::time(),
            "recurse" => {
                waste::stack(0);
            }
            "allocate" => waste::memory(),
            "grow" => waste::pages(),
            "flood-log" => (0..5000).for_each(|line| host::log(host::Level::Info, &format!("line {line}"))),
            "give-up" => return Err(Fault { reason: "found a frame, expected peace".to_owned() }),
            "giant-reason" => return Err(Fault { reason: "r".repeat(8 << 20) }),
            "drop" => return Ok(Outcome::Dropped),
            lie => return Ok(Outcome::Replaced(lies::told(lie, frame))),
        }
        Ok(Outcome::Unchanged)
    }
}

bindings::export!(Hostile with_types_in bindings);
