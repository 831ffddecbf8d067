//! Words for people: guest text made harmless, byte counts, lists.

/// A guest's text on one line: control characters become spaces, so that it cannot forge log lines or move a terminal's
/// cursor, and what exceeds `bytes_max` is cut at a character boundary and marked.
pub(crate) fn clean(text: &str, bytes_max: usize) -> String {
    let cut = text.floor_char_boundary(bytes_max);
    let mut clean: String = text
        .get(..cut)
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    if cut < text.len() {
        clean.push('…');
    }
    clean
}

/// A byte count as people read it, exact where it is a whole number of a unit.
pub(crate) fn bytes(count: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    if count >= MIB && count.is_multiple_of(MIB) {
        format!("{} MiB", count / MIB)
    } else if count >= KIB && count.is_multiple_of(KIB) {
        format!("{} KiB", count / KIB)
    } else {
        format!("{count} bytes")
    }
}

/// The items as `a`, `b` and so on, at most ten of them; `nothing` if there are none.
pub(crate) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for (at, item) in items.into_iter().enumerate() {
        if at == 10 {
            text.push_str(", …");
            break;
        }
        if at > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.push_str(&clean(item.as_ref(), 200));
        text.push('`');
    }
    if text.is_empty() { "nothing".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_text_stays_on_its_line_and_within_its_length() {
        assert_eq!(clean("a\nb\x1b[2Jc", 100), "a b [2Jc");
        assert_eq!(clean("ééé", 3), "é…");
        assert_eq!(clean("", 3), "");
    }

    #[test]
    fn byte_counts_read_well() {
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes(1536), "1536 bytes");
        assert_eq!(bytes(2048), "2 KiB");
    }

    #[test]
    fn long_lists_end() {
        assert_eq!(list(["a", "b"]), "`a`, `b`");
        assert_eq!(list::<&str>([]), "nothing");
        assert!(list(vec!["x"; 50]).ends_with(", …"));
    }
}
