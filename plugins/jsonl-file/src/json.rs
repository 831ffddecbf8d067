//! JSON on one line, written piece by piece.

use std::fmt::Write;

/// A JSON text in the making. Commas are put where they belong; braces and brackets are paired by closures.
#[derive(Default)]
pub(crate) struct Json {
    text: String,
    needs_comma: bool,
}

impl Json {
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn begin_item(&mut self) {
        if self.needs_comma {
            self.text.push(',');
        }
        self.needs_comma = true;
    }

    fn nested(&mut self, open: char, close: char, content: impl FnOnce(&mut Self)) {
        self.text.push(open);
        self.needs_comma = false;
        content(self);
        self.text.push(close);
        self.needs_comma = true;
    }

    fn begin_field(&mut self, name: &str) {
        self.begin_item();
        self.string(name);
        self.text.push(':');
    }

    /// An object as an item of an array, or as the whole text.
    pub(crate) fn object(&mut self, content: impl FnOnce(&mut Self)) {
        self.begin_item();
        self.nested('{', '}', content);
    }

    pub(crate) fn object_field(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.begin_field(name);
        self.nested('{', '}', content);
    }

    pub(crate) fn array_field(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.begin_field(name);
        self.nested('[', ']', content);
    }

    /// Left out where it is empty, which is what it means.
    pub(crate) fn text_field(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.begin_field(name);
            self.string(text);
        }
    }

    /// The same, there even if it is empty.
    pub(crate) fn string_field(&mut self, name: &str, text: &str) {
        self.begin_field(name);
        self.string(text);
    }

    /// Something that has a JSON form already.
    pub(crate) fn literal_field(&mut self, name: &str, literal: &str) {
        self.begin_field(name);
        self.text.push_str(literal);
    }

    /// A 32-bit integer, left out where it is 0.
    pub(crate) fn small_field(&mut self, name: &str, number: i64) {
        if number != 0 {
            self.begin_field(name);
            self.display(number);
        }
    }

    /// A 64-bit integer, which JSON has no room for as a number.
    pub(crate) fn wide_field(&mut self, name: &str, number: impl std::fmt::Display) {
        self.begin_field(name);
        self.text.push('"');
        self.display(number);
        self.text.push('"');
    }

    pub(crate) fn wide_array_field(&mut self, name: &str, numbers: &[u64]) {
        self.array_field(name, |json| {
            for number in numbers {
                json.begin_item();
                json.text.push('"');
                json.display(number);
                json.text.push('"');
            }
        });
    }

    pub(crate) fn double_field(&mut self, name: &str, number: f64) {
        self.begin_field(name);
        self.double(number);
    }

    pub(crate) fn double_array_field(&mut self, name: &str, numbers: &[f64]) {
        self.array_field(name, |json| {
            for number in numbers {
                json.begin_item();
                json.double(*number);
            }
        });
    }

    fn double(&mut self, number: f64) {
        match number {
            _ if number.is_nan() => self.text.push_str("\"NaN\""),
            f64::INFINITY => self.text.push_str("\"Infinity\""),
            f64::NEG_INFINITY => self.text.push_str("\"-Infinity\""),
            // The shortest text that reads as the same number, sign of zero included.
            _ => self.display(format_args!("{number:?}")),
        }
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _written = write!(self.text, "{value}");
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escaped = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0..=0x1f => "",
                _ => continue,
            };
            self.text.push_str(text.get(plain..at).unwrap_or_default());
            plain = at + 1;
            if escaped.is_empty() {
                self.display(format_args!("\\u{byte:04x}"));
            } else {
                self.text.push_str(escaped);
            }
        }
        self.text.push_str(text.get(plain..).unwrap_or_default());
        self.text.push('"');
    }
}
