//! The export of a View: `views`.

use std::marker::PhantomData;

use super::bindings::view::exports::wasmeter::plugin::views;
use super::{convert, with_plugin};
use crate::{Registered, View};

/// The part of a component that serves the View `V`.
pub struct ViewComponent<V>(PhantomData<V>);

impl<V: View + Registered> views::Guest for ViewComponent<V> {
    fn streams(instrument: views::Instrument) -> Option<Vec<views::StreamSpec>> {
        let instrument = convert::instrument(instrument);
        let streams = with_plugin("streams", |view: &V| view.streams(&instrument)).into_vec()?;
        Some(streams.into_iter().map(convert::stream).collect())
    }

    fn map_attributes(tag: u32, attributes: Vec<views::Attribute>) -> Option<Vec<views::Attribute>> {
        let attributes = convert::attributes(attributes);
        let mapped = with_plugin("map-attributes", |view: &V| view.map_attributes(tag, attributes))?;
        Some(convert::attribute_list(mapped))
    }
}
