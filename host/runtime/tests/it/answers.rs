//! Answers that break the contract are refused whole, with the reason, and leave the plugin in service.

use wasmeter_engine::View;
use wasmeter_model::{Attributes, Value, ValueRef};
use wasmeter_runtime::{FailureKind, PluginState};

use crate::guest::Guest;
use crate::support::{Folder, counter, hostile, runtime};

#[test]
fn wrong_streams() {
    let runtime = runtime();
    for (behaviour, expected) in [
        ("many-streams", "10000 streams, at most 64 are allowed"),
        ("many-boundaries", "100000 bucket boundaries, at most 16383 are allowed"),
        ("nan-boundary", "the bucket boundary NaN, only finite ones are allowed"),
        ("descending-boundaries", "the bucket boundary 2 after 3, they must ascend"),
        (
            "bad-name",
            "`0 is no name ` is no stream name: a letter first, then letters, digits, `_`, `.`, `-` or `/`",
        ),
        ("long-name", "has 256 characters, at most 255 are allowed"),
        ("twin-names", "two streams have the name `TWIN`"),
        ("bad-unit", "`µs` is no unit: at most 63 printable ASCII characters"),
        ("zero-limit", "a cardinality limit of 0, at least 1 is needed"),
        ("bad-scale", "a maximal scale of 21, -10 to 20 are allowed"),
        ("bad-size", "a maximal size of 1 buckets, 2 to 16384 are allowed"),
        ("empty-pattern", "an empty pattern, which no attribute key can fit"),
        ("many-patterns", "5000 patterns in a rule, at most 1024 are allowed"),
        ("giant-list", "it holds more than 1 MiB in total"),
        // Too much even to be looked at.
        ("giant-description", "too much data is being copied"),
    ] {
        let Some((_folder, file)) = hostile(&format!("streams = '{behaviour}'")) else { return };
        let failure = runtime.load(&file).expect_err(behaviour);
        assert_eq!(failure.kind, FailureKind::InvalidAnswer, "{behaviour}: {failure}");
        assert!(failure.reason.contains(expected), "{behaviour}: {failure}");
    }
}

#[test]
fn wrong_attribute_sets() {
    let runtime = runtime();
    for (behaviour, expected) in [
        ("empty-key", "an attribute with an empty key"),
        ("giant-value", "it holds more than 1 MiB in total"),
        ("many-attributes", "attributes, at most 1024 are allowed"),
        ("bad-nested", "is no OTLP/JSON AnyValue"),
        ("deep-nested", "a nested value deeper than 64 levels"),
    ] {
        let Some((_folder, file)) = hostile(&format!("map = '{behaviour}'")) else { return };
        let failure = runtime.load(&file).expect_err(behaviour);
        assert_eq!(failure.kind, FailureKind::InvalidAnswer, "{behaviour}: {failure}");
        assert!(failure.reason.contains(expected), "{behaviour}: {failure}");
    }
}

#[test]
fn odd_but_legal_answers() {
    let runtime = runtime();
    let map = |behaviour: &str, set: &Attributes| {
        let (_folder, file) = hostile(&format!("map = '{behaviour}'"))?;
        Some(runtime.load(&file).unwrap().map_attributes(7, set).unwrap())
    };
    let Some(dropped) = map("drop", &Attributes::empty()) else { return };
    assert_eq!(dropped, None);
    assert_eq!(map("twin-keys", &Attributes::empty()), Some(Some(Attributes::from_iter([("twin", 2i64)]))));
    let nested = map("good-nested", &Attributes::empty()).unwrap().unwrap();
    assert!(matches!(nested.get("nested"), Some(ValueRef::Nested(_))));

    for (behaviour, expected) in [("none", None), ("drop", Some(vec![]))] {
        let Some((_folder, file)) = hostile(&format!("streams = '{behaviour}'")) else { return };
        assert_eq!(runtime.load(&file).unwrap().streams(&counter()).unwrap(), expected);
    }
}

#[test]
fn wrong_words_about_itself() {
    let runtime = runtime();
    for (behaviour, kind, expected) in [
        ("bad-name", FailureKind::InvalidAnswer, "`No Name [31m` is no plugin name"),
        ("bad-version", FailureKind::InvalidAnswer, "`one` is no semantic version"),
        ("bad-schema", FailureKind::InvalidAnswer, "the configuration schema is no JSON"),
        (
            "capability",
            FailureKind::CapabilityNotGranted,
            "it says that it needs `http`, and its settings do not grant `http`",
        ),
    ] {
        let Some((_folder, file)) = hostile(&format!("info = '{behaviour}'")) else { return };
        let failure = runtime.load(&file).expect_err(behaviour);
        assert_eq!(failure.kind, kind, "{behaviour}: {failure}");
        assert!(failure.reason.contains(expected), "{behaviour}: {failure}");
    }
}

#[test]
fn a_refused_configuration_tells_all_problems() {
    let runtime = runtime();
    let Some((_folder, file)) = hostile("configure = 'refuse'") else { return };
    let failure = runtime.load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::ConfigurationRefused);
    assert_eq!(
        failure.to_string(),
        "plugin `hostile` 0.1.0 (hostile.wasm): it refuses its configuration: at `/configure`: found `refuse`, expected \
         something else; nothing is right; correct `[config]` in the plugin's settings file"
    );
    let Some((_folder, file)) = hostile("configure = 'refuse-endlessly'") else { return };
    let failure = runtime.load(&file).unwrap_err();
    assert!(failure.reason.ends_with("and 9984 more"), "{failure}");
    assert!(failure.reason.len() < 3000);
}

#[test]
fn a_wrong_answer_costs_no_instance() {
    // One attribute at 200, where all is zero: no key and no value.
    let guest = Guest {
        map: "(i32.store8 (i32.const 160) (i32.eqz (local.get $len))) (i32.store (i32.const 164) (i32.const 200)) \
              (i32.store (i32.const 168) (i32.const 1)) i32.const 160",
        ..Guest::default()
    };
    let folder = Folder::new();
    let plugin = runtime().load(&folder.put_guest("guest.wasm", &guest)).unwrap();
    for _ in 0..5 {
        let fault = plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
        assert!(fault.reason.contains("an attribute with an empty key"), "{fault}");
    }
    assert_eq!(plugin.map_attributes(0, &Attributes::from_iter([("a", 1i64)])), Ok(None));
    assert_eq!(plugin.info().state, PluginState::Active);
}

#[test]
fn what_the_sender_sent_may_be_returned_whatever_its_shape() {
    let folder = Folder::new();
    let plugin = runtime().load(&folder.put_guest("guest.wasm", &Guest::default())).unwrap();
    let many = Attributes::from_pairs((0..2000i64).map(|number| (format!("k{number}"), number))).0;
    assert_eq!(plugin.map_attributes(0, &many), Ok(Some(many)));
    let long_key = Attributes::from_iter([("k".repeat(5000), 1i64)]);
    assert_eq!(plugin.map_attributes(0, &long_key), Ok(Some(long_key)));
    // Not what a plugin may invent, but the sender did.
    let odd = Attributes::from_iter([("odd", Value::Nested("[[".into()))]);
    assert_eq!(plugin.map_attributes(0, &odd), Ok(Some(odd)));
}
