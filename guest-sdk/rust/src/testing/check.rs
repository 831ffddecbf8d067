//! What the host does with a plugin before it asks anything, and its rules for answers, but for how many bytes and list items one may have.

use std::collections::HashSet;

use crate::frame::Frame;
use crate::{Aggregation, AttributeRule, PluginInfo, Problem, Registered, Stream, parse_config};

const SIZE_MIN: u32 = 2;
const SIZE_MAX: u32 = 16_384;
const SCALE_MIN: i8 = -10;
const SCALE_MAX: i8 = 20;
const PLUGIN_NAME_BYTES_MAX: usize = 64;
const STREAM_NAME_BYTES_MAX: usize = 255;
const UNIT_BYTES_MAX: usize = 63;

/// What the host would refuse the plugin's description of itself for.
pub(super) fn info(info: &PluginInfo) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if info.name.is_empty() || info.name.len() > PLUGIN_NAME_BYTES_MAX || !info.name.bytes().all(plain) {
        let name = info.name;
        return Err(format!("plugin name `{name}`: expected 1 to 64 lower-case letters, digits and `-`"));
    }
    if info.description.is_empty() {
        return Err("no description: expected `description = \"...\"` in Cargo.toml".to_owned());
    }
    if !info.config_schema.is_empty() {
        let schema: Result<serde_json::Value, _> = serde_json::from_str(info.config_schema);
        schema.map_err(|error| format!("the configuration's schema is not JSON: {error}"))?;
    }
    Ok(())
}

/// A plugin with this configuration, after a look at what it says of itself, as the host has one before it asks anything.
#[track_caller]
pub(super) fn configured<P: Registered>(config: &str) -> Result<P, Vec<Problem>> {
    if let Err(refusal) = info(&P::INFO) {
        panic!("{refusal}");
    }
    parse_config(config)
}

/// What was configured; panics with the problems if there are any.
#[track_caller]
pub(super) fn accepted<P>(configured: Result<P, Vec<Problem>>) -> P {
    match configured {
        Ok(plugin) => plugin,
        Err(problems) => panic!("the configuration is refused: {problems:#?}"),
    }
}

/// Panics where the host would refuse a frame for a mistake that is easily made.
#[track_caller]
pub(super) fn frame(frame: &Frame) {
    for metric in frame.metrics() {
        assert!(!metric.name().is_empty(), "a metric without a name");
        let mut seen = HashSet::new();
        for point in metric.points() {
            let attributes = point.attributes().to_attributes();
            let words = format!("{attributes:?} {}", point.is_ended());
            assert!(seen.insert(words), "two points of `{}` have {attributes:?}", metric.name());
        }
    }
}

/// The metrics API's syntax of instrument names, which the host asks of streams' names, too.
fn is_instrument_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    name.len() <= STREAM_NAME_BYTES_MAX
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(allowed)
}

/// What the host would refuse a stream for.
pub(super) fn stream(stream: &Stream) -> Result<(), String> {
    if let Some(name) = &stream.name
        && !is_instrument_name(name)
    {
        return Err(format!(
            "stream name `{name}`: expected a letter, then letters, digits, `_`, `.`, `-` or `/`, at most 255 in all"
        ));
    }
    if let Some(unit) = &stream.unit
        && (unit.len() > UNIT_BYTES_MAX || !unit.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()))
    {
        return Err(format!("unit `{unit}`: expected at most {UNIT_BYTES_MAX} printable ASCII characters"));
    }
    for rule in stream.attributes.iter().chain(&stream.resource_attributes) {
        if let AttributeRule::Include(patterns) | AttributeRule::Exclude(patterns) = rule
            && patterns.iter().any(|pattern| pattern.as_str().is_empty())
        {
            return Err("empty pattern: expected one that some key can fit".to_owned());
        }
    }
    if stream.cardinality_limit == Some(0) {
        return Err("cardinality limit 0: expected at least 1".to_owned());
    }
    aggregation(&stream.aggregation)
}

/// What the host would refuse an aggregation for.
pub(super) fn aggregation(aggregation: &Aggregation) -> Result<(), String> {
    match aggregation {
        Aggregation::ExplicitBucketHistogram { boundaries: Some(boundaries), .. } => {
            let ascending = boundaries.windows(2).all(|pair| matches!(pair, [low, high] if low < high));
            if !ascending || !boundaries.iter().all(|bound| bound.is_finite()) {
                return Err(format!(
                    "boundaries {boundaries:?}: expected finite and strictly ascending ones"
                ));
            }
        }
        Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, .. }
            if !(SIZE_MIN..=SIZE_MAX).contains(max_size) || !(SCALE_MIN..=SCALE_MAX).contains(max_scale) =>
        {
            return Err(format!(
                "exponential histogram of size {max_size} and scale {max_scale}: expected 2 to 16384 and -10 to 20"
            ));
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::stream;
    use crate::Stream;

    #[test]
    fn what_the_host_refuses_is_refused() {
        let keep = Stream::keep;
        let refused = [
            keep().rename(""),
            keep().rename("1a"),
            keep().rename("a b"),
            keep().rename("a".repeat(256)),
            keep().unit("\u{b0}C"),
            keep().unit("m".repeat(64)),
            keep().exclude([""]),
            keep().include_resource(["a", ""]),
            keep().boundaries([1.0, 1.0]),
            keep().boundaries([2.0, 1.0]),
            keep().boundaries([f64::NAN]),
            keep().boundaries([1.0, f64::INFINITY]),
            keep().cardinality_limit(0),
        ];
        for given in refused {
            assert!(stream(&given).is_err(), "{given:?}");
        }
        let fine =
            keep().rename("a.b-c_d/e1").unit("{request}").exclude(["*"]).boundaries([]).cardinality_limit(1);
        assert_eq!(stream(&fine), Ok(()));
        assert_eq!(stream(&keep().exponential()), Ok(()));
    }
}
