//! YAML text as a tree of nodes that know their line and column.
//!
//! References to environment variables are substituted here, as part of resolving a scalar. The tree is bounded whatever the
//! text: in depth, and, aliases and substitution counted in, in size.

mod build;
mod open;
mod scalar;
mod substitute;
mod tag;

pub(crate) use build::parse;

/// The longest text accepted, in bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// The deepest nesting accepted; the deepest part of the schema needs 9.
pub const DEPTH_MAX: usize = 64;
/// The most the tree may cost in bytes, with aliases expanded and variables substituted. Each node counts
/// 64 bytes besides its text.
pub const EXPANDED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a node counts for besides its text: about what it occupies.
pub(crate) const NODE_BYTES: usize = 64;

const _: () = assert!(FILE_BYTES_MAX < EXPANDED_BYTES_MAX);

/// A place in the text; both parts count from 1, and 0 means there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) content: Content,
}

/// The values of YAML's core schema.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// A problem with it has been reported; nothing more is to be said about it.
    Invalid,
}

/// A key with its value; keys of a mapping are unique.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Position,
    pub(crate) value: Node,
}
