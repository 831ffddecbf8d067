//! An inspection for programs. Keys are never renamed or removed; what is not known is `null`.

use serde_json::{Map, Value, json};
use wasmeter_runtime::{Inspection, SignatureState};

/// The inspection as one object.
pub(super) fn of(inspection: &Inspection) -> Value {
    let content = inspection.content.as_ref();
    let shape = inspection.shape.as_ref();
    let introduction = inspection.introduction.as_ref();
    let terms = inspection.terms.as_ref();
    // A schema was checked to be JSON.
    let schema = introduction.and_then(|who| serde_json::from_str::<Value>(&who.config_schema).ok());
    let limits = terms.map(|terms| {
        terms.limits.by_name().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>()
    });
    let grants = terms.map(|terms| {
        let list = |(name, granted): (&str, String)| json!({ "capability": name, "granted": granted });
        terms.grants.by_name().map(list).collect::<Vec<_>>()
    });
    json!({
        "file": inspection.file.display().to_string(),
        "size_bytes": content.map(|content| content.size_bytes),
        "digest": content.map(|content| content.digest.as_ref()),
        "signature": content.map(|content| signature(&content.signature)),
        "world": shape.and_then(|shape| shape.world.as_deref()),
        "contract": shape.and_then(|shape| shape.contract.as_deref()),
        "imports": shape.map(|shape| &shape.imports),
        "name": introduction.map(|who| who.name.as_ref()),
        "version": introduction.map(|who| who.version.as_ref()),
        "description": introduction.map(|who| who.description.as_ref()),
        "needs": introduction.map(|who| &who.needs),
        "config_schema": schema,
        "enabled": terms.map(|terms| terms.is_enabled),
        "limits": limits,
        "grants": grants,
        "loads": inspection.failure.is_none(),
        "failure": inspection.failure.as_ref().map(|failure| {
            json!({ "kind": failure.kind.name(), "reason": failure.reason, "help": failure.help })
        }),
    })
}

fn signature(state: &SignatureState) -> Value {
    let (key, comment) = match state {
        SignatureState::Trusted { key, comment } => (Some(key), Some(comment)),
        SignatureState::Absent | SignatureState::Unchecked | SignatureState::Refused => (None, None),
    };
    json!({ "state": state.name(), "key": key, "comment": comment })
}
