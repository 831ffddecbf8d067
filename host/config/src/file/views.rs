//! `meter_provider.views` of the schema.

use std::sync::Arc;

use wasmeter_model::limits::{
    BUCKETS_MAX, EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN, EXPONENTIAL_SIZE_DEFAULT,
};
use wasmeter_model::{Aggregation, AttributeRule, InstrumentKind, Pattern, StreamSpec};

use super::{patterns, readers};
use crate::section::Located;
use crate::settings::{Selector, ViewConfig};

pub(super) fn read(index: usize, entry: &Located<'_>) -> Option<ViewConfig> {
    let mut section = entry.section()?;
    let selector = section.required("selector").and_then(|value| read_selector(&value));
    let stream = section.required("stream");
    let spec = stream.as_ref().and_then(|value| read_stream(value, selector.as_ref()));
    section.finish();
    let name = format!("{}:{} views[{index}]", entry.file(), entry.at().line);
    Some(ViewConfig { name, selector: selector?, spec: spec? })
}

fn read_selector(value: &Located<'_>) -> Option<Selector> {
    let mut section = value.section()?;
    let kinds = InstrumentKind::ALL.map(|kind| (kind.name(), kind));
    let mut text = |key| section.optional(key).and_then(|value| value.text()).map(str::to_owned);
    let selector = Selector {
        instrument_name: text("instrument_name").map(|name| Pattern::new(name.to_ascii_lowercase())),
        unit: text("unit"),
        meter_name: text("meter_name"),
        meter_version: text("meter_version"),
        meter_schema_url: text("meter_schema_url"),
        instrument_type: section.optional("instrument_type").and_then(|value| value.choice(&kinds)),
    };
    section.finish();
    Some(selector)
}

fn read_stream(value: &Located<'_>, selector: Option<&Selector>) -> Option<StreamSpec> {
    let mut section = value.section()?;
    let mut spec = StreamSpec::default();
    if let Some(value) = section.optional("name") {
        spec.name = value.text().map(Arc::from);
        if spec.name.as_deref() == Some("") {
            value.reject("a name that is not empty");
        }
        if selector.is_some_and(may_select_several) {
            // Several instruments under one name would be several metrics of one identity.
            value.reject_found(
                "a stream name, although the selector may select several instruments",
                "an `instrument_name` without wildcards in the selector",
                "name one instrument, or leave the stream's name out",
            );
        }
    }
    spec.description = section.optional("description").and_then(|value| value.text()).map(Arc::from);
    if let Some(value) = section.get("aggregation") {
        spec.aggregation = read_aggregation(&value).unwrap_or_default();
    }
    spec.approximate_buckets = section
        .optional("approximate_buckets/development")
        .and_then(|value| value.boolean())
        .unwrap_or_default();
    spec.cardinality_limit =
        section.optional("aggregation_cardinality_limit").and_then(|value| readers::limit(&value));
    if let Some(filter) = section.get("attribute_keys").and_then(|value| patterns::read(&value)) {
        spec.attributes.extend(filter.included.map(AttributeRule::Include));
        if !filter.excluded.is_empty() {
            spec.attributes.push(AttributeRule::Exclude(filter.excluded));
        }
    }
    section.finish();
    Some(spec)
}

/// Instruments of one name in several scopes stay apart by their scope, so only the name counts.
fn may_select_several(selector: &Selector) -> bool {
    selector.instrument_name.as_ref().is_none_or(|pattern| pattern.as_str().contains(['*', '?']))
}

fn read_aggregation(value: &Located<'_>) -> Option<Aggregation> {
    let mut section = value.section()?;
    let chosen = section.exactly_one(&[
        "default",
        "drop",
        "sum",
        "last_value",
        "explicit_bucket_histogram",
        "base2_exponential_bucket_histogram",
    ]);
    section.finish();
    let (name, value) = chosen?;
    let mut section = value.section_or_empty()?;
    let aggregation = match name {
        "default" => Aggregation::Default,
        "drop" => Aggregation::Drop,
        "sum" => Aggregation::Sum,
        "last_value" => Aggregation::LastValue,
        "explicit_bucket_histogram" => Aggregation::ExplicitBucketHistogram {
            boundaries: section.get("boundaries").and_then(|value| read_boundaries(&value)),
            record_min_max: section
                .optional("record_min_max")
                .and_then(|value| value.boolean())
                .unwrap_or(true),
        },
        _ => {
            let (least, most) = (i64::from(EXPONENTIAL_SCALE_MIN), i64::from(EXPONENTIAL_SCALE_MAX));
            let scale =
                section.optional("max_scale").and_then(|value| value.integer("a scale", least..=most));
            let sizes = 2..=i64::try_from(BUCKETS_MAX).unwrap_or(i64::MAX);
            let size =
                section.optional("max_size").and_then(|value| value.integer("a number of buckets", sizes));
            Aggregation::Base2ExponentialBucketHistogram {
                max_size: size.and_then(|size| u32::try_from(size).ok()).unwrap_or(EXPONENTIAL_SIZE_DEFAULT),
                max_scale: scale.and_then(|scale| i8::try_from(scale).ok()).unwrap_or(EXPONENTIAL_SCALE_MAX),
                record_min_max: section
                    .optional("record_min_max")
                    .and_then(|value| value.boolean())
                    .unwrap_or(true),
            }
        }
    };
    section.finish();
    Some(aggregation)
}

fn read_boundaries(value: &Located<'_>) -> Option<Arc<[f64]>> {
    let entries = value.list()?;
    if entries.len() >= BUCKETS_MAX {
        let found = format!("found {} boundaries", entries.len());
        value.reject_found(found, format!("fewer than {BUCKETS_MAX}"), "");
        return None;
    }
    let mut boundaries: Vec<f64> = Vec::with_capacity(entries.len());
    for entry in &entries {
        let boundary = entry.number()?;
        if !boundary.is_finite() {
            entry.reject_with_help("a finite number", "the last bucket reaches to infinity anyway");
            return None;
        }
        if let Some(last) = boundaries.last().filter(|last| **last >= boundary) {
            entry.reject(format!("more than the boundary before it, `{last:?}`"));
            return None;
        }
        boundaries.push(boundary);
    }
    Some(boundaries.into())
}
