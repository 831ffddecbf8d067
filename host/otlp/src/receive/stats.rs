//! What the receivers counted, for the process's own metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{FailureKind, Transport};
use crate::decode::{Reason, Refused, Warnings};

const FAILURES: usize = FailureKind::ALL.len();
const REASONS: usize = Reason::ALL.len();

/// What a count is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counted {
    /// Requests, whatever became of them.
    Requests,
    /// Requests that failed as a whole.
    Failed(FailureKind),
    /// Requests in protobuf that were decoded as a whole, see [`crate::wire`].
    Decoded,
    /// Points handed to the sink.
    Points,
    /// Points the sink rejected.
    Rejected,
    /// Points refused before the sink.
    Refused(Reason),
    /// Attributes that repeat a key of their set.
    DuplicateKeys,
    /// Exemplar ids of the wrong length, left out.
    MalformedIds,
    /// References to the string table of profiles, taken as empty.
    ProfileReferences,
    /// References of resources to entities that are malformed, left out.
    MalformedEntityReferences,
}

impl Counted {
    /// A stable name in snake_case; of failures and refusals the reason's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Failed(kind) => kind.name(),
            Self::Decoded => "decoded",
            Self::Points => "points",
            Self::Rejected => "rejected",
            Self::Refused(reason) => reason.name(),
            Self::DuplicateKeys => "duplicate_keys",
            Self::MalformedIds => "malformed_ids",
            Self::ProfileReferences => "profile_references",
            Self::MalformedEntityReferences => "malformed_entity_references",
        }
    }
}

/// One count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveCount {
    /// How the requests came.
    pub transport: Transport,
    /// What was counted.
    pub counted: Counted,
    /// How often, since the receiver was made.
    pub count: u64,
}

/// Counters of a receiver; monotonic, readable while it serves.
#[derive(Debug, Default)]
pub struct ReceiveStats {
    transports: [TransportStats; Transport::ALL.len()],
}

#[derive(Debug, Default)]
struct TransportStats {
    requests: AtomicU64,
    decoded: AtomicU64,
    points: AtomicU64,
    rejected: AtomicU64,
    duplicate_keys: AtomicU64,
    malformed_ids: AtomicU64,
    profile_references: AtomicU64,
    malformed_entity_references: AtomicU64,
    failed: [AtomicU64; FAILURES],
    refused: [AtomicU64; REASONS],
}

impl ReceiveStats {
    /// Every count, also those that are 0, in a stable order.
    pub fn snapshot(&self) -> Vec<ReceiveCount> {
        let counted = || {
            [Counted::Requests, Counted::Decoded, Counted::Points, Counted::Rejected]
                .into_iter()
                .chain([Counted::DuplicateKeys, Counted::MalformedIds])
                .chain([Counted::ProfileReferences, Counted::MalformedEntityReferences])
                .chain(FailureKind::ALL.into_iter().map(Counted::Failed))
                .chain(Reason::ALL.into_iter().map(Counted::Refused))
        };
        let of = |transport| {
            counted().map(move |counted| ReceiveCount {
                transport,
                counted,
                count: self.get(transport, counted),
            })
        };
        Transport::ALL.into_iter().flat_map(of).collect()
    }

    /// One count.
    pub fn get(&self, transport: Transport, counted: Counted) -> u64 {
        self.counter(transport, counted).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    pub(super) fn add(&self, transport: Transport, counted: Counted, count: u64) {
        if let Some(counter) = self.counter(transport, counted) {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }

    pub(super) fn add_refused(&self, transport: Transport, refused: &Refused) {
        for (reason, count) in refused.iter() {
            self.add(transport, Counted::Refused(reason), count);
        }
    }

    pub(super) fn add_warnings(&self, transport: Transport, warnings: Warnings) {
        self.add(transport, Counted::DuplicateKeys, warnings.duplicate_keys);
        self.add(transport, Counted::MalformedIds, warnings.malformed_ids);
        self.add(transport, Counted::ProfileReferences, warnings.profile_references);
        self.add(transport, Counted::MalformedEntityReferences, warnings.malformed_entity_references);
    }

    fn counter(&self, transport: Transport, counted: Counted) -> Option<&AtomicU64> {
        let stats = self.transports.get(transport as usize)?;
        match counted {
            Counted::Requests => Some(&stats.requests),
            Counted::Decoded => Some(&stats.decoded),
            Counted::Points => Some(&stats.points),
            Counted::Rejected => Some(&stats.rejected),
            Counted::DuplicateKeys => Some(&stats.duplicate_keys),
            Counted::MalformedIds => Some(&stats.malformed_ids),
            Counted::ProfileReferences => Some(&stats.profile_references),
            Counted::MalformedEntityReferences => Some(&stats.malformed_entity_references),
            Counted::Failed(kind) => stats.failed.get(kind as usize),
            Counted::Refused(reason) => stats.refused.get(reason as usize),
        }
    }
}
