//! Instruments in service: their sources and the routes from those to the readers' streams.

mod contribute;
mod entry;
mod exchange;
mod fetch;
mod key;
mod open;
mod reroute;

pub(crate) use contribute::{Contributed, Contribution, bounds_of};
pub(crate) use entry::{Entry, Routing, State};
pub(crate) use key::{Form, Key};
pub(crate) use open::Open;
pub(crate) use reroute::{Plan, Rerouted};
