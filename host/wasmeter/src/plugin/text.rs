//! An inspection for people: a line for each thing that is known.

use wasmeter_runtime::{Content, Inspection, Introduction, Shape, SignatureState, Terms};

/// The lines, each with its end.
pub(super) fn of(inspection: &Inspection) -> String {
    let mut lines = Lines(String::new());
    lines.add("file", &inspection.file.display().to_string());
    if let Some(Content { size_bytes, digest, signature }) = &inspection.content {
        lines.add("size", &format!("{size_bytes} bytes"));
        lines.add("digest", digest);
        lines.add("signature", &signature_text(signature));
    }
    if let Some(Shape { world, contract, imports }) = &inspection.shape {
        let contract =
            contract.as_ref().map_or_else(String::new, |version| format!(" of wasmeter:plugin@{version}"));
        lines.add(
            "world",
            &format!("{}{contract}", world.as_deref().unwrap_or("none of the plugin contract")),
        );
        lines.add("imports", &listed(imports));
    }
    if let Some(Introduction { name, version, description, config_schema, needs }) = &inspection.introduction
    {
        lines.add("plugin", &format!("{name} {version}"));
        lines.add("description", description);
        lines.add("needs", &listed(needs));
        let takes = if config_schema.is_empty() { "none" } else { "as its schema says, which --json shows" };
        lines.add("configuration", takes);
    }
    if let Some(Terms { is_enabled, limits, grants }) = &inspection.terms {
        lines.add("enabled", if *is_enabled { "yes" } else { "no, its settings say `enabled = false`" });
        for (name, granted) in grants.by_name() {
            lines.add("grant", &format!("{name}: {granted}"));
        }
        for (name, value) in limits.by_name() {
            lines.add("limit", &format!("{name} = {value}"));
        }
    }
    if inspection.failure.is_none() {
        lines.add("loads", "yes");
    }
    lines.0
}

struct Lines(String);

impl Lines {
    /// Adds a line, unless there is nothing to say.
    fn add(&mut self, what: &str, value: &str) {
        if !value.is_empty() {
            self.0.push_str(&format!("{what:<14}{value}\n"));
        }
    }
}

fn listed(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

fn signature_text(signature: &SignatureState) -> String {
    match signature {
        SignatureState::Absent => "none, and none is asked for".to_owned(),
        SignatureState::Unchecked => "there is one, not checked: no `trusted_keys` are configured".to_owned(),
        SignatureState::Trusted { key, comment } => format!("by the trusted key {key} ({comment})"),
        SignatureState::Refused => "none that counts".to_owned(),
    }
}
