//! Names as the specification's examples and the Prometheus translator have them.

use super::*;

fn name(name: &str, unit: &str, suffix: Suffix) -> String {
    family(TranslationStrategy::default(), name, unit, suffix).unwrap().full
}

#[test]
fn q4_units_and_types_become_suffixes_once() {
    for (given, unit, suffix, wanted) in [
        ("http.server.request.duration", "s", Suffix::None, "http_server_request_duration_seconds"),
        ("foo.bar", "By", Suffix::Total, "foo_bar_bytes_total"),
        ("foo_total", "By", Suffix::Total, "foo_bytes_total"),
        ("foo.bytes.total", "By", Suffix::Total, "foo_bytes_total"),
        ("foo.bytes", "By", Suffix::None, "foo_bytes"),
        ("megabytes", "By", Suffix::None, "megabytes_bytes"),
        ("bytes", "By", Suffix::None, "bytes"),
        ("total", "", Suffix::Total, "total_total"),
        ("shop.revenue", "EUR", Suffix::Total, "shop_revenue_EUR_total"),
        ("speed", "m/s", Suffix::None, "speed_meters_per_second"),
        ("speed_meters_per_second", "m/s", Suffix::None, "speed_meters_per_second"),
        ("rate", "{request}/s", Suffix::None, "rate_per_second"),
        ("rate", "1/min", Suffix::None, "rate_per_minute"),
        ("size", "By/{request}", Suffix::None, "size_bytes"),
        ("sent", "By{transmitted}", Suffix::Total, "sent_bytes_total"),
        ("requests", "{request}", Suffix::Total, "requests_total"),
        ("requests", "1", Suffix::Total, "requests_total"),
        ("cpu.utilization", "1", Suffix::Ratio, "cpu_utilization_ratio"),
        ("hit.ratio", "1", Suffix::Ratio, "hit_ratio"),
        ("humidity", "%", Suffix::Ratio, "humidity_percent"),
        ("odd", "m^2.s-1", Suffix::None, "odd_m_2_s_1"),
        ("broken", "{never closed", Suffix::None, "broken"),
        ("build", "", Suffix::Info, "build_info"),
        ("build_info", "", Suffix::Info, "build_info"),
        ("a--b..c", "", Suffix::None, "a_b_c"),
        ("a.", "", Suffix::Total, "a_total"),
        ("9lives", "", Suffix::None, "_9lives"),
        ("a:b", "", Suffix::None, "a:b"),
        ("größe", "", Suffix::None, "gr_e"),
        ("...", "", Suffix::None, "_"),
    ] {
        assert_eq!(name(given, unit, suffix), wanted, "{given} in {unit}");
    }
    assert_eq!(family(TranslationStrategy::default(), "", "By", Suffix::Total), None);
}

#[test]
fn q3_the_four_strategies_as_the_specification_tables_them() {
    use TranslationStrategy as S;
    for (strategy, counter, odd) in [
        (S::UnderscoreEscapingWithSuffixes, "foo_bar_bytes_total", "a_b_bytes_total"),
        (S::UnderscoreEscapingWithoutSuffixes, "foo_bar", "a_b"),
        (S::NoUtf8EscapingWithSuffixes, "foo_bar_bytes_total", "a__b_bytes_total"),
        (S::NoTranslation, "foo_bar", "a__b"),
    ] {
        assert_eq!(family(strategy, "foo.bar", "By", Suffix::Total).unwrap().full, counter);
        assert_eq!(family(strategy, "a..b", "By", Suffix::Total).unwrap().full, odd);
    }
}

#[test]
fn labels_are_valid_and_never_reserved() {
    for (key, wanted) in [
        ("http.request.method", "http_request_method"),
        ("a..b", "a_b"),
        ("_private", "_private"),
        ("__name__", "_name_"),
        ("1st", "key_1st"),
        ("", "_"),
        ("日本", "_"),
        ("a:b", "a_b"),
    ] {
        assert_eq!(label(TranslationStrategy::default(), key), wanted);
    }
    assert_eq!(label(TranslationStrategy::NoTranslation, "__name__"), "_name__");
    assert_eq!(label(TranslationStrategy::NoTranslation, "a..b"), "a__b");
}

#[test]
fn q4_a_unit_is_told_only_where_the_name_ends_in_it() {
    use TranslationStrategy::{NoTranslation, UnderscoreEscapingWithSuffixes as Suffixes};
    for (strategy, name, unit, suffix, wanted) in [
        (Suffixes, "http.duration", "s", Suffix::None, "seconds"),
        (Suffixes, "sent", "By", Suffix::Total, "bytes"),
        (Suffixes, "sent.bytes.total", "By", Suffix::Total, "bytes"),
        (Suffixes, "hit", "1", Suffix::Ratio, "ratio"),
        (Suffixes, "speed", "m/s", Suffix::None, "meters_per_second"),
        (Suffixes, "jobs", "{job}", Suffix::Total, ""),
        (Suffixes, "bytes", "By", Suffix::None, ""),
        (NoTranslation, "sent", "By", Suffix::Total, ""),
        (NoTranslation, "sent_bytes", "By", Suffix::None, "bytes"),
        (NoTranslation, "sent_bytes_total", "By", Suffix::Total, "bytes"),
        (NoTranslation, "sentbytes", "By", Suffix::None, ""),
    ] {
        assert_eq!(family(strategy, name, unit, suffix).unwrap().unit, wanted, "{name} in {unit}");
    }
}
