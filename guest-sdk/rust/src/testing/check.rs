//! The host's rules for a View's answers.

use crate::{Aggregation, PluginInfo, Stream};

const SIZE_MIN: u32 = 2;
const SIZE_MAX: u32 = 16_384;
const SCALE_MIN: i8 = -10;
const SCALE_MAX: i8 = 20;
const NAME_BYTES_MAX: usize = 64;

/// What the host would refuse the plugin's description of itself for.
pub(super) fn info(info: &PluginInfo) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if info.name.is_empty() || info.name.len() > NAME_BYTES_MAX || !info.name.bytes().all(plain) {
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

/// What the host would refuse a stream for.
pub(super) fn stream(stream: &Stream) -> Result<(), String> {
    if stream.name.as_deref() == Some("") {
        return Err("empty stream name: expected a name, or none".to_owned());
    }
    if stream.cardinality_limit == Some(0) {
        return Err("cardinality limit 0: expected at least 1".to_owned());
    }
    match &stream.aggregation {
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
