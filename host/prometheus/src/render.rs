//! From the rows of a frame to families, and from families to text.

mod rows;
mod text;

use wasmeter_model::frame::Frame;

use crate::{Options, Page};

/// Writes a frame as a page in the text format 0.0.4.
///
/// The frame may hold any number of resources. Each series carries its resource as `job` and `instance` where the
/// resource has `service.name` and `service.instance.id`, so a scrape configuration needs `honor_labels: true` to keep
/// them. Equal frames give equal pages. Takes time and memory linear in the frame (sorted by name and labels); received
/// data that cannot be written is dropped and counted, whatever it is.
pub fn render(frame: &Frame, options: &Options) -> Page {
    let (families, dropped, warnings) = rows::collect(frame, options);
    Page { text: text::write(&families), dropped, warnings }
}
