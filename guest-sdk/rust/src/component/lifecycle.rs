//! The export that plugins of every world have: `lifecycle`.

use std::marker::PhantomData;
use std::sync::Once;

use super::bindings::lifecycle::exports::wasmeter::plugin::lifecycle;
use super::convert;
use crate::{Level, Registered, parse_config};

/// The part of a component that says who the plugin `P` is and configures it.
pub struct LifecycleComponent<P>(PhantomData<P>);

/// A panic becomes a trap, which says nothing; its message goes to the host's log first.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| super::log(Level::Error, &panic.to_string())));
    });
}

impl<P: Registered> lifecycle::Guest for LifecycleComponent<P> {
    fn info() -> lifecycle::PluginInfo {
        log_panics();
        convert::info(P::INFO)
    }

    fn configure(config: String) -> Result<(), Vec<lifecycle::Problem>> {
        log_panics();
        match parse_config(&config) {
            Ok(plugin) => {
                P::with_slot(|slot| *slot.borrow_mut() = Some(plugin));
                Ok(())
            }
            Err(problems) => Err(problems.into_iter().map(convert::problem).collect()),
        }
    }
}
