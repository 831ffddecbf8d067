//! Encodings that are legal or nearly so, and that no library writes: each is left to the decoder, or read as it decodes.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use wasmeter_model::batch::Batch;
use wasmeter_otlp::decode::{ELEMENTS_MAX, decode_protobuf};
use wasmeter_otlp::messages::*;
use wasmeter_otlp::wire::Names;

use crate::support::batch_rows::batch_rows;
use crate::support::messages::{histogram, request, sum, text};

/// A field that is a message, string or packed numbers.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut bytes);
    encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

fn value(int: i64) -> Vec<u8> {
    let value = Some(number_data_point::Value::AsInt(int));
    NumberDataPoint { value, ..NumberDataPoint::default() }.encode_to_vec()
}

fn attribute(key: &str) -> Vec<u8> {
    field(7, &text(key, "x").encode_to_vec())
}

/// A request with one point of a sum.
fn of_point(point: &[u8]) -> Vec<u8> {
    of_data(7, &[field(1, point), vec![0x10, 2, 0x18, 1]].concat())
}

/// A request with one metric of this data.
fn of_data(number: u32, data: &[u8]) -> Vec<u8> {
    of_metric(&[field(1, b"requests"), field(number, data)].concat())
}

fn of_metric(metric: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, metric)))
}

/// Reads twice, so that the second time all is known that is remembered.
fn read(bytes: &[u8]) -> Option<Vec<String>> {
    let names = Names::new(1 << 20);
    let first = names.read(bytes).map(|batch| batch_rows(&batch));
    assert_eq!(names.read(bytes).map(|batch| batch_rows(&batch)), first);
    first
}

fn decoded(bytes: &[u8]) -> Option<Vec<String>> {
    decode_protobuf(bytes).ok().map(|decoded| batch_rows(&Batch::from(decoded.frame)))
}

#[track_caller]
fn is_read_as_decoded(bytes: &[u8]) {
    assert_eq!(read(bytes), decoded(bytes));
    assert!(read(bytes).is_some());
}

#[track_caller]
fn is_left_to_the_decoder(bytes: &[u8], is_sound: bool) {
    assert_eq!(read(bytes), None);
    assert_eq!(decoded(bytes).is_some(), is_sound);
}

#[test]
fn fields_in_another_order() {
    is_read_as_decoded(&of_point(&[value(5), attribute("a"), attribute("b")].concat()));
    is_read_as_decoded(&of_point(&[attribute("a"), value(5)].concat()));
    // What is said of all points stands before them.
    is_read_as_decoded(&of_data(7, &[vec![0x18, 1, 0x10, 2], field(1, &value(5))].concat()));
    // The name stands behind the points.
    let data = field(7, &[field(1, &value(5)), vec![0x10, 2]].concat());
    is_read_as_decoded(&of_metric(&[data, field(1, b"requests"), field(3, b"s")].concat()));
}

#[test]
fn of_a_repeated_number_the_last_counts() {
    is_read_as_decoded(&of_point(&[value(5), value(6)].concat()));
    is_read_as_decoded(&of_data(7, &[field(1, &value(5)), vec![0x10, 1, 0x10, 2]].concat()));
    let double = [vec![0x21], 2.5_f64.to_le_bytes().to_vec()].concat();
    is_read_as_decoded(&of_point(&[value(5), double].concat()));
}

#[test]
fn attributes_that_other_fields_split() {
    is_left_to_the_decoder(&of_point(&[attribute("a"), value(5), attribute("b")].concat()), true);
}

#[test]
fn messages_in_two_parts() {
    let part = |int| field(7, &[field(1, &value(int)), vec![0x10, 2]].concat());
    is_left_to_the_decoder(&of_metric(&[field(1, b"m"), part(1), part(2)].concat()), true);
    let resource =
        || field(1, &Resource { attributes: vec![text("a", "x")], ..<_>::default() }.encode_to_vec());
    is_left_to_the_decoder(&field(1, &[resource(), resource()].concat()), true);
    let histogram = HistogramDataPoint {
        count: 3,
        bucket_counts: vec![1, 2],
        explicit_bounds: vec![1.0],
        ..<_>::default()
    };
    let mut bytes = request(self::histogram(histogram)).encode_to_vec();
    is_read_as_decoded(&bytes);
    // The scope again, empty.
    let sum = request(sum(Vec::new()));
    bytes = sum.encode_to_vec();
    is_read_as_decoded(&bytes);
}

