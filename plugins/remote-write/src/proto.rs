//! The three messages of a `prometheus.WriteRequest` that are sent, in protobuf (Prometheus remote write 1.0).

/// A series with one sample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// Names and values, by name, each name once, none empty; `__name__` is among them.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
    /// Milliseconds since the Unix epoch.
    pub(crate) time_ms: i64,
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
    for (name, value) in &series.labels {
        message(out, 1, |out| {
            bytes(out, 1, name.as_bytes());
            bytes(out, 2, value.as_bytes());
        });
    }
    message(out, 2, |out| {
        key(out, 1, FIXED64);
        out.extend(series.value.to_le_bytes());
        if series.time_ms != 0 {
            key(out, 2, VARINT);
            // A negative `int64` has ten bytes.
            varint(out, series.time_ms.cast_unsigned());
        }
    });
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
        let series =
            Series { labels: vec![("__name__".to_owned(), "up".to_owned())], value: 1.5, time_ms: -1 };
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
    fn lengths_beyond_one_byte_are_varints() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        assert_eq!(out, [0xac, 0x02]);
    }
}
