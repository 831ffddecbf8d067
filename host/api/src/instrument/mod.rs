//! Instruments: checked, known by name, recorded with or observed.

mod advice;
mod conflict;
mod known;
mod number;
mod observable;
mod silent;
mod synchronous;
mod syntax;

pub(crate) use advice::Advice;
pub(crate) use conflict::{advice_conflict, conflict};
pub(crate) use known::{Known, is_same};
pub use number::Measured;
pub(crate) use observable::{of_one, register};
pub(crate) use silent::Silent;
pub(crate) use synchronous::Synchronous;
pub(crate) use syntax::{boundaries_fault, name_fault};
