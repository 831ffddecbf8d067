//! Checks the texts of what an observer says: its metrics are instruments, and each name is kept for as long as they live.

use wasmeter_model::frame::{Frame, StringId};
use wasmeter_model::limits::NAME_BYTES_MAX;

use super::{Wrong, at_most, quoted};
use crate::config::AnswerLimits;

/// Refuses names of metrics beyond what instruments may have (metrics API, "Instrument name syntax"), and other texts and attribute sets
/// beyond what Views may answer. Values are bounded by the frame alone: what there is to observe may be told in full.
pub(crate) fn check_observation(frame: &Frame, limits: AnswerLimits) -> Result<(), Wrong> {
    let Frame { strings, sets, resources, scopes, metrics, .. } = frame;
    let AnswerLimits { attributes_max, key_bytes_max, description_bytes_max, .. } = limits;
    let texts: [(&str, &[StringId], usize); 8] = [
        ("the metric name", &metrics.name, NAME_BYTES_MAX),
        ("the description", &metrics.description, description_bytes_max),
        ("the unit", &metrics.unit, key_bytes_max),
        ("the attribute key", &sets.keys, key_bytes_max),
        ("the scope name", &scopes.name, key_bytes_max),
        ("the scope version", &scopes.version, key_bytes_max),
        ("the schema URL", &scopes.schema_url, key_bytes_max),
        ("the schema URL", &resources.schema_url, key_bytes_max),
    ];
    for (what, column, bytes_max) in texts {
        let mut texts = column.iter().map(|id| strings.get(*id));
        if let Some(text) = texts.find(|text| text.len() > bytes_max) {
            let (start, found) = (quoted(text), text.len());
            return Err(format!(
                "{what} starting `{start}` has {found} bytes, at most {bytes_max} are allowed"
            ));
        }
    }
    let largest = (0..sets.offsets.len()).map(|set| sets.offsets.range(set).len()).max();
    at_most("attributes in a set", largest.unwrap_or_default(), attributes_max)
}

#[cfg(test)]
mod tests {
    use wasmeter_model::ValueRef;
    use wasmeter_model::frame::{FrameBuilder, MetricRow, PointKind};

    use super::*;

    /// What is wrong with a frame of one metric with these texts and as many attributes.
    fn check(texts: [&str; 7], attributes: usize) -> Result<(), Wrong> {
        let [name, description, unit, key, scope, version, url] = texts;
        let mut frame = FrameBuilder::new();
        let none = frame.set([]);
        frame.resource(none, url, 0);
        let keys: Vec<String> = (0..attributes).map(|number| format!("{key}{number:04}")).collect();
        let set = frame.set(keys.iter().map(|key| (key.as_str(), ValueRef::Bool(true))));
        frame.scope(scope, version, url, set, 0);
        let row = MetricRow {
            name,
            description,
            unit,
            kind: PointKind::Gauge,
            temporality: None,
            monotonic: false,
        };
        frame.metric(row, none);
        check_observation(&frame.finish(), AnswerLimits::default())
    }

    #[test]
    fn every_text_and_set_has_its_bound() {
        let bounds = [
            ("metric name", 255),
            ("description", 16 << 10),
            ("unit", 1 << 10),
            ("attribute key", (1 << 10) - 4),
            ("scope name", 1 << 10),
            ("scope version", 1 << 10),
            ("schema URL", 1 << 10),
        ];
        let longest = bounds.map(|(_, bytes)| "x".repeat(bytes));
        let longest = longest.each_ref().map(String::as_str);
        assert_eq!(check(longest, 1024), Ok(()));
        for (at, (what, _)) in bounds.iter().enumerate() {
            let longer = format!("{}x", longest[at]);
            let mut texts = longest;
            texts[at] = &longer;
            let wrong = check(texts, 1).unwrap_err();
            assert!(wrong.starts_with(&format!("the {what} starting `xxx")) && wrong.len() < 300, "{wrong}");
        }
        assert_eq!(
            check(longest, 1025),
            Err("1025 attributes in a set, at most 1024 are allowed".to_owned())
        );
    }
}
