//! The difference of two texts, line by line.

/// All lines of both, in order: `- ` before those only `expected` has, `+ ` before those only `found` has.
pub(super) fn lines(expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    // For every pair of rests the length of their longest common subsequence.
    let mut common = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for (at, line) in old.iter().enumerate().rev() {
        for (to, other) in new.iter().enumerate().rev() {
            common[at][to] = if line == other {
                common[at + 1][to + 1] + 1
            } else {
                common[at + 1][to].max(common[at][to + 1])
            };
        }
    }
    let (mut at, mut to, mut text) = (0, 0, String::new());
    while at < old.len() || to < new.len() {
        let (sign, line) = if at < old.len() && to < new.len() && old[at] == new[to] {
            (at, to) = (at + 1, to + 1);
            (' ', old[at - 1])
        } else if to == new.len() || (at < old.len() && common[at + 1][to] >= common[at][to + 1]) {
            at += 1;
            ('-', old[at - 1])
        } else {
            to += 1;
            ('+', new[to - 1])
        };
        text.push_str(&format!("{sign} {line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_is_common_stays_and_the_rest_is_signed() {
        assert_eq!(lines("a\nb\nc\nd", "a\nx\nc\nd\ne"), "  a\n- b\n+ x\n  c\n  d\n+ e\n");
        assert_eq!(lines("", "a"), "+ a\n");
        assert_eq!(lines("a", ""), "- a\n");
    }
}
