//! What is kept while the tree is built: collections that are not complete yet, and complete nodes with their cost.

use std::collections::HashMap;

use super::{Entry, Node, Position};

/// A collection that has begun but not ended.
pub(super) struct Open {
    pub(super) at: Position,
    pub(super) anchor: usize,
    pub(super) items: Items,
    pub(super) bytes: usize,
    /// The nesting below it.
    pub(super) height: usize,
}

pub(super) enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: HashMap<String, Position>, key: Key },
}

pub(super) enum Key {
    /// The next node is a key.
    Expected,
    /// The next node is the value of this key.
    Given(String, Position),
    /// The next node is the value of a key that was refused.
    Refused,
}

/// A complete node, with what a copy of it costs.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) node: Node,
    pub(super) bytes: usize,
    pub(super) height: usize,
}
