//! Checks the streams a View answers with.

use std::num::NonZeroU32;
use std::sync::Arc;

use wasmeter_model::limits::{BUCKETS_MAX, EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN, NAME_BYTES_MAX};
use wasmeter_model::{Aggregation, AttributeRule, Combine, ExemplarReservoir, Pattern, StreamSpec};

use super::{Budget, Wrong, at_most, quoted};
use crate::bindings::view::exports::wasmeter::plugin::views;
use crate::config::AnswerLimits;

/// The longest unit (metrics API, "Instrument unit").
const UNIT_BYTES_MAX: usize = 63;
/// What a stream, a rule or a pattern costs beside its text.
const PART_BYTES: usize = 64;

/// Checks the answer of `streams`.
pub(crate) fn check_streams(
    streams: Vec<views::StreamSpec>,
    limits: AnswerLimits,
    bytes_max: usize,
) -> Result<Vec<StreamSpec>, Wrong> {
    at_most("streams", streams.len(), limits.streams_max)?;
    let mut budget = Budget::new(limits, bytes_max);
    let mut checked: Vec<StreamSpec> = Vec::with_capacity(streams.len());
    for stream in streams {
        let stream = check_stream(stream, &mut budget)?;
        // Two answers for one stream contradict each other, and which one wins must not depend on chance.
        let taken = |other: &&StreamSpec| match (&other.name, &stream.name) {
            (None, None) => true,
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        if checked.iter().find(taken).is_some() {
            return Err(match &stream.name {
                Some(name) => format!("two streams have the name `{}`", quoted(name)),
                None => "two streams have no name; at most one may keep the instrument's".to_owned(),
            });
        }
        checked.push(stream);
    }
    Ok(checked)
}

fn check_stream(stream: views::StreamSpec, budget: &mut Budget) -> Result<StreamSpec, Wrong> {
    budget.take(PART_BYTES)?;
    let views::StreamSpec {
        name,
        description,
        unit,
        attributes,
        resource_attributes,
        aggregation,
        combine,
        cardinality_limit,
    } = stream;
    if let Some(name) = &name {
        check_name(name)?;
        budget.take(name.len())?;
    }
    if let Some(description) = &description {
        budget.text("a description", description, budget.limits.description_bytes_max)?;
    }
    if let Some(unit) = &unit {
        check_unit(unit)?;
        budget.take(unit.len())?;
    }
    let cardinality_limit = match cardinality_limit {
        Some(limit) => Some(NonZeroU32::new(limit).ok_or("a cardinality limit of 0, at least 1 is needed")?),
        None => None,
    };
    Ok(StreamSpec {
        name: name.map(Arc::from),
        description: description.map(Arc::from),
        unit: unit.map(Arc::from),
        attributes: check_rules(attributes, budget)?,
        resource: check_rules(resource_attributes, budget)?,
        aggregation: check_aggregation(aggregation, budget)?,
        // The contract has no word for it: the settings beside the plugin say so.
        approximate_buckets: false,
        combine: combine.map(|combine| match combine {
            views::Combine::Sum => Combine::Sum,
            views::Combine::Min => Combine::Min,
            views::Combine::Max => Combine::Max,
            views::Combine::Last => Combine::Last,
        }),
        cardinality_limit,
        exemplar_reservoir: ExemplarReservoir::Default,
    })
}

/// The instrument name syntax of the metrics API: a letter, then letters, digits, `_`, `.`, `-` and `/`.
fn check_name(name: &str) -> Result<(), Wrong> {
    let mut rest = name.bytes();
    let legal = rest.next().is_some_and(|first| first.is_ascii_alphabetic())
        && rest.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'));
    if !legal {
        return Err(format!(
            "`{}` is no stream name: a letter first, then letters, digits, `_`, `.`, `-` or `/`",
            quoted(name)
        ));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(format!(
            "a stream name starting `{}` has {} characters, at most {NAME_BYTES_MAX} are allowed",
            quoted(name),
            name.len()
        ));
    }
    Ok(())
}

fn check_unit(unit: &str) -> Result<(), Wrong> {
    if unit.len() > UNIT_BYTES_MAX || !unit.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(format!(
            "`{}` is no unit: at most {UNIT_BYTES_MAX} printable ASCII characters",
            quoted(unit)
        ));
    }
    Ok(())
}

