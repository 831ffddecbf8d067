//! The messages of a `prometheus.WriteRequest` that are sent, in protobuf: those of Prometheus remote write 1.0, and the exemplars and
//! native histograms that receivers take with it (`prompb/types.proto` of Prometheus).

use crate::exemplars::Exemplar;
use crate::native::{Native, Side};

/// A series with one sample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// Names and values, by name, each name once, none empty; `__name__` is among them.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) sample: Sample,
    /// Milliseconds since the Unix epoch.
    pub(crate) time_ms: i64,
    /// Oldest first.
    pub(crate) exemplars: Vec<Exemplar>,
}

/// What a series says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sample {
    Float(f64),
    Histogram(Box<Native>),
}

/// What a family is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: FamilyKind,
    pub(crate) help: String,
}

/// The codes of `MetricMetadata.MetricType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FamilyKind {
    Unknown = 0,
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
    Summary = 5,
}

/// The request.
pub(crate) fn write_request(series: &[Series], families: &[Family]) -> Vec<u8> {
    let mut request = Vec::new();
    for series in series {
        message(&mut request, 1, |out| time_series(out, series));
    }
    for family in families {
        message(&mut request, 3, |out| metadata(out, family));
    }
    request
}

fn time_series(out: &mut Vec<u8>, series: &Series) {
    labels(out, &series.labels);
    if let Sample::Float(value) = series.sample {
        message(out, 2, |out| {
            double(out, 1, value);
            time(out, 2, series.time_ms);
        });
    }
    for exemplar in &series.exemplars {
        message(out, 3, |out| {
            labels(out, &exemplar.labels);
            double(out, 2, exemplar.value);
            time(out, 3, exemplar.time_ms);
        });
    }
    if let Sample::Histogram(native) = &series.sample {
        message(out, 4, |out| histogram(out, native, series.time_ms));
    }
}

fn labels(out: &mut Vec<u8>, labels: &[(String, String)]) {
    for (name, value) in labels {
        message(out, 1, |out| {
            bytes(out, 1, name.as_bytes());
            bytes(out, 2, value.as_bytes());
        });
    }
}

fn histogram(out: &mut Vec<u8>, native: &Native, time_ms: i64) {
    // Counts are one of several forms, so each is said even if it is 0.
    key(out, 1, VARINT);
    varint(out, native.count);
    double(out, 3, native.sum);
    key(out, 4, VARINT);
    varint(out, zigzag(native.schema.into()));
    double(out, 5, native.zero_threshold);
    key(out, 6, VARINT);
    varint(out, native.zero_count);
    side(out, 8, &native.negative);
    side(out, 11, &native.positive);
    time(out, 15, time_ms);
}

/// The spans in this field, and the counts in the one after it.
fn side(out: &mut Vec<u8>, field: u64, side: &Side) {
    for (offset, length) in &side.spans {
        message(out, field, |out| {
            key(out, 1, VARINT);
            varint(out, zigzag((*offset).into()));
            key(out, 2, VARINT);
            varint(out, (*length).into());
        });
    }
    if !side.deltas.is_empty() {
        message(out, field + 1, |out| side.deltas.iter().for_each(|delta| varint(out, zigzag(*delta))));
    }
}

/// Numbers of either sign with small magnitudes have few bytes then.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

fn double(out: &mut Vec<u8>, field: u64, number: f64) {
    key(out, field, FIXED64);
    out.extend(number.to_le_bytes());
}

fn time(out: &mut Vec<u8>, field: u64, time_ms: i64) {
    if time_ms != 0 {
        key(out, field, VARINT);
        // A negative `int64` has ten bytes.
        varint(out, time_ms.cast_unsigned());
    }
}

fn metadata(out: &mut Vec<u8>, family: &Family) {
    if family.kind != FamilyKind::Unknown {
        key(out, 1, VARINT);
        varint(out, family.kind as u64);
    }
    bytes(out, 2, family.name.as_bytes());
    if !family.help.is_empty() {
        bytes(out, 4, family.help.as_bytes());
    }
}

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;

fn key(out: &mut Vec<u8>, field: u64, wire_type: u64) {
    varint(out, field << 3 | wire_type);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    key(out, field, LENGTH);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// A message in a message: its length is before it, and known when it is written.
fn message(out: &mut Vec<u8>, field: u64, content: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    content(&mut inner);
    bytes(out, field, &inner);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_the_definition_says() {
        let series = Series {
            labels: vec![("__name__".to_owned(), "up".to_owned())],
            sample: Sample::Float(1.5),
            time_ms: -1,
            exemplars: Vec::new(),
        };
        let family = Family { name: "up".to_owned(), kind: FamilyKind::Gauge, help: "h".to_owned() };
        let mut expected = vec![0x0a, 16 + 24, 0x0a, 14, 0x0a, 8];
        expected.extend(b"__name__");
        expected.extend([0x12, 2]);
        expected.extend(b"up");
        expected.extend([0x12, 20, 0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10]);
        expected.extend([0xff; 9]);
        expected.push(1);
        // The length of the series' message.
        expected[1] = u8::try_from(expected.len() - 2).unwrap();
        expected.extend([0x1a, 9, 0x08, 2, 0x12, 2]);
        expected.extend(b"up");
        expected.extend([0x22, 1, b'h']);
        assert_eq!(write_request(&[series], &[family]), expected);
    }

    #[test]
    fn an_exemplar_and_a_native_histogram_are_what_the_definition_says() {
        let exemplar = Exemplar { labels: vec![("a".to_owned(), "b".to_owned())], value: 1.5, time_ms: 5 };
        let native = Native {
            count: 3,
            sum: 1.5,
            schema: -1,
            zero_threshold: 1.5,
            zero_count: 0,
            negative: Side::default(),
            positive: Side { spans: vec![(-2, 2)], deltas: vec![2, -1] },
        };
        let series = Series {
            labels: Vec::new(),
            sample: Sample::Histogram(Box::new(native)),
            time_ms: 6,
            exemplars: vec![exemplar],
        };
        let half = [0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
        let mut expected = vec![0x0a, 59, 0x1a, 19, 0x0a, 6, 0x0a, 1, b'a', 0x12, 1, b'b', 0x11];
        expected.extend(half);
        expected.extend([0x18, 5, 0x22, 36, 0x08, 3, 0x19]);
        expected.extend(half);
        expected.extend([0x20, 1, 0x29]);
        expected.extend(half);
        expected.extend([0x30, 0, 0x5a, 4, 0x08, 3, 0x10, 2, 0x62, 2, 4, 1, 0x78, 6]);
        assert_eq!(write_request(&[series], &[]), expected);
    }

    #[test]
    fn lengths_beyond_one_byte_are_varints() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        assert_eq!(out, [0xac, 0x02]);
    }
}
