//! Turns raw paths into route templates, and status codes into classes; see the README.

mod template;

use serde::Deserialize;
use wasmeter_guest::{Attributes, Instrument, Stream, Streams, Value, View};

use template::template;

/// The point rule of every stream.
const ROUTES: u32 = 0;

/// The View and its configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routes {
    /// The beginning of the names of the instruments that are rewritten.
    prefix: String,
}

impl Default for Routes {
    fn default() -> Self {
        Self { prefix: "http.".to_owned() }
    }
}

impl View for Routes {
    const CONFIG_SCHEMA: &'static str =
        r#"{"type":"object","properties":{"prefix":{"type":"string"}},"additionalProperties":false}"#;

    fn streams(&self, instrument: &Instrument) -> Streams {
        if instrument.name.starts_with(&self.prefix) {
            Stream::keep().computed(ROUTES).into()
        } else {
            Streams::none()
        }
    }

    fn map_attributes(&self, _tag: u32, mut attributes: Attributes) -> Option<Attributes> {
        if let Some(path) = attributes.text("url.path").map(str::to_owned) {
            attributes.remove("url.path");
            if !attributes.contains("http.route") {
                attributes.set("http.route", template(&path));
            }
        }
        if let Some(Value::Int(status @ 100..=599)) = attributes.get("http.response.status_code") {
            let class = format!("{}xx", status / 100);
            attributes.set("http.response.status_code", class);
        }
        Some(attributes)
    }
}

wasmeter_guest::register_view!(Routes);

#[cfg(test)]
mod tests {
    use wasmeter_guest::Attributes;
    use wasmeter_guest::testing::{Harness, instrument};

    use super::Routes;

    #[test]
    fn only_instruments_with_the_prefix_are_rewritten() {
        let requests = instrument::counter("shop.requests").build();
        let point: Attributes = [("url.path", "/orders/7")].into();
        let series = Harness::<Routes>::new("{}").series(&requests, point.clone());
        assert_eq!(series[0].attributes, point);
        let series = Harness::<Routes>::new(r#"{"prefix":"shop."}"#).series(&requests, point);
        assert_eq!(series[0].attributes, [("http.route", "/orders/{id}")].into());
    }
}
