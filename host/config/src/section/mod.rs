//! Typed access to the tree: every accessor reports what does not fit, so that reading continues and all problems are found.

mod located;
mod mapping;

pub(crate) use located::{Located, MILLIS, MILLIS_MAX, nearest, one_of};
pub(crate) use mapping::Section;
