//! Instruments in service: their sources and the routes from those to the readers' streams.

mod contribute;
mod entry;
mod exchange;
mod expiry;
mod fetch;
mod key;
mod open;
mod reroute;
mod routing;

pub(crate) use contribute::{Contributed, Contribution, bounds_of};
pub(crate) use entry::{Entry, State};
pub(crate) use key::{Form, Key};
pub(crate) use open::Open;
pub(crate) use reroute::{Plan, Rerouted};
pub(crate) use routing::Routing;
