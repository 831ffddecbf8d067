//! The border between guests and the host for whole frames: the model's columns become those of the plugin contract, and
//! what comes back is checked and becomes the model's, or is refused whole.

mod entities;
mod lift;
mod lower;

#[cfg(test)]
mod generated;
#[cfg(test)]
mod tests;

pub(crate) use entities::keep_entities;
pub(crate) use lift::lift;
pub(crate) use lower::lower;
