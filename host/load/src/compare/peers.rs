//! Which releases of the other programs are measured: what their files in this folder ask for.

/// What the Collector is built of.
const COLLECTOR: &str = include_str!("../../collector.yaml");
/// The package that Rotel comes in.
const ROTEL: &str = include_str!("../../rotel.txt");

/// The release of the Collector's receiver, of which all its parts are.
pub(crate) fn collector() -> &'static str {
    let line = COLLECTOR.lines().find(|line| line.contains("/otlpreceiver "));
    line.and_then(|line| line.split_whitespace().last()).unwrap_or("of an unknown release")
}

/// The release of Rotel's package.
pub(super) fn rotel() -> &'static str {
    ROTEL.trim().split_once("==").map_or("of an unknown release", |(_, release)| release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_tell_a_release_and_all_parts_of_the_collector_are_of_one() {
        assert!(rotel().starts_with(|first: char| first.is_ascii_digit()), "{}", rotel());
        let release = collector();
        assert!(release.starts_with('v'), "{release}");
        let parts = COLLECTOR.lines().filter(|line| line.contains("gomod:") && !line.contains("/provider/"));
        assert!(parts.into_iter().all(|line| line.ends_with(release)));
    }
}
