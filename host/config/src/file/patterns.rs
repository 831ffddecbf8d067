//! `IncludeExclude` of the schema.

use wasmeter_model::Pattern;

use crate::section::Located;
use crate::settings::KeyFilter;

/// The patterns of a mapping with `included` and `excluded`.
pub(super) fn read(value: &Located<'_>) -> Option<KeyFilter> {
    let mut section = value.section()?;
    let filter = KeyFilter {
        included: section.get("included").map(|list| patterns(&list)),
        excluded: section.get("excluded").map(|list| patterns(&list)).unwrap_or_default(),
    };
    section.finish();
    Some(filter)
}

fn patterns(list: &Located<'_>) -> Vec<Pattern> {
    list.entries().iter().filter_map(|entry| entry.text()).map(Pattern::new).collect()
}
