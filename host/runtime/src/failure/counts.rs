//! How often each plugin failed in each way; shared, and read as a snapshot for the host's own metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::FailureKind;

/// The most distinct plugin names kept apart; failures of further ones are counted under `other`. Names come from files, so without a bound a directory that keeps changing would fill the host's memory.
const PLUGINS_MAX: usize = 1024;

/// Failures per plugin and kind since the start of the process. Only ever grows.
#[derive(Debug, Default)]
pub struct Counts {
    by_plugin: Mutex<BTreeMap<Arc<str>, BTreeMap<FailureKind, u64>>>,
}

/// One line of a [`Counts`] snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureCount {
    /// The name of the plugin's file without its extension; `*` for the directory itself.
    pub plugin: Arc<str>,
    /// The kind of failure.
    pub kind: FailureKind,
    /// How often it happened, at least 1.
    pub count: u64,
}

impl Counts {
    pub(crate) fn add(&self, plugin: &Arc<str>, kind: FailureKind) {
        let mut by_plugin = self.by_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if by_plugin.len() < PLUGINS_MAX || by_plugin.contains_key(plugin) {
            plugin.clone()
        } else {
            Arc::from("other")
        };
        let count = by_plugin.entry(key).or_default().entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    /// Everything counted so far, ordered by plugin and kind.
    pub fn snapshot(&self) -> Vec<FailureCount> {
        let by_plugin = self.by_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        by_plugin
            .iter()
            .flat_map(|(plugin, kinds)| {
                kinds.iter().map(|(&kind, &count)| FailureCount { plugin: plugin.clone(), kind, count })
            })
            .collect()
    }

    /// How often the plugin of one file failed in one way.
    pub fn get(&self, plugin: &str, kind: FailureKind) -> u64 {
        let by_plugin = self.by_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        by_plugin.get(plugin).and_then(|kinds| kinds.get(&kind)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let counts = Counts::default();
        for number in 0..PLUGINS_MAX + 50 {
            counts.add(&format!("plugin-{number}").into(), FailureKind::Trap);
        }
        assert_eq!(counts.get("other", FailureKind::Trap), 50);
        assert_eq!(counts.snapshot().len(), PLUGINS_MAX + 1);
    }
}
