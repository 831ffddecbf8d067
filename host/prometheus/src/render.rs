//! From the rows of a frame to families, and from families to text.

mod draft;
mod line;
mod openmetrics;
mod rows;
mod text;

use std::borrow::Cow;

use wasmeter_model::frame::Frame;

use crate::{Format, Options, Page};
pub use draft::Draft;

/// Writes a frame as a page.
///
/// The frame may hold any number of resources. Each series carries its resource as `job` and `instance` where the
/// resource has `service.name` and `service.instance.id`, so a scrape configuration needs `honor_labels: true` to keep
/// them. Equal frames give equal pages: families stand by name, their series in the order of the frame. Takes time and memory linear
/// in the frame; received data that cannot be written is dropped and counted, whatever it is.
pub fn render(frame: &Frame, format: Format, options: &Options) -> Page {
    let mut draft = Draft::new(Cow::Borrowed(frame), format, options);
    let text = draft.by_ref().flatten().collect();
    // What is put on a page is text; were it not, the rest would be none the less.
    let text = String::from_utf8(text)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    let Draft { dropped, warnings, .. } = draft;
    Page { text, dropped, warnings }
}
