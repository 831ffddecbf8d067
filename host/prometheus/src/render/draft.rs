//! A page that is collected and becomes text part by part.

use std::borrow::Cow;

use wasmeter_model::frame::Frame;

use super::line::{Doubles, Lines};
use super::{openmetrics, rows, text};
use crate::families::Family;
use crate::labels::SeriesLabels;
use crate::out::Out;
use crate::page::{Drop, Warning};
use crate::{FamilyKind, Format, Options};

/// How many bytes a part has at least, but for the last one.
const PART: usize = 64 * 1024;
/// Room for the series that fills a part up: most are a line or two.
const SURPLUS: usize = 4 * 1024;

/// A page before it is text: an iterator over its parts, each some whole lines of UTF-8, 64 KiB or a series more. All of them one
/// after the other are the page.
///
/// What serves a page this way never holds the text of all of it, which is most of what a page takes: some 300 bytes a
/// sample, beside some 40 for the draft and the attributes of the frame, which it reads its labels from.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The points that are not on the page: one entry per metric name and reason, sorted.
    pub dropped: Vec<Drop>,
    /// What was changed without losing a point, at most one entry per family or target and case.
    pub warnings: Vec<Warning>,
    /// As they come on the page.
    families: Vec<Shown>,
    labels: SeriesLabels,
    /// Of which the sets are needed.
    frame: Cow<'a, Frame>,
    bounds: Doubles,
    format: Format,
    /// The family that comes next, or goes on.
    family: usize,
    /// That of its series that comes next.
    series: usize,
    is_whole: bool,
}

/// A family as a format has it.
#[derive(Debug)]
pub(super) struct Shown {
    /// On the lines of its metadata.
    pub(super) name: String,
    pub(super) kind: FamilyKind,
    pub(super) family: Family,
}

impl<'a> Draft<'a> {
    /// Collects what a frame has for a page; see [`render`](super::render), which this does the most of. A frame that is given to the
    /// draft is rid of its points.
    pub fn new(frame: Cow<'a, Frame>, format: Format, options: &Options) -> Self {
        let rows::Collected { families, labels, dropped, mut warnings } =
            rows::collect(&frame, format, options);
        let frame = match frame {
            Cow::Borrowed(_) => frame,
            Cow::Owned(Frame { strings, values, sets, .. }) => {
                Cow::Owned(Frame { strings, values, sets, ..Frame::default() })
            }
        };
        let families = match format {
            Format::Text => text::shown(families),
            Format::OpenMetrics => openmetrics::shown(families, &mut warnings),
        };
        let bounds = Doubles::new(format);
        Self {
            dropped,
            warnings,
            families,
            labels,
            frame,
            bounds,
            format,
            family: 0,
            series: 0,
            is_whole: false,
        }
    }

    /// How many points were dropped for any reason.
    pub fn dropped_points(&self) -> u64 {
        self.dropped.iter().map(|drop| drop.points).sum()
    }
}

impl Iterator for Draft<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.is_whole {
            return None;
        }
        let mut out = Out::with_capacity(PART + SURPLUS);
        while out.len() < PART {
            let Some(shown) = self.families.get(self.family) else {
                self.is_whole = true;
                if self.format == Format::OpenMetrics {
                    out.push_str(openmetrics::END);
                }
                break;
            };
            if self.series == 0 {
                match self.format {
                    Format::Text => text::push_head(&mut out, shown),
                    Format::OpenMetrics => openmetrics::push_head(&mut out, shown),
                }
            }
            let Some((labels, series)) = shown.family.series.get(self.series) else {
                (self.family, self.series) = (self.family + 1, 0);
                continue;
            };
            self.series += 1;
            let lines =
                Lines::new(&mut out, &shown.name, (labels, &self.labels, &*self.frame), &mut self.bounds);
            match self.format {
                Format::Text => text::push_series(lines, &series.value),
                Format::OpenMetrics => openmetrics::push_series(lines, shown.kind, series),
            }
        }
        (!out.is_empty()).then(|| out.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use wasmeter_model::frame::{FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
    use wasmeter_model::{Number, ValueRef};

    use super::*;
    use crate::render::render;

    #[test]
    fn parts_are_whole_lines_and_together_the_page() {
        let mut builder = FrameBuilder::new();
        let none = builder.set([]);
        builder.resource(none, "", 0);
        builder.scope("", "", "", none, 0);
        for name in ["first", "second"] {
            let (description, unit, temporality) = ("", "", None);
            let kind = PointKind::Gauge;
            builder.metric(MetricRow { name, description, unit, kind, temporality, monotonic: false }, none);
            for series in 0..3000 {
                let attributes = builder.set([("series", ValueRef::Int(series))]);
                let header = PointHeader { attributes, ..PointHeader::default() };
                builder.number(NumberRow { header, value: Some(Number::Int(series)) });
            }
        }
        let frame = builder.finish();
        for format in [Format::Text, Format::OpenMetrics] {
            let whole = render(&frame, format, &Options::default()).text;
            let parts: Vec<Vec<u8>> =
                Draft::new(Cow::Borrowed(&frame), format, &Options::default()).collect();
            assert!(parts.len() > 2, "{} parts of {} bytes", parts.len(), whole.len());
            for part in &parts {
                assert!(part.ends_with(b"\n") && part.len() < PART + SURPLUS, "{}", part.len());
            }
            assert!(parts.iter().rev().skip(1).all(|part| part.len() >= PART));
            assert_eq!(parts.concat(), whole.as_bytes());
        }
    }

    #[test]
    fn a_frame_without_metrics_is_an_end_or_nothing() {
        let mut draft = Draft::new(Cow::Owned(Frame::default()), Format::OpenMetrics, &Options::default());
        assert_eq!((draft.next().as_deref(), draft.next()), (Some(&b"# EOF\n"[..]), None));
        assert_eq!(Draft::new(Cow::Owned(Frame::default()), Format::Text, &Options::default()).next(), None);
    }
}
