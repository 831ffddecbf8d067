//! From a request to its metrics.

use std::sync::Arc;

use wasmeter_model::batch::{Batch, BatchBuilder, BatchRow};
use wasmeter_model::frame::PointKind;
use wasmeter_model::{Resource, Scope, Temporality};

use super::cursor::{Cursor, Elements};
use super::names::Lookup;
use super::points::Points;

/// Reads one request. Everything answers `None` where the decoder is to look at the request instead.
pub(super) struct Walk<'n, 'a> {
    names: Lookup<'n, 'a>,
    builder: BatchBuilder,
    points: Points<'a>,
    elements: Elements,
}

/// For how many points of a metric room is made at once, on the word of the first one.
const EXPECTED_MAX: usize = 4096;

/// A field of which there is to be one at most.
struct Once<'a>(Option<&'a [u8]>);

impl<'a> Once<'a> {
    fn put(&mut self, bytes: &'a [u8]) -> Option<()> {
        self.0.replace(bytes).is_none().then_some(())
    }

    fn get(&self) -> &'a [u8] {
        self.0.unwrap_or_default()
    }
}

/// What a `ResourceMetrics` or `ScopeMetrics` has beside its list, which is read again then.
fn owner(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut owner, mut schema_url) = (Once(None), Once(None));
    let mut cursor = Cursor::new(message);
    while !cursor.is_empty() {
        let tag = cursor.tag()?;
        let bytes = cursor.bytes_of(tag)?;
        match tag {
            0x0a => owner.put(bytes)?,
            0x12 => {}
            0x1a => schema_url.put(bytes)?,
            _ => return None,
        }
    }
    Some((owner.get(), schema_url.get()))
}

impl<'n, 'a> Walk<'n, 'a> {
    pub(super) fn new(names: Lookup<'n, 'a>) -> Self {
        Self {
            names,
            builder: BatchBuilder::default(),
            points: Points::default(),
            elements: Elements::default(),
        }
    }

    pub(super) fn finish(self) -> (Batch<'static>, Lookup<'n, 'a>) {
        (self.builder.finish(), self.names)
    }

    pub(super) fn request(&mut self, request: &'a [u8]) -> Option<()> {
        let mut cursor = Cursor::new(request);
        while !cursor.is_empty() {
            match cursor.tag()? {
                0x0a => self.resource(cursor.bytes()?)?,
                _ => return None,
            }
        }
        Some(())
    }

    fn resource(&mut self, message: &'a [u8]) -> Option<()> {
        let (owner, schema_url) = owner(message)?;
        let resource = self.names.resource(owner, schema_url)?;
        self.elements.add(1 + resource.elements)?;
        let mut cursor = Cursor::new(message);
        while !cursor.is_empty() {
            let tag = cursor.tag()?;
            let bytes = cursor.bytes()?;
            if tag == 0x12 {
                self.scope(bytes, &resource.value)?;
            }
        }
        Some(())
    }

    fn scope(&mut self, message: &'a [u8], resource: &Arc<Resource>) -> Option<()> {
        let (owner, schema_url) = owner(message)?;
        let scope = self.names.scope(owner, schema_url)?;
        self.elements.add(1 + scope.elements)?;
        let mut cursor = Cursor::new(message);
        while !cursor.is_empty() {
            let tag = cursor.tag()?;
            let bytes = cursor.bytes()?;
            if tag == 0x12 {
                self.metric(bytes, resource, &scope.value)?;
            }
        }
        Some(())
    }

    fn metric(&mut self, message: &'a [u8], resource: &Arc<Resource>, scope: &Arc<Scope>) -> Option<()> {
        let mut cursor = Cursor::new(message);
        let (kind, before, data) = loop {
            let before = cursor;
            let tag = cursor.tag()?;
            let bytes = cursor.bytes_of(tag)?;
            let kind = match tag {
                0x2a => PointKind::Gauge,
                0x3a => PointKind::Sum,
                0x4a => PointKind::Histogram,
                0x52 => PointKind::ExponentialHistogram,
                0x5a => PointKind::Summary,
                0x0a | 0x12 | 0x1a | 0x62 => continue,
                _ => return None,
            };
            break (kind, message.get(..message.len() - before.rest().len())?, bytes);
        };
        let behind = cursor.rest();
        let name = self.names.metric(before, behind)?;
        self.elements.add(1 + name.elements)?;
        let temporality = match kind {
            PointKind::Sum | PointKind::Histogram | PointKind::ExponentialHistogram => None,
            _ => Some(Temporality::Cumulative),
        };
        let (resource, scope, name) = (resource.clone(), scope.clone(), name.value);
        self.builder.metric(BatchRow { resource, scope, name, kind, temporality, monotonic: false });
        self.data(kind, data)
    }

    /// The points of a metric, and what is said of them all.
    fn data(&mut self, kind: PointKind, message: &'a [u8]) -> Option<()> {
        let (mut temporality, mut monotonic) = (None, false);
        let has_temporality =
            matches!(kind, PointKind::Sum | PointKind::Histogram | PointKind::ExponentialHistogram);
        let mut cursor = Cursor::new(message);
        let mut is_first = true;
        while !cursor.is_empty() {
            match cursor.tag()? {
                0x0a => {
                    self.elements.add(1)?;
                    let point = Cursor::new(cursor.bytes()?);
                    let Self { names, builder, points, elements } = self;
                    match kind {
                        PointKind::None => return None,
                        PointKind::Gauge | PointKind::Sum => {
                            points.number(point, names, builder, elements)?
                        }
                        PointKind::Histogram => points.histogram(point, names, builder, elements)?,
                        PointKind::ExponentialHistogram => {
                            points.exponential(point, names, builder, elements)?;
                        }
                        PointKind::Summary => points.summary(point, names, builder, elements)?,
                    }
                    if std::mem::take(&mut is_first) {
                        // As many as fit if they are as long.
                        let others = cursor.rest().len() / (point.rest().len() + 2);
                        builder.expect(others.min(EXPECTED_MAX));
                    }
                }
                0x10 if has_temporality => {
                    temporality = match cursor.varint()? {
                        1 => Some(Temporality::Delta),
                        2 => Some(Temporality::Cumulative),
                        _ => return None,
                    };
                }
                0x18 if kind == PointKind::Sum => monotonic = cursor.varint()? != 0,
                _ => return None,
            }
        }
        if has_temporality {
            let open = self.builder.open_metric()?;
            (open.temporality, open.monotonic) = (Some(temporality?), monotonic);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::*;
    use crate::decode::ELEMENTS_MAX;

    fn field(number: u8, message: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        prost::encoding::encode_varint(message.len() as u64, &mut field);
        field.extend(message);
        field
    }

    #[test]
    fn what_is_beyond_the_most_elements_is_not_built() {
        // Gauge points of four bytes, which say that they have no value.
        let points = [0x0a, 2, 0x40, 1].repeat(ELEMENTS_MAX + 1000);
        let metric = [field(1, b"gauge"), field(5, &points)].concat();
        let request = field(1, &field(2, &field(2, &metric)));
        let names = Names::new(1 << 20);
        let mut walk = Walk::new(names.lookup());
        assert!(walk.request(&request).is_none());
        let points_read = walk.finish().0.point_count();
        assert!((ELEMENTS_MAX - 10..ELEMENTS_MAX).contains(&points_read), "{points_read} were read");
    }
}
