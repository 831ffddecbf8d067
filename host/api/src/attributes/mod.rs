//! Attributes of the API as the engine keeps them.

mod cache;
mod convert;
mod given;

pub(crate) use cache::set_of;
pub(crate) use convert::converted;
pub(crate) use given::Given;
