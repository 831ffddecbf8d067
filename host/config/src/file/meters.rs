//! `meter_provider.meter_configurator/development` of the schema.

use wasmeter_model::Pattern;

use crate::section::Located;
use crate::settings::Meters;

pub(super) fn read(value: &Located<'_>) -> Option<Meters> {
    let mut section = value.section_or_empty()?;
    let default = section.optional("default_config").and_then(|value| read_config(&value)).unwrap_or(true);
    let list = section.get("meters").map(|list| list.entries()).unwrap_or_default();
    section.finish();
    Some(Meters { default, named: list.iter().filter_map(read_named).collect() })
}

fn read_named(entry: &Located<'_>) -> Option<(Pattern, bool)> {
    let mut section = entry.section()?;
    let name = section.required("name").and_then(|value| value.text().map(Pattern::new));
    let config = section.required("config").and_then(|value| read_config(&value));
    section.finish();
    Some((name?, config?))
}

/// Whether the Meter is enabled, which it is if nothing is said.
fn read_config(value: &Located<'_>) -> Option<bool> {
    let mut section = value.section_or_empty()?;
    let is_enabled = section.optional("enabled").map_or(Some(true), |value| value.boolean());
    section.finish();
    is_enabled
}