#[test]
fn packed_numbers_in_two_parts() {
    let counts =
        |counts: &[u64]| field(6, &counts.iter().flat_map(|count| count.to_le_bytes()).collect::<Vec<_>>());
    let point = [
        vec![0x21],
        6_u64.to_le_bytes().to_vec(),
        counts(&[1]),
        field(7, &1.0_f64.to_le_bytes()),
        counts(&[5]),
    ]
    .concat();
    is_read_as_decoded(&of_data(9, &[field(1, &point), vec![0x10, 1]].concat()));
    // One by one, as old encoders write them.
    let point = [vec![0x21], 1_u64.to_le_bytes().to_vec(), vec![0x31], 1_u64.to_le_bytes().to_vec()].concat();
    is_left_to_the_decoder(&of_data(9, &[field(1, &point), vec![0x10, 1]].concat()), true);
}

/// A request with one exponential histogram whose positive buckets are these.
fn of_buckets(count: u64, buckets: &[u8]) -> Vec<u8> {
    let point = [vec![0x21], count.to_le_bytes().to_vec(), field(8, buckets)].concat();
    of_data(10, &[field(1, &point), vec![0x10, 1]].concat())
}

#[test]
fn counts_of_exponential_buckets_in_any_form() {
    let all = [field(2, &[3, 0, 0xac, 0x02, 4]), vec![0x08, 5]].concat();
    is_read_as_decoded(&of_buckets(307, &all));
    is_read_as_decoded(&of_buckets(0, &field(2, &[])));
    // The decoder leaves the point out.
    is_left_to_the_decoder(&of_buckets(306, &all), true);
    // In two parts, of which the last is not all, and one by one.
    is_left_to_the_decoder(&of_buckets(4, &[field(2, &[3]), field(2, &[4])].concat()), true);
    is_left_to_the_decoder(&of_buckets(7, &[field(2, &[3]), field(2, &[4])].concat()), true);
    is_left_to_the_decoder(&of_buckets(7, &[0x10, 3, 0x10, 4]), true);
    // In more bytes than it takes.
    is_left_to_the_decoder(&of_buckets(7, &field(2, &[3, 0x84, 0x80, 0])), true);
    // Cut off, and too large.
    is_left_to_the_decoder(&of_buckets(3, &field(2, &[3, 0x80])), false);
    let largest = [&[0xff; 9][..], &[1]].concat();
    is_read_as_decoded(&of_buckets(u64::MAX, &field(2, &largest)));
    is_left_to_the_decoder(&of_buckets(0, &field(2, &[&largest[..], &[1]].concat())), true);
    is_left_to_the_decoder(&of_buckets(u64::MAX, &field(2, &[&[0xff; 10][..], &[1]].concat())), false);
}

