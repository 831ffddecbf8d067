//! Turns raw paths into route templates, `/orders/84321` into `/orders/{id}`, and status codes into classes, `404` into
//! `4xx`. See the README for the rules and the configuration.

mod path;
mod segment;
mod status;
mod template;

use serde::Deserialize;
use wasmeter_guest::{Attributes, Instrument, Pattern, Stream, Streams, View};

use crate::status::Status;
use crate::template::Template;

/// Where the semantic conventions put the route, under their stable and their old names.
const ROUTE: &str = "http.route";

/// The point rule of every stream.
const POINT: u32 = 0;

/// The View and its configuration.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "route-template"))]
#[serde(default, deny_unknown_fields)]
pub struct RouteTemplate {
    /// Patterns (`?`, `*`) of the instruments whose points are rewritten; left out: all.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    instruments: Vec<Pattern>,
    /// The attributes a route is derived from where there is none, in this order; they are removed then. Left out: `url.path`,
    /// `http.target`, `url.full` and `http.url`.
    attributes: Vec<String>,
    /// Templates such as `/users/{id}/cart`, tried in this order before the built-in rules; `{...}` stands for one segment, a
    /// last `*` for all that follows. Left out: none.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    templates: Vec<Template>,
    /// What becomes of status codes; left out: `class`.
    status: Status,
}

impl Default for RouteTemplate {
    fn default() -> Self {
        Self {
            instruments: vec![Pattern::new("*")],
            attributes: ["url.path", "http.target", "url.full", "http.url"].map(str::to_owned).to_vec(),
            templates: Vec::new(),
            status: Status::default(),
        }
    }
}

impl RouteTemplate {
    fn template(&self, path: &str, source: segment::Source) -> String {
        match self.templates.iter().find(|template| template.matches(path)) {
            Some(template) => template.to_string(),
            None => path::template(path, source),
        }
    }

    /// The route: the one that is there, else the first that can be derived.
    fn route(&self, attributes: &Attributes) -> Option<String> {
        match attributes.text(ROUTE) {
            // Only a path is a path: frameworks also give regular expressions and handlers' names as routes.
            Some(route) if route.starts_with('/') => Some(self.template(route, segment::Source::Route)),
            Some(route) if !route.is_empty() => None,
            _ => {
                let raw = self.attributes.iter().find_map(|key| attributes.text(key))?;
                Some(self.template(path::of_target(raw), segment::Source::Raw))
            }
        }
    }
}

impl View for RouteTemplate {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn streams(&self, instrument: &Instrument) -> Streams {
        if self.instruments.iter().any(|pattern| pattern.matches(&instrument.name)) {
            Stream::keep().computed(POINT).into()
        } else {
            Streams::none()
        }
    }

    fn map_attributes(&self, _tag: u32, mut attributes: Attributes) -> Option<Attributes> {
        if let Some(route) = self.route(&attributes) {
            attributes.set(ROUTE, route);
        }
        // What is not text was not used and says nothing of a path.
        attributes
            .retain(|key, value| value.as_str().is_none() || !self.attributes.iter().any(|raw| raw == key));
        self.status.apply(&mut attributes);
        Some(attributes)
    }
}

wasmeter_guest::register_view!(RouteTemplate);

#[cfg(test)]
mod tests;
