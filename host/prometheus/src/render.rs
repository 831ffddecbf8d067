//! From the rows of a frame to families, and from families to text.

mod line;
mod openmetrics;
mod rows;
mod text;

use wasmeter_model::frame::Frame;

use crate::{Format, Options, Page};

/// Writes a frame as a page.
///
/// The frame may hold any number of resources. Each series carries its resource as `job` and `instance` where the
/// resource has `service.name` and `service.instance.id`, so a scrape configuration needs `honor_labels: true` to keep
/// them. Equal frames give equal pages: families stand by name, their series in the order of the frame. Takes time and memory linear
/// in the frame; received data that cannot be written is dropped and counted, whatever it is.
pub fn render(frame: &Frame, format: Format, options: &Options) -> Page {
    let rows::Collected { mut families, texts, dropped, mut warnings } =
        rows::collect(frame, format, options);
    let text = match format {
        Format::Text => text::write(&families, &texts),
        Format::OpenMetrics => openmetrics::write(&mut families, &texts, &mut warnings),
    };
    Page { text, dropped, warnings }
}
