//! From the messages of points to rows.

use wasmeter_model::batch::BatchBuilder;
use wasmeter_model::frame::{
    BoundsId, ExemplarRow, ExponentialRow, HistogramRow, NumberRow, PackedCounts, PointHeader, SetId,
    SummaryRow,
};
use wasmeter_model::{Attributes, Number, Timestamp};

use super::cursor::{Cursor, Elements, fixed64s};
use super::names::{Lookup, PartOf};
use crate::decode::{
    check_bounds, check_exponential_shape, check_lengths, check_quantiles, check_times, check_value,
};

/// Room for what a point has several of, used again for the next one.
#[derive(Default)]
pub(super) struct Points<'a> {
    bounds: Vec<f64>,
    /// The encoding of the bounds, which most histograms of a request have in common, and their id.
    packed_bounds: &'a [u8],
    bounds_id: Option<BoundsId>,
    quantiles: Vec<(f64, f64)>,
}

/// What points of all kinds have.
#[derive(Default)]
struct Header {
    attributes: Option<SetId>,
    start: u64,
    time: u64,
    flags: u32,
}

impl Header {
    /// Takes the set in; there is to be one.
    #[inline]
    fn attributes(&mut self, set: SetId) -> Option<()> {
        self.attributes.replace(set).is_none().then_some(())
    }

    /// The header of a row, if nothing is wrong with it.
    #[inline]
    fn row(&self, builder: &mut BatchBuilder) -> Option<PointHeader> {
        check_times(self.start, self.time).ok()?;
        Some(PointHeader {
            attributes: self.attributes.unwrap_or_else(|| builder.set(Attributes::empty())),
            start: Timestamp(self.start),
            time: Timestamp(self.time),
            flags: self.flags,
        })
    }
}

