//! The pull exporter of the schema: the Prometheus page.

use std::net::SocketAddr;

use super::patterns;
use crate::section::{Located, Section};
use crate::settings::{PrometheusExporter, TranslationStrategy, parse_ip};

pub(super) fn read(value: &Located<'_>) -> Option<PrometheusExporter> {
    let mut section = value.section()?;
    let chosen = section.exactly_one(&["prometheus/development"]);
    section.finish();
    let (_, value) = chosen?;
    let mut section = value.section_or_empty()?;
    let mut exporter = PrometheusExporter::default();
    exporter.address = read_address(&mut section, exporter.address);
    exporter.scope_info = read_switch(&mut section, "scope_info_enabled", "without_scope_info");
    exporter.target_info =
        read_switch(&mut section, "target_info_enabled/development", "without_target_info/development");
    let labels = section.get("resource_constant_labels");
    let labels = labels.or_else(|| section.get("with_resource_constant_labels"));
    exporter.resource_labels = labels.and_then(|value| patterns::read(&value));
    if let Some(value) = section.optional("translation_strategy") {
        exporter.translation = value.choice(&TRANSLATIONS).unwrap_or_default();
    }
    section.finish();
    Some(exporter)
}

const TRANSLATIONS: [(&str, TranslationStrategy); 4] = [
    ("underscore_escaping_with_suffixes", TranslationStrategy::UnderscoreEscapingWithSuffixes),
    (
        "underscore_escaping_without_suffixes/development",
        TranslationStrategy::UnderscoreEscapingWithoutSuffixes,
    ),
    ("no_utf8_escaping_with_suffixes/development", TranslationStrategy::NoUtf8EscapingWithSuffixes),
    ("no_translation/development", TranslationStrategy::NoTranslation),
];

fn read_address(section: &mut Section<'_>, default: SocketAddr) -> SocketAddr {
    let mut address = default;
    if let Some(value) = section.optional("host")
        && let Some(text) = value.text()
    {
        match parse_ip(text) {
            Some(ip) => address.set_ip(ip),
            None => value.reject("`localhost` or an IP address, as names are not resolved"),
        }
    }
    if let Some(port) = section.optional("port").and_then(|value| value.integer("a port", 0..=65535)) {
        address.set_port(u16::try_from(port).unwrap_or_default());
    }
    address
}

/// A switch that schema 1.0 had under another name and with the opposite meaning.
fn read_switch(section: &mut Section<'_>, enabled: &'static str, without: &'static str) -> bool {
    let enabled = section.optional(enabled).and_then(|value| value.boolean());
    let without = section.optional(without).and_then(|value| value.boolean());
    enabled.or(without.map(|without| !without)).unwrap_or(true)
}
