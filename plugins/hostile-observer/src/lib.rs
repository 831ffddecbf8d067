//! An observer that misbehaves as its configuration says; see the README of `hostile`.

#[path = "../../hostile/src/waste.rs"]
mod waste;

use std::cell::Cell;

use serde::Deserialize;
use wasmeter_guest::{Fault, Observation, Observer, info};

/// The configuration, and how often it has observed.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostileObserver {
    observe: Behaviour,
    /// The metric, so that two of them need not say the same.
    metric: String,
    /// How many observations go well before, in each instance; the host makes one when it loads the plugin.
    well: u32,
    #[serde(skip)]
    observations: Cell<u32>,
}

/// What it does in place of observing.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Behaviour {
    #[default]
    Behave,
    Trap,
    Panic,
    Loop,
    Recurse,
    Allocate,
    Grow,
    FloodLog,
    GiveUp,
    GiantReason,
    ManyPoints,
}

impl Observer for HostileObserver {
    fn observe(&self, observation: &mut Observation) -> Result<(), Fault> {
        let before = self.observations.replace(self.observations.get().saturating_add(1));
        let points = match if before < self.well { Behaviour::Behave } else { self.observe } {
            Behaviour::Behave => 1,
            Behaviour::Trap => waste::trap(),
            Behaviour::Panic => panic!("at observation {before}"),
            Behaviour::Loop => waste::time(),
            Behaviour::Recurse => {
                waste::stack(0);
                1
            }
            Behaviour::Allocate => waste::memory(),
            Behaviour::Grow => {
                waste::pages();
                1
            }
            Behaviour::FloodLog => {
                (0..5000).for_each(|line| info!("line {line}"));
                1
            }
            Behaviour::GiveUp => return Err(Fault::new("found a machine, expected peace")),
            Behaviour::GiantReason => return Err(Fault::new("r".repeat(8 << 20))),
            Behaviour::ManyPoints => 10_000,
        };
        for place in 0..points {
            observation.gauge(&self.metric).point([("place", place)], 7);
        }
        Ok(())
    }
}

wasmeter_guest::register_observer!(HostileObserver);
