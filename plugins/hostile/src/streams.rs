//! Answers of `streams`, most of them wrong.

use crate::bindings::exports::wasmeter::plugin::views::{
    Aggregation, AttributeRule, ExplicitBuckets, ExponentialBuckets, Instrument, StreamSpec,
};
use crate::bindings::wasmeter::plugin::host;
use crate::{panics, waste};

pub(crate) fn streams(behaviour: &str, instrument: &Instrument) -> Option<Vec<StreamSpec>> {
    let spec = spec();
    let named = |name: String| StreamSpec { name: Some(name), ..self::spec() };
    let buckets = |boundaries: Vec<f64>| StreamSpec {
        aggregation: Aggregation::ExplicitBucketHistogram(ExplicitBuckets {
            boundaries: Some(boundaries),
            record_min_max: true,
        }),
        ..self::spec()
    };
    let exponential = |max_size, max_scale| StreamSpec {
        aggregation: Aggregation::Base2ExponentialBucketHistogram(ExponentialBuckets {
            max_size,
            max_scale,
            record_min_max: true,
        }),
        ..self::spec()
    };
    let rules = |attributes| StreamSpec { attributes, ..self::spec() };
    match behaviour {
        "trap" => waste::trap(),
        "panic" => panics(&format!("at the instrument {}", instrument.name)),
        "loop" => waste::time(),
        "recurse" => {
            waste::stack(0);
        }
        "allocate" => waste::memory(),
        "grow" => waste::pages(),
        "flood-log" => (0..5000).for_each(|line| host::log(host::Level::Info, &format!("line {line}"))),
        "giant-log" => host::log(host::Level::Info, &"x".repeat(100_000)),
        "forge-log" => host::log(host::Level::Warn, "fine\n2026-01-01 ERROR the host is on fire\u{1b}[2J"),
        _ => {}
    }
    Some(match behaviour {
        "none" => return None,
        "drop" => vec![],
        "many-streams" => (0..10_000).map(|number| named(format!("stream{number}"))).collect(),
        "many-boundaries" => vec![buckets((0..100_000).map(f64::from).collect())],
        "nan-boundary" => vec![buckets(vec![1.0, f64::NAN, 3.0])],
        "descending-boundaries" => vec![buckets(vec![1.0, 3.0, 2.0])],
        "bad-name" => vec![named("0 is no name\n".to_owned())],
        "long-name" => vec![named("n".repeat(256))],
        "twin-names" => vec![named("twin".to_owned()), named("TWIN".to_owned())],
        "bad-unit" => vec![StreamSpec { unit: Some("µs".to_owned()), ..spec }],
        "giant-description" => vec![StreamSpec { description: Some("d".repeat(8 << 20)), ..spec }],
        "zero-limit" => vec![StreamSpec { cardinality_limit: Some(0), ..spec }],
        "bad-scale" => vec![exponential(160, 21)],
        "bad-size" => vec![exponential(1, 20)],
        "empty-pattern" => vec![rules(vec![AttributeRule::Include(vec![String::new()])])],
        "many-patterns" => vec![rules(vec![AttributeRule::Exclude(vec!["p".to_owned(); 5000])])],
        // 512 bytes per pattern and 1000 patterns per rule: each part is small enough, the whole is not.
        "giant-list" => {
            vec![rules((0..4).map(|_| AttributeRule::Exclude(vec!["p".repeat(512); 1000])).collect())]
        }
        _ => vec![spec],
    })
}

/// The well-behaved answer.
fn spec() -> StreamSpec {
    StreamSpec {
        name: None,
        description: None,
        unit: None,
        attributes: vec![AttributeRule::Computed(7)],
        resource_attributes: vec![AttributeRule::Exclude(vec!["service.instance.id".to_owned()])],
        aggregation: Aggregation::Default,
        combine: None,
        cardinality_limit: None,
    }
}