/// Sum, smallest and largest of a histogram.
#[derive(Default)]
struct Extent {
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl<'a> Points<'a> {
    #[inline]
    pub(super) fn number(
        &mut self,
        mut cursor: Cursor<'a>,
        names: &mut Lookup<'_, 'a>,
        builder: &mut BatchBuilder,
        elements: &mut Elements,
    ) -> Option<()> {
        let (mut header, mut value) = (Header::default(), None);
        while !cursor.is_empty() {
            let start = cursor;
            match cursor.tag()? {
                0x11 => header.start = cursor.fixed64()?,
                0x19 => header.time = cursor.fixed64()?,
                0x21 => value = Some(Number::Double(cursor.double()?)),
                0x2a => exemplar(Cursor::new(cursor.bytes()?), builder, elements)?,
                0x31 => value = Some(Number::Int(cursor.fixed64()?.cast_signed())),
                0x3a => {
                    cursor = start;
                    header.attributes(names.set(&mut cursor, PartOf::Number, builder, elements)?)?;
                }
                0x40 => header.flags = cursor.varint32()?,
                _ => return None,
            }
        }
        check_value(value.is_some(), header.flags).ok()?;
        let header = header.row(builder)?;
        builder.number(NumberRow { header, value });
        Some(())
    }

    pub(super) fn histogram(
        &mut self,
        mut cursor: Cursor<'a>,
        names: &mut Lookup<'_, 'a>,
        builder: &mut BatchBuilder,
        elements: &mut Elements,
    ) -> Option<()> {
        let (mut header, mut extent) = (Header::default(), Extent::default());
        let (mut bounds, mut counts) = (None, 0);
        while !cursor.is_empty() {
            let start = cursor;
            match cursor.tag()? {
                0x11 => header.start = cursor.fixed64()?,
                0x19 => header.time = cursor.fixed64()?,
                0x21 => extent.count = cursor.fixed64()?,
                0x29 => extent.sum = Some(cursor.double()?),
                0x32 => counts = builder.counts(fixed64s(cursor.bytes()?)?).len(),
                0x3a if bounds.is_none() => bounds = Some(cursor.bytes()?),
                0x42 => exemplar(Cursor::new(cursor.bytes()?), builder, elements)?,
                0x4a => {
                    cursor = start;
                    header.attributes(names.set(&mut cursor, PartOf::Histogram, builder, elements)?)?;
                }
                0x50 => header.flags = cursor.varint32()?,
                0x59 => extent.min = Some(cursor.double()?),
                0x61 => extent.max = Some(cursor.double()?),
                _ => return None,
            }
        }
        let id = self.bounds(bounds.unwrap_or_default(), builder)?;
        check_lengths(self.bounds.len(), counts).ok()?;
        let header = header.row(builder)?;
        let Extent { count, sum, min, max } = extent;
        // The bounds are known by their id, and the counts are there already.
        let row = HistogramRow { header, count, sum, min, max, bounds: &[], counts: &[] };
        builder.histogram_of(id, row).then_some(())
    }

    /// Reads bounds and checks them, unless they are those of the point before.
    #[inline]
    fn bounds(&mut self, packed: &'a [u8], builder: &mut BatchBuilder) -> Option<BoundsId> {
        if let Some(id) = self.bounds_id
            && packed == self.packed_bounds
        {
            return Some(id);
        }
        self.bounds_id = None;
        self.bounds.clear();
        self.bounds.extend(fixed64s(packed)?.map(f64::from_bits));
        check_bounds(&self.bounds).ok()?;
        self.packed_bounds = packed;
        self.bounds_id = Some(builder.bounds(&self.bounds));
        self.bounds_id
    }

    pub(super) fn exponential(
        &mut self,
        mut cursor: Cursor<'a>,
        names: &mut Lookup<'_, 'a>,
        builder: &mut BatchBuilder,
        elements: &mut Elements,
    ) -> Option<()> {
        let (mut header, mut extent) = (Header::default(), Extent::default());
        let (mut scale, mut zero_count, mut zero_threshold) = (0, 0, 0.0);
        let (mut positive, mut negative) = (None, None);
        while !cursor.is_empty() {
            let start = cursor;
            match cursor.tag()? {
                0x0a => {
                    cursor = start;
                    header.attributes(names.set(&mut cursor, PartOf::Exponential, builder, elements)?)?;
                }
                0x11 => header.start = cursor.fixed64()?,
                0x19 => header.time = cursor.fixed64()?,
                0x21 => extent.count = cursor.fixed64()?,
                0x29 => extent.sum = Some(cursor.double()?),
                0x30 => scale = cursor.zigzag32()?,
                0x39 => zero_count = cursor.fixed64()?,
                0x42 if positive.is_none() => positive = Some(buckets(cursor.bytes()?)?),
                0x4a if negative.is_none() => negative = Some(buckets(cursor.bytes()?)?),
                0x50 => header.flags = cursor.varint32()?,
                0x5a => exemplar(Cursor::new(cursor.bytes()?), builder, elements)?,
                0x61 => extent.min = Some(cursor.double()?),
                0x69 => extent.max = Some(cursor.double()?),
                0x71 => zero_threshold = cursor.double()?,
                _ => return None,
            }
        }
        let (positive, negative) = (positive.unwrap_or_default(), negative.unwrap_or_default());
        let sides = [positive, negative].map(|(offset, counts)| (offset, counts.len()));
        check_exponential_shape(zero_threshold, sides).ok()?;
        let header = header.row(builder)?;
        let Extent { count, sum, min, max } = extent;
        let row = ExponentialRow {
            header,
            count,
            sum,
            min,
            max,
            scale,
            zero_count,
            zero_threshold,
            positive: (positive.0, positive.1.into()),
            negative: (negative.0, negative.1.into()),
        };
        builder.exponential(row).then_some(())
    }

    pub(super) fn summary(
        &mut self,
        mut cursor: Cursor<'a>,
        names: &mut Lookup<'_, 'a>,
        builder: &mut BatchBuilder,
        elements: &mut Elements,
    ) -> Option<()> {
        let (mut header, mut count, mut sum) = (Header::default(), 0, 0.0);
        self.quantiles.clear();
        while !cursor.is_empty() {
            let start = cursor;
            match cursor.tag()? {
                0x11 => header.start = cursor.fixed64()?,
                0x19 => header.time = cursor.fixed64()?,
                0x21 => count = cursor.fixed64()?,
                0x29 => sum = cursor.double()?,
                0x32 => {
                    elements.add(1)?;
                    self.quantiles.push(quantile(Cursor::new(cursor.bytes()?))?);
                }
                0x3a => {
                    cursor = start;
                    header.attributes(names.set(&mut cursor, PartOf::Number, builder, elements)?)?;
                }
                0x40 => header.flags = cursor.varint32()?,
                _ => return None,
            }
        }
        check_quantiles(self.quantiles.iter().map(|(quantile, _)| *quantile)).ok()?;
        let header = header.row(builder)?;
        builder.summary(SummaryRow { header, count, sum, quantiles: &self.quantiles });
        Some(())
    }
}

/// The offset of buckets and their counts.
fn buckets(message: &[u8]) -> Option<(i32, PackedCounts<'_>)> {
    let mut cursor = Cursor::new(message);
    let (mut offset, mut counts) = (0, None);
    while !cursor.is_empty() {
        match cursor.tag()? {
            0x08 => offset = cursor.zigzag32()?,
            0x12 if counts.is_none() => counts = Some(PackedCounts::read(cursor.bytes()?)?),
            _ => return None,
        }
    }
    Some((offset, counts.unwrap_or_default()))
}

fn quantile(mut cursor: Cursor<'_>) -> Option<(f64, f64)> {
    let (mut quantile, mut value) = (0.0, 0.0);
    while !cursor.is_empty() {
        match cursor.tag()? {
            0x09 => quantile = cursor.double()?,
            0x11 => value = cursor.double()?,
            _ => return None,
        }
    }
    Some((quantile, value))
}

/// The tag of each of the attributes of an exemplar.
const EXEMPLAR_ATTRIBUTE: u8 = 0x3a;

/// An exemplar of the point that is read. Its attributes are of one measurement: they are not kept for later.
fn exemplar(mut cursor: Cursor<'_>, builder: &mut BatchBuilder, elements: &mut Elements) -> Option<()> {
    elements.add(1)?;
    let (mut time, mut value, mut attributes) = (0, None, None);
    let (mut trace_id, mut span_id) = (0, 0);
    while !cursor.is_empty() {
        let start = cursor;
        match cursor.tag()? {
            0x11 => time = cursor.fixed64()?,
            0x19 => value = Some(Number::Double(cursor.double()?)),
            0x22 => span_id = id(cursor.bytes()?, u64::from_be_bytes)?,
            0x2a => trace_id = id(cursor.bytes()?, u128::from_be_bytes)?,
            0x31 => value = Some(Number::Int(cursor.fixed64()?.cast_signed())),
            EXEMPLAR_ATTRIBUTE if attributes.is_none() => {
                cursor = start;
                attributes = Some(cursor.list(EXEMPLAR_ATTRIBUTE, elements)?);
            }
            _ => return None,
        }
    }
    let attributes = match attributes {
        None => Attributes::empty(),
        Some(list) => Attributes::from_encoded(list, EXEMPLAR_ATTRIBUTE)?,
    };
    let attributes = builder.set(attributes);
    builder.exemplar(ExemplarRow { attributes, time: Timestamp(time), value, trace_id, span_id });
    Some(())
}

/// An id of so many bytes; 0 if there is none.
fn id<T: Default, const N: usize>(bytes: &[u8], make: impl Fn([u8; N]) -> T) -> Option<T> {
    if bytes.is_empty() { Some(T::default()) } else { bytes.try_into().ok().map(make) }
}
