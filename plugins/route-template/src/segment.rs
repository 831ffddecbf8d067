//! One segment of a path: a word of the application, or something that identifies.

/// Where a path comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A framework gave it as a route: it may hold placeholders of the framework's own.
    Route,
    /// Whoever sent the request wrote it.
    Raw,
}

/// Longer segments are not words.
const WORD_BYTES_MAX: usize = 64;
/// Shorter hexadecimal words exist, `decade` and `facade` among them.
const HEX_BYTES_MIN: usize = 8;
/// From this length on, letters `a` to `f` alone are no word either.
const HEX_LETTERS_MIN: usize = 16;
/// Shorter digits within a word are years, versions and ordinals.
const NUMBER_BYTES_MIN: usize = 5;
/// Shorter mixtures of letters and digits are versions and product names.
const TOKEN_BYTES_MIN: usize = 8;
/// More digits than this among letters make a token.
const TOKEN_DIGITS_MIN: usize = 3;

/// The placeholder for a segment that identifies something, `None` for a word that stays.
pub(crate) fn placeholder(segment: &str, source: Source) -> Option<&'static str> {
    let bytes = segment.as_bytes();
    // The placeholders of frameworks: `{id}`, `:id`, `<int:id>`, `(?P<id>\d+)`, `[id]`, `*`.
    let syntax = |byte: &u8| b"{}<>()[]^$\\|*?:".contains(byte);
    if source == Source::Route && bytes.iter().any(syntax) {
        return None;
    }
    if is_uuid(bytes) {
        return Some("{uuid}");
    }
    let foreign = |byte: &u8| b"{}<>^\\|%@ \"".contains(byte) || !byte.is_ascii_graphic();
    let identifies = bytes.len() > WORD_BYTES_MAX
        // Free text and addresses of people.
        || bytes.iter().any(foreign)
        || is_number(bytes)
        || is_hex(bytes)
        || bytes.split(|byte| b"-_.~,+=:".contains(byte)).any(is_token);
    identifies.then_some("{id}")
}

/// The text form of RFC 9562, section 4, in either case.
fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Digits, perhaps with a sign, in groups or a list: `84321`, `-7`, `59.91`, `1,2,3`, `2026-11-21`.
fn is_number(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-_.,+:".contains(byte))
}

fn is_hex(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"0x").unwrap_or(bytes);
    digits.len() >= HEX_BYTES_MIN
        && digits.iter().all(u8::is_ascii_hexdigit)
        && (digits.len() >= HEX_LETTERS_MIN || digits.iter().any(u8::is_ascii_digit))
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Lower,
    Upper,
    Digit,
}

fn class(byte: u8) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digit,
        b'A'..=b'Z' => Class::Upper,
        _ => Class::Lower,
    }
}

/// A part of a segment, between dashes and the like, that no one types: many digits, or a class of characters that changes
/// every other time (`NffrFeUfNV2Hib`, unlike `OAuth2Callback`).
fn is_token(part: &[u8]) -> bool {
    let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == part.len() {
        return digits >= NUMBER_BYTES_MIN;
    }
    if part.len() < TOKEN_BYTES_MIN {
        return false;
    }
    let changes = part.windows(2).filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b))).count();
    digits >= TOKEN_DIGITS_MIN || changes.saturating_mul(2) >= part.len()
}