fn check_rules(rules: Vec<views::AttributeRule>, budget: &mut Budget) -> Result<Vec<AttributeRule>, Wrong> {
    at_most("attribute rules in a stream", rules.len(), budget.limits.rules_max)?;
    let mut checked = Vec::with_capacity(rules.len());
    for rule in rules {
        budget.take(PART_BYTES)?;
        checked.push(match rule {
            views::AttributeRule::Include(patterns) => {
                AttributeRule::Include(check_patterns(patterns, budget)?)
            }
            views::AttributeRule::Exclude(patterns) => {
                AttributeRule::Exclude(check_patterns(patterns, budget)?)
            }
            views::AttributeRule::Computed(tag) => AttributeRule::Computed(tag),
        });
    }
    Ok(checked)
}

fn check_patterns(patterns: Vec<String>, budget: &mut Budget) -> Result<Vec<Pattern>, Wrong> {
    at_most("patterns in a rule", patterns.len(), budget.limits.patterns_max)?;
    let mut checked = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        budget.take(PART_BYTES)?;
        if pattern.is_empty() {
            return Err("an empty pattern, which no attribute key can fit".to_owned());
        }
        budget.text("a pattern", &pattern, budget.limits.key_bytes_max)?;
        checked.push(Pattern::new(pattern));
    }
    Ok(checked)
}

/// Checks how values are to be combined.
pub(super) fn check_aggregation(
    aggregation: views::Aggregation,
    budget: &mut Budget,
) -> Result<Aggregation, Wrong> {
    Ok(match aggregation {
        views::Aggregation::Default => Aggregation::Default,
        views::Aggregation::Drop => Aggregation::Drop,
        views::Aggregation::Sum => Aggregation::Sum,
        views::Aggregation::LastValue => Aggregation::LastValue,
        views::Aggregation::ExplicitBucketHistogram(buckets) => Aggregation::ExplicitBucketHistogram {
            boundaries: match buckets.boundaries {
                Some(boundaries) => Some(check_boundaries(boundaries, budget)?),
                None => None,
            },
            record_min_max: buckets.record_min_max,
        },
        views::Aggregation::Base2ExponentialBucketHistogram(buckets) => {
            let views::ExponentialBuckets { max_size, max_scale, record_min_max } = buckets;
            if max_size < 2 || max_size as usize > BUCKETS_MAX {
                return Err(format!("a maximal size of {max_size} buckets, 2 to {BUCKETS_MAX} are allowed"));
            }
            if !(EXPONENTIAL_SCALE_MIN..=EXPONENTIAL_SCALE_MAX).contains(&max_scale) {
                return Err(format!(
                    "a maximal scale of {max_scale}, {EXPONENTIAL_SCALE_MIN} to {EXPONENTIAL_SCALE_MAX} are \
                     allowed"
                ));
            }
            Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max }
        }
    })
}

fn check_boundaries(boundaries: Vec<f64>, budget: &mut Budget) -> Result<Arc<[f64]>, Wrong> {
    // The last bucket has no boundary, so there is one boundary fewer than buckets.
    at_most("bucket boundaries", boundaries.len(), BUCKETS_MAX - 1)?;
    budget.take(boundaries.len().saturating_mul(size_of::<f64>()))?;
    if let Some(boundary) = boundaries.iter().find(|boundary| !boundary.is_finite()) {
        return Err(format!("the bucket boundary {boundary}, only finite ones are allowed"));
    }
    if let Some((a, b)) = boundaries.iter().zip(boundaries.iter().skip(1)).find(|(a, b)| a >= b) {
        return Err(format!("the bucket boundary {b} after {a}, they must ascend"));
    }
    Ok(boundaries.into())
}