#[test]
fn overlong_numbers() {
    // 0 in three bytes.
    is_read_as_decoded(&of_point(&[value(5), vec![0x40, 0x80, 0x80, 0x00]].concat()));
    // A tag in two bytes.
    is_left_to_the_decoder(&of_point(&[value(5), vec![0xc0, 0x00, 0x00]].concat()), true);
    // Ten bytes, and eleven.
    is_left_to_the_decoder(&of_point(&[value(5), vec![0x40], vec![0xff; 9], vec![1]].concat()), true);
    is_left_to_the_decoder(&of_point(&[value(5), vec![0x40], vec![0xff; 10], vec![1]].concat()), false);
    // More than 32 bits, which the decoder cuts off.
    is_left_to_the_decoder(&of_point(&[value(5), vec![0x40, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat()), true);
}

#[test]
fn groups_and_fields_of_other_types() {
    is_left_to_the_decoder(&of_point(&[value(5), vec![0x4b, 0x4c]].concat()), false);
    is_left_to_the_decoder(&of_point(&[value(5), vec![0x12, 0]].concat()), false);
    is_left_to_the_decoder(&of_point(&[value(5), vec![0x4d, 1, 2, 3, 4]].concat()), true);
    // Within an attribute, where the bytes are remembered.
    let pair = |rest: &[u8]| field(7, &[text("a", "x").encode_to_vec(), rest.to_vec()].concat());
    is_left_to_the_decoder(&of_point(&[value(5), pair(&[0x4b, 0x4c])].concat()), false);
    is_left_to_the_decoder(&of_point(&[value(5), pair(&[0x4d, 1, 2, 3, 4])].concat()), true);
}

#[test]
fn attributes_as_other_encoders_write_them() {
    let (key, any) = (field(1, b"a"), field(2, &field(1, b"x")));
    let of_pair = |message: &[u8]| of_point(&[value(5), field(7, message)].concat());
    is_read_as_decoded(&of_pair(&[&key[..], &any].concat()));
    // Without a value, without a key, with neither, with a value that is none.
    for message in [&key, &any, &Vec::new(), &[&key[..], &[0x12, 0]].concat()] {
        is_read_as_decoded(&of_pair(message));
    }
    // Its length in three bytes, as those write it who leave room for one that they do not know yet.
    let length = [&[0x3a, (key.len() + any.len()) as u8 | 0x80, 0x80, 0][..], &key, &any].concat();
    is_read_as_decoded(&of_point(&[value(5), length].concat()));
    // The value first, the key twice, the value in two parts, two values in one.
    let two = field(2, &[field(1, b"x"), vec![0x10, 1]].concat());
    for rest in [[&any[..], &key], [&key, &key], [&key, &[any.clone(), any.clone()].concat()], [&key, &two]] {
        is_left_to_the_decoder(&of_pair(&rest.concat()), true);
    }
}

#[test]
fn text_that_is_not_utf8() {
    let pair = field(7, &field(1, &[0xff, 0xfe]));
    is_left_to_the_decoder(&of_point(&[value(5), pair].concat()), false);
    let data = field(7, &[field(1, &value(5)), vec![0x10, 2]].concat());
    is_left_to_the_decoder(&of_metric(&[field(1, &[0xff]), data].concat()), false);
    is_left_to_the_decoder(&field(1, &field(3, &[0xc3])), false);
}

/// A value that is an array of an array, so many of them, around an empty one.
fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(Vec::new(), |inner, _| field(5, &field(1, &inner)))
}

/// A request with a point, and an attribute of this value of its resource, its scope and its metric.
fn of_names_with(value: &[u8]) -> Vec<u8> {
    let pair = [field(1, b"a"), field(2, value)].concat();
    let data = field(7, &[field(1, &self::value(5)), vec![0x10, 2]].concat());
    let metric = [field(1, b"requests"), data, field(12, &pair)].concat();
    let scope = [field(1, &field(3, &pair)), field(2, &metric)].concat();
    field(1, &[field(1, &field(1, &pair)), field(2, &scope)].concat())
}

#[test]
fn arrays_and_maps_of_resources_scopes_and_metrics() {
    let arguments = field(5, &[field(1, &field(1, b"python")), field(1, &field(1, b"-m"))].concat());
    is_read_as_decoded(&of_names_with(&arguments));
    is_read_as_decoded(&of_names_with(&field(
        6,
        &field(1, &[field(1, b"k"), field(2, &arguments)].concat()),
    )));
    is_read_as_decoded(&of_names_with(&field(5, &[])));
    // Of two values the last one counts.
    is_read_as_decoded(&of_names_with(&[arguments.clone(), field(1, b"x")].concat()));
    is_read_as_decoded(&of_names_with(&[field(1, b"x"), arguments.clone()].concat()));
    // Those of points are not what many of them have.
    let pair = field(7, &[field(1, b"a"), field(2, &arguments)].concat());
    is_left_to_the_decoder(&of_point(&[value(5), pair].concat()), true);
}

#[test]
fn names_are_nested_as_deeply_as_the_decoder_allows() {
    // The metric's value is the 6th message; each array is two.
    is_read_as_decoded(&of_names_with(&nested(29)));
    is_left_to_the_decoder(&of_names_with(&nested(30)), false);
    // Also where another value behind it counts.
    is_left_to_the_decoder(&of_names_with(&[nested(30), field(1, b"x")].concat()), false);
}

#[test]
fn elements_of_arrays_count_among_those_of_a_request() {
    let array = field(5, &[0x0a, 0].repeat(ELEMENTS_MAX / 3));
    is_read_as_decoded(&of_names_with(&field(5, &[0x0a, 0].repeat(ELEMENTS_MAX / 3 - 6))));
    is_left_to_the_decoder(&of_names_with(&[array, field(1, b"x")].concat()), false);
}

#[test]
fn what_is_to_be_refused_or_told() {
    let twice = [attribute("a"), attribute("a"), value(5)].concat();
    is_left_to_the_decoder(&of_point(&twice), true);
    // No value, and no word that the series has ended.
    is_left_to_the_decoder(&of_point(&attribute("a")), true);
    // No temporality.
    is_left_to_the_decoder(&of_data(7, &field(1, &value(5))), true);
    // No name, and no data.
    is_left_to_the_decoder(&of_metric(&field(7, &[field(1, &value(5)), vec![0x10, 2]].concat())), true);
    is_left_to_the_decoder(&of_metric(&field(1, b"requests")), true);
    let exemplar = field(5, &field(4, &[1, 2, 3]));
    is_left_to_the_decoder(&of_point(&[value(5), exemplar].concat()), true);
}
