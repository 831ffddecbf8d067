//! Numbers and times of a page.

use wasmeter_model::{Number, Timestamp};
use wasmeter_prometheus_names::number_text;

use crate::Format;
use crate::out::Out;

/// Appends `value`. In OpenMetrics a double is told from an integer: it has a decimal point or an exponent
/// (OpenMetrics 1.0, "Numbers" and "Canonical Numbers").
pub(crate) fn push_double(out: &mut Out, value: f64, format: Format) {
    let start = out.len();
    out.push_str(&number_text(value));
    let is_bare = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    if format == Format::OpenMetrics && out.as_bytes().get(start..).is_some_and(is_bare) {
        out.push_str(".0");
    }
}

/// Appends `value`; integers exactly, though Prometheus itself reads doubles.
pub(crate) fn push_number(out: &mut Out, value: Number, format: Format) {
    match value {
        Number::Int(value) => out.push_str(itoa::Buffer::new().format(value)),
        Number::Double(value) => push_double(out, value, format),
    }
}

/// The value, rounded if a double cannot hold the integer.
pub(crate) fn as_double(value: Number) -> f64 {
    match value {
        Number::Int(int) => int as f64,
        Number::Double(double) => double,
    }
}

/// Appends a time in seconds since the Unix epoch, to the nanosecond: a double could not hold it.
pub(crate) fn push_time(out: &mut Out, time: Timestamp) {
    const NANOS: u64 = 1_000_000_000;
    let fraction = format!("{:09}", time.0 % NANOS);
    let digits = fraction.trim_end_matches('0');
    out.push_str(&format!("{}.{}", time.0 / NANOS, if digits.is_empty() { "0" } else { digits }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Out::default();
        push_double(&mut out, value, Format::Text);
        out.into_string()
    }

    /// The examples of "Canonical Numbers", and the ends.
    #[test]
    fn doubles_of_openmetrics_are_no_integers() {
        for (value, wanted) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (0.999, "0.999"),
            (1.0, "1.0"),
            (10.0, "10.0"),
            (-3.0, "-3.0"),
            (1e-10, "1e-10"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (100_000.0, "100000.0"),
            (1e6, "1e+06"),
            (1e10, "1e+10"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            let mut out = Out::default();
            out.push('1');
            push_double(&mut out, value, Format::OpenMetrics);
            assert_eq!(out.into_string(), format!("1{wanted}"));
        }
    }

    #[test]
    fn times_are_exact_to_the_nanosecond() {
        for (nanos, wanted) in [
            (1, "0.000000001"),
            (1_604_676_851_123_456_789, "1604676851.123456789"),
            (1_520_430_000_123_000_000, "1520430000.123"),
            (7_000_000_000, "7.0"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            let mut out = Out::default();
            push_time(&mut out, Timestamp(nanos));
            assert_eq!(out.into_string(), wanted);
        }
    }

    #[test]
    fn doubles_look_as_go_writes_them() {
        for (value, wanted) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (1_234_567.25, "1.23456725e+06"),
            (1e21, "1e+21"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(value), wanted);
        }
    }

    #[test]
    fn integers_are_exact() {
        let mut out = Out::default();
        push_number(&mut out, Number::Int(i64::MIN), Format::OpenMetrics);
        assert_eq!(out.into_string(), "-9223372036854775808");
    }
}
