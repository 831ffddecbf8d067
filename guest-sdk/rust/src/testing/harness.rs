//! A View, configured and asked as the host would.

use std::fmt;

use super::check;
use crate::{
    AttributeRule, Attributes, Instrument, Pattern, Problem, Registered, Stream, Streams, Value, View,
};

/// A configured View.
///
/// Every answer is asked for twice and checked: a difference (a View must be pure) or something the host would refuse is a
/// panic, which fails the test.
pub struct Harness<V> {
    view: V,
}

/// By name, so that a View need not be `Debug` for `unwrap_err` on [`Harness::configure`].
impl<V: Registered> fmt::Debug for Harness<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Harness").field(&V::INFO.name).finish()
    }
}

/// A series a point ends up in.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The stream's name.
    pub name: String,
    /// What is left of the point's attributes.
    pub attributes: Attributes,
    /// What is left of the resource's attributes.
    pub resource_attributes: Attributes,
}

impl<V: View + Registered> Harness<V> {
    /// A View with this configuration, a JSON object as text.
    ///
    /// # Panics
    ///
    /// The configuration or the plugin's description of itself is refused.
    #[track_caller]
    pub fn new(config: &str) -> Self {
        check::accepted(Self::configure(config))
    }

    /// A View with this configuration, a JSON object as text.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    ///
    /// # Panics
    ///
    /// The plugin's description of itself is refused.
    #[track_caller]
    pub fn configure(config: &str) -> Result<Self, Vec<Problem>> {
        check::configured(config).map(|view| Self { view })
    }

    /// The View itself.
    pub fn view(&self) -> &V {
        &self.view
    }

    /// What streams the View wants for the instrument.
    ///
    /// # Panics
    ///
    /// The host would refuse the answer, or a second answer differs.
    #[track_caller]
    pub fn streams(&self, instrument: &Instrument) -> Streams {
        let streams = self.view.streams(instrument);
        for stream in streams.as_slice().unwrap_or_default() {
            if let Err(refusal) = check::stream(stream) {
                panic!("the host refuses a stream of `{}`: {refusal}", instrument.name);
            }
        }
        assert_eq!(
            streams,
            self.view.streams(instrument),
            "asked twice, the View gave two answers: it must be pure"
        );
        streams
    }

    /// What becomes of a set under the rule `computed(tag)`.
    ///
    /// # Panics
    ///
    /// The answer has an empty key, or a second answer differs.
    #[track_caller]
    pub fn map_attributes(&self, tag: u32, attributes: impl Into<Attributes>) -> Option<Attributes> {
        let attributes = attributes.into();
        let mapped = self.view.map_attributes(tag, attributes.clone());
        if mapped.as_ref().is_some_and(|mapped| mapped.contains("")) {
            panic!("the View returned an attribute with an empty key");
        }
        assert_eq!(
            mapped,
            self.view.map_attributes(tag, attributes),
            "asked twice, the View gave two answers: it must be pure"
        );
        mapped
    }

    /// The series a point of the instrument ends up in: every rule of every stream applied, as the host does with this
    /// View alone. A point of an instrument the View says nothing about stays as it is.
    ///
    /// # Panics
    ///
    /// As [`Harness::streams`] and [`Harness::map_attributes`].
    #[track_caller]
    pub fn series<K, T>(
        &self,
        instrument: &Instrument,
        point: impl IntoIterator<Item = (K, T)>,
    ) -> Vec<Series>
    where
        K: Into<String>,
        T: Into<Value>,
    {
        let point: Attributes = point.into_iter().collect();
        let streams = self.streams(instrument).into_vec().unwrap_or_else(|| vec![Stream::keep()]);
        let mut found = Vec::new();
        for stream in streams {
            let attributes = self.apply(&stream.attributes, point.clone());
            let resource = self.apply(&stream.resource_attributes, instrument.resource_attributes.clone());
            if let (Some(attributes), Some(resource_attributes)) = (attributes, resource) {
                let name = stream.name.unwrap_or_else(|| instrument.name.clone());
                found.push(Series { name, attributes, resource_attributes });
            }
        }
        found
    }

    #[track_caller]
    fn apply(&self, rules: &[AttributeRule], mut attributes: Attributes) -> Option<Attributes> {
        let fits = |patterns: &[Pattern], key: &str| patterns.iter().any(|pattern| pattern.matches(key));
        for rule in rules {
            match rule {
                AttributeRule::Include(patterns) => attributes.retain(|key, _| fits(patterns, key)),
                AttributeRule::Exclude(patterns) => attributes.retain(|key, _| !fits(patterns, key)),
                AttributeRule::Computed(tag) => attributes = self.map_attributes(*tag, attributes)?,
            }
        }
        Some(attributes)
    }
}
