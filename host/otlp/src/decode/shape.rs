//! Looks at protobuf bytes before anything is built from them: how deep and how many elements.

use super::{DecodeError, ELEMENTS_MAX, NESTING_MAX};

/// The messages a request is made of.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Request,
    ResourceMetrics,
    Resource,
    EntityRef,
    ScopeMetrics,
    Scope,
    Metric,
    /// A gauge, sum, histogram, exponential histogram or summary.
    Data(Point),
    Point(Point),
    Exemplar,
    /// No messages within; quantiles and buckets.
    Flat,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
}

/// The kinds of points, which differ in their field numbers.
#[derive(Clone, Copy)]
pub(crate) enum Point {
    Number,
    Histogram,
    Exponential,
    Summary,
}

/// What a length-delimited field holds.
enum Field {
    /// One message; it takes no memory of its own that its parent has not.
    One(Kind),
    /// An element of a list of messages.
    Many(Kind),
    /// An element of a list of strings.
    Text,
    /// A string, bytes, packed numbers, or a field this release does not know.
    Other,
}

impl Kind {
    fn field(self, number: u64) -> Field {
        use Field::{Many, One, Other, Text};
        match (self, number) {
            (Self::Request, 1) => Many(Self::ResourceMetrics),
            (Self::ResourceMetrics, 1) => One(Self::Resource),
            (Self::ResourceMetrics, 2) => Many(Self::ScopeMetrics),
            (Self::Resource, 3) => Many(Self::EntityRef),
            (Self::EntityRef, 3 | 4) => Text,
            (Self::ScopeMetrics, 1) => One(Self::Scope),
            (Self::ScopeMetrics, 2) => Many(Self::Metric),
            (Self::Metric, 5 | 7) => One(Self::Data(Point::Number)),
            (Self::Metric, 9) => One(Self::Data(Point::Histogram)),
            (Self::Metric, 10) => One(Self::Data(Point::Exponential)),
            (Self::Metric, 11) => One(Self::Data(Point::Summary)),
            (Self::Data(point), 1) => Many(Self::Point(point)),
            (Self::Point(Point::Number), 5)
            | (Self::Point(Point::Histogram), 8)
            | (Self::Point(Point::Exponential), 11) => Many(Self::Exemplar),
            (Self::Point(Point::Exponential), 8 | 9) => One(Self::Flat),
            (Self::Point(Point::Summary), 6) => Many(Self::Flat),
            (Self::KeyValue, 2) => One(Self::AnyValue),
            (Self::AnyValue, 5) => One(Self::ArrayValue),
            (Self::AnyValue, 6) => One(Self::KeyValueList),
            (Self::ArrayValue, 1) => Many(Self::AnyValue),
            (Self::Resource | Self::KeyValueList | Self::Point(Point::Exponential), 1)
            | (Self::Scope, 3)
            | (Self::Metric, 12)
            | (Self::Point(Point::Number | Point::Summary) | Self::Exemplar, 7)
            | (Self::Point(Point::Histogram), 9) => Many(Self::KeyValue),
            _ => Other,
        }
    }
}

impl Kind {
    /// How many messages it stands in, in a request; at least so many where it may stand in several.
    const fn outside(self) -> usize {
        match self {
            Self::Request => 0,
            Self::ResourceMetrics => 1,
            Self::Resource | Self::ScopeMetrics => 2,
            Self::EntityRef | Self::Scope | Self::Metric => 3,
            _ => 4,
        }
    }
}

/// Checks that messages are nested at most [`NESTING_MAX`] deep and that there are at most [`ELEMENTS_MAX`] repeated
/// elements. Not recursive, and builds nothing.
pub(super) fn check_shape(bytes: &[u8]) -> Result<(), DecodeError> {
    check_shape_of(Kind::Request, bytes).map(drop)
}

/// As [`check_shape`], of a message that stands alone and is nested as deeply as it is in a request: how many elements it has.
pub(crate) fn check_shape_of(kind: Kind, bytes: &[u8]) -> Result<usize, DecodeError> {
    let mut open: Vec<(Kind, usize)> = Vec::with_capacity(NESTING_MAX);
    open.push((kind, bytes.len()));
    let (outside, mut elements) = (kind.outside(), 0_usize);
    let mut reader = Reader { bytes, at: 0 };
    while let Some(&(kind, end)) = open.last() {
        if reader.at >= end {
            open.pop();
            continue;
        }
        let tag = reader.varint(end)?;
        match tag & 7 {
            0 => {
                reader.varint(end)?;
            }
            1 => reader.skip(8, end)?,
            5 => reader.skip(4, end)?,
            2 => {
                let length = reader.varint(end)?;
                let field = kind.field(tag >> 3);
                if matches!(field, Field::Many(_) | Field::Text) {
                    elements += 1;
                    if elements > ELEMENTS_MAX {
                        return Err(DecodeError::TooManyElements);
                    }
                }
                let start = reader.at;
                reader.skip(length, end)?;
                if let Field::One(inner) | Field::Many(inner) = field {
                    if outside + open.len() >= NESTING_MAX {
                        return Err(DecodeError::TooDeep);
                    }
                    open.push((inner, reader.at));
                    reader.at = start;
                }
            }
            other => {
                return Err(malformed(reader.at, &format!("wire type {other}, which OTLP does not use")));
            }
        }
    }
    Ok(elements)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn varint(&mut self, end: usize) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = match self.bytes.get(self.at) {
                Some(byte) if self.at < end => *byte,
                _ => return Err(malformed(self.at, "the message ends within a number")),
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed(self.at, "a number of more than 64 bits"))
    }

    fn skip(&mut self, length: u64, end: usize) -> Result<(), DecodeError> {
        let left = end.saturating_sub(self.at);
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                self.at += length;
                Ok(())
            }
            _ => Err(malformed(self.at, &format!("a field of {length} bytes where {left} are left"))),
        }
    }
}

fn malformed(at: usize, what: &str) -> DecodeError {
    DecodeError::protobuf(&format_args!("byte {at}: {what}"))
}
