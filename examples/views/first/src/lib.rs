//! A first View: drops debugging instruments, and removes the attributes that tell people apart from all others.

use serde::Deserialize;
use wasmeter_guest::{Instrument, Stream, Streams, View};

/// Takes no configuration.
#[derive(Deserialize)]
pub struct FirstView;

impl View for FirstView {
    fn streams(&self, instrument: &Instrument) -> Streams {
        if instrument.name.starts_with("debug.") {
            return Streams::drop();
        }
        Stream::keep().exclude(["user.*", "session.*"]).into()
    }
}

wasmeter_guest::register_view!(FirstView);

#[cfg(test)]
mod tests {
    use wasmeter_guest::testing::{Harness, instrument};

    use super::FirstView;

    #[test]
    fn users_and_sessions_are_removed_and_the_rest_stays() {
        let orders = instrument::counter("shop.orders").build();
        let point = [("user.id", "7"), ("session.id", "a1"), ("country", "NO")];
        let series = Harness::<FirstView>::new("{}").series(&orders, point);
        assert_eq!(series[0].attributes, [("country", "NO")].into());
    }

    #[test]
    fn debugging_instruments_are_dropped() {
        let cache = instrument::gauge("debug.cache.entries").build();
        assert!(Harness::<FirstView>::new("{}").series(&cache, [("shard", "3")]).is_empty());
    }
}
