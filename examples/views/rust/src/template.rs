//! From raw paths to route templates; it knows nothing of plugins.

/// `/orders/84321` becomes `/orders/{id}`.
pub(crate) fn template(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.as_bytes() {
        bytes if is_number(bytes) => "{id}",
        bytes if is_uuid(bytes) => "{uuid}",
        _ => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

fn is_number(segment: &[u8]) -> bool {
    !segment.is_empty() && segment.iter().all(u8::is_ascii_digit)
}

/// The text form of RFC 9562, section 4, in either case.
fn is_uuid(segment: &[u8]) -> bool {
    segment.len() == 36
        && segment.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn what_identifies_becomes_a_placeholder_and_words_stay() {
        for (path, expected) in [
            ("/orders/84321", "/orders/{id}"),
            ("/users/550E8400-e29b-41d4-a716-446655440000/cart", "/users/{uuid}/cart"),
            ("/api/v2//7/", "/api/v2//{id}/"),
            ("", ""),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
