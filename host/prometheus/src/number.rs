//! Doubles as Go's `strconv.FormatFloat(x, 'g', -1, 64)` writes them, which is what Prometheus clients put on a page.
//!
//! The shortest text that reads back as the same double, so nothing is lost. `le` and `quantile` are compared as text,
//! so they have to look as other exporters write them.

use wasmeter_model::Number;

/// Appends `value`.
pub(crate) fn push_double(out: &mut String, value: f64) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return out.push_str(&scientific);
    };
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..6 => out.push_str(&value.to_string()),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            out.push_str(&format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs()));
        }
    }
}

/// Appends `value`; integers exactly, though Prometheus itself reads doubles.
pub(crate) fn push_number(out: &mut String, value: Number) {
    match value {
        Number::Int(value) => out.push_str(&value.to_string()),
        Number::Double(value) => push_double(out, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = String::new();
        push_double(&mut out, value);
        out
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
        let mut out = String::new();
        push_number(&mut out, Number::Int(i64::MIN));
        assert_eq!(out, "-9223372036854775808");
    }
}
