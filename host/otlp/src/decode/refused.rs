//! Counting what a request lost.

use std::fmt;

use super::{Fault, Reason};

/// The points of a request that were refused. Displays as the counts by reason and the first example.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refused {
    counts: [u64; Reason::ALL.len()],
    first: Option<(String, Fault)>,
}

impl Refused {
    /// The longest part of a metric's name that an example repeats.
    const NAME_CHARS_MAX: usize = 128;

    /// How many points, over all reasons.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many points for `reason`.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts.get(reason as usize).copied().unwrap_or_default()
    }

    /// The reasons that occurred, with how many points each.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().map(|reason| (reason, self.count(reason))).filter(|(_, count)| *count > 0)
    }

    /// The first metric (its name cut to 128 characters) that had a point refused, and what was wrong.
    pub fn first(&self) -> Option<(&str, &Fault)> {
        self.first.as_ref().map(|(metric, fault)| (metric.as_str(), fault))
    }

    pub(super) fn add(&mut self, metric: &str, fault: Fault, points: u64) {
        if points == 0 {
            return;
        }
        if let Some(count) = self.counts.get_mut(fault.reason() as usize) {
            *count += points;
        }
        self.first.get_or_insert_with(|| (metric.chars().take(Self::NAME_CHARS_MAX).collect(), fault));
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((metric, fault)) = &self.first else { return formatter.write_str("no points refused") };
        write!(formatter, "{} points refused (", self.total())?;
        for (index, (reason, count)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{count} {}", reason.name())?;
        }
        write!(formatter, "); first: metric `{metric}`: {fault}")
    }
}

/// What is wrong in a request but costs no point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    /// Attributes whose key stands in the same set already. They are kept; who makes a set of them keeps the last.
    pub duplicate_keys: u64,
    /// Exemplars whose trace id is not 16 bytes or span id not 8. The id is left out.
    pub malformed_ids: u64,
    /// Keys or values that refer to the string table of profiles. They are taken as empty.
    pub profile_references: u64,
    /// References of resources to entities that name no type or no identifying attribute, attributes that the resource does not have,
    /// or that are more than [`ENTITIES_MAX`](wasmeter_model::limits::ENTITIES_MAX). The reference is left out, or, where only what
    /// describes the entity is missing, that key.
    pub malformed_entity_references: u64,
}
