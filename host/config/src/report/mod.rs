//! Problems: what is wrong, where, and what to do about it.

mod collect;
mod path;
mod problem;

pub(crate) use collect::Report;
pub(crate) use path::Path;
pub use problem::Problem;
pub(crate) use problem::{printable, quoted};

/// The most problems reported at once; one more then counts the rest.
pub const PROBLEMS_MAX: usize = 100;
