//! The exports of a View: `lifecycle` and `views`.

use std::marker::PhantomData;
use std::sync::Once;

use super::bindings::exports::wasmeter::plugin::{lifecycle, views};
use super::convert;
use crate::{Level, Registered, parse_config};

/// The component that serves the View `V`.
pub struct ViewComponent<V>(PhantomData<V>);

/// A panic becomes a trap, which says nothing; its message goes to the host's log first.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| super::log(Level::Error, &panic.to_string())));
    });
}

fn with_view<V: Registered, R>(call: &str, work: impl FnOnce(&V) -> R) -> R {
    V::with_slot(|slot| match &*slot.borrow() {
        Some(view) => work(view),
        None => panic!("the host called `{call}` before `configure`"),
    })
}

impl<V: Registered> lifecycle::Guest for ViewComponent<V> {
    fn info() -> lifecycle::PluginInfo {
        log_panics();
        convert::info(V::INFO)
    }

    fn configure(config: String) -> Result<(), Vec<lifecycle::Problem>> {
        log_panics();
        match parse_config(&config) {
            Ok(view) => {
                V::with_slot(|slot| *slot.borrow_mut() = Some(view));
                Ok(())
            }
            Err(problems) => Err(problems.into_iter().map(convert::problem).collect()),
        }
    }
}

impl<V: Registered> views::Guest for ViewComponent<V> {
    fn streams(instrument: views::Instrument) -> Option<Vec<views::StreamSpec>> {
        let instrument = convert::instrument(instrument);
        let streams = with_view("streams", |view: &V| view.streams(&instrument)).into_vec()?;
        Some(streams.into_iter().map(convert::stream).collect())
    }

    fn map_attributes(tag: u32, attributes: Vec<views::Attribute>) -> Option<Vec<views::Attribute>> {
        let attributes = convert::attributes(attributes);
        let mapped = with_view("map-attributes", |view: &V| view.map_attributes(tag, attributes))?;
        Some(convert::attribute_list(mapped))
    }
}
