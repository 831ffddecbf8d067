//! Explicit tags: those of the core schema, where they fit.

use granit_parser::{ScalarStyle, Tag};

use super::{Content, scalar};
use crate::report::quoted;

/// What a scalar of this style and tag is, or what is wrong with the tag.
pub(super) fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Content, String> {
    let Some(tag) = tag else {
        return Ok(match style {
            ScalarStyle::Plain => scalar::resolve(text),
            _ => Content::String(text.to_owned()),
        });
    };
    match (tag.core_suffix(), scalar::resolve(text)) {
        (Some("str"), _) => Ok(Content::String(text.to_owned())),
        (Some("null"), Content::Null) => Ok(Content::Null),
        (Some("bool"), content @ Content::Bool(_))
        | (Some("int"), content @ Content::Int(_))
        | (Some("float"), content @ Content::Float(_)) => Ok(content),
        #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
        (Some("float"), Content::Int(int)) => Ok(Content::Float(int as f64)),
        _ => Err(misfit(tag)),
    }
}

/// Whether a collection may have this tag: none, or that of its kind, `seq` or `map`.
pub(super) fn check_collection(tag: Option<&Tag>, kind: &str) -> Result<(), String> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(kind) => Err(misfit(tag)),
        _ => Ok(()),
    }
}

fn misfit(tag: &Tag) -> String {
    format!("the tag {} does not fit the value", quoted(&tag.to_string()))
}
