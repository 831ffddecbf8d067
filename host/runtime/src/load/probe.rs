//! Questions a plugin is asked before it is put to work, so that one that cannot answer never gets there.

use std::sync::Arc;

use wasmeter_model::{
    Advisory, AttributeRule, Attributes, Instrument, InstrumentKind, NumberKind, Origin, Resource, Scope,
    Timestamp, Value,
};

use super::probe_frame::probe_frame;
use crate::failure::{FailureKind, Refusal};
use crate::plugin::Plugin;
use crate::world::World;

/// Asks what a plugin of its world is asked.
pub(super) fn probe(plugin: &Plugin) -> Result<(), Refusal> {
    match plugin.world() {
        World::View => probe_view(plugin),
        World::Observer => probe_observer(plugin),
        World::Processor => plugin.ask_process(&probe_frame()).map(drop),
        // It has said what it wants; a frame to try with would be exported.
        World::Exporter => Ok(()),
    }
}

/// Has it observe once. What it says it cannot observe now may be there later; all else it has to be able to.
fn probe_observer(plugin: &Plugin) -> Result<(), Refusal> {
    match plugin.ask_observe(Timestamp::UNKNOWN) {
        Err(refusal) if refusal.kind == FailureKind::Fault => {
            tracing::warn!(plugin = %plugin.label(), "it observes nothing yet: {refusal}");
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Asks about a few instruments of different kinds, and about an attribute set for each computed rule of the answers.
/// What the answers are does not matter, only that they are valid.
fn probe_view(plugin: &Plugin) -> Result<(), Refusal> {
    let attributes = probe_attributes();
    for instrument in probe_instruments() {
        let streams = plugin.ask_streams(&instrument)?.unwrap_or_default();
        let rules = streams.iter().flat_map(|stream| stream.attributes.iter().chain(&stream.resource));
        let mut tags: Vec<u32> = rules
            .filter_map(|rule| match rule {
                AttributeRule::Computed(tag) => Some(*tag),
                AttributeRule::Include(_) | AttributeRule::Exclude(_) => None,
            })
            .collect();
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            plugin.ask_map(tag, &attributes)?;
        }
    }
    Ok(())
}

fn probe_instruments() -> [Instrument; 3] {
    let scope =
        Arc::new(Scope { name: "wasmeter.probe".into(), version: "0.1.0".into(), ..Scope::default() });
    let resource = Arc::new(Resource {
        attributes: Attributes::from_iter([("service.name", "probe"), ("service.instance.id", "1")]),
        ..Resource::default()
    });
    let instrument = |name: &str, unit: &str, kind, number, origin| Instrument {
        name: name.into(),
        description: "".into(),
        unit: unit.into(),
        kind,
        number,
        origin,
        scope: scope.clone(),
        resource: resource.clone(),
        advisory: Advisory::default(),
    };
    [
        instrument("wasmeter.probe", "1", InstrumentKind::Counter, NumberKind::Int, Origin::Received),
        instrument(
            "http.server.request.duration",
            "s",
            InstrumentKind::Histogram,
            NumberKind::Double,
            Origin::Recorded,
        ),
        instrument(
            "process.memory.usage",
            "By",
            InstrumentKind::ObservableUpDownCounter,
            NumberKind::Int,
            Origin::Received,
        ),
    ]
}

fn probe_attributes() -> Attributes {
    Attributes::from_iter([
        ("http.request.method", Value::from("GET")),
        ("http.response.status_code", Value::from(200)),
        ("url.path", Value::from("/orders/84321")),
        ("ratio", Value::from(0.5)),
        ("cached", Value::from(true)),
    ])
}
