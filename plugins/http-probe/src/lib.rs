//! Observes whether URLs answer as they should, and how fast. See the README for what it needs and says.

mod config;
mod probe;
mod totals;

use std::cell::RefCell;

use serde::Deserialize;
use wasmeter_guest::{Attributes, Fault, Observation, Observer};

use config::{Config, Target};
use totals::{Outcome, Totals};

/// The observer.
#[derive(Deserialize)]
#[serde(try_from = "Config")]
pub struct HttpProbe {
    config: Config,
    state: RefCell<State>,
}

/// What it remembers.
#[derive(Default)]
struct State {
    /// When it first probed, in nanoseconds since the Unix epoch: another build counts from then, and all it counts is new.
    start: u64,
    totals: Totals,
}

impl TryFrom<Config> for HttpProbe {
    type Error = String;

    fn try_from(config: Config) -> Result<Self, String> {
        Ok(Self { config: config.check()?, state: RefCell::default() })
    }
}

fn attributes(target: &Target) -> Attributes {
    [("http.request.method", target.method.name()), ("url.full", target.url.as_str())].into()
}

impl Observer for HttpProbe {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn observe(&self, observation: &mut Observation) -> Result<(), Fault> {
        // Nobody is asked only to see whether it works.
        if observation.is_trial() {
            return Ok(());
        }
        let mut state = self.state.borrow_mut();
        if state.start == 0 {
            state.start = observation.now();
        }
        for (at, target) in self.config.targets.iter().enumerate() {
            let (outcome, secs) = probe::probe(target, self.config.timeout_ms.get());
            let is_up = matches!(outcome, Outcome::Answered(code) if target.status.iter().any(|status| status.is(code)));
            observation
                .gauge("http.probe.up")
                .unit("1")
                .description("1 if the last answer was as it should be, else 0")
                .point(attributes(target), i64::from(is_up));
            state.totals.entry((at, outcome)).or_default().add(secs);
        }
        for ((at, outcome), durations) in &state.totals {
            let Some(target) = self.config.targets.get(*at) else { continue };
            let mut attributes = attributes(target);
            match outcome {
                Outcome::Answered(code) => {
                    drop(attributes.set("http.response.status_code", i64::from(*code)))
                }
                Outcome::Failed(why) => drop(attributes.set("error.type", *why)),
            }
            observation
                .histogram("http.probe.duration")
                .unit("s")
                .description("How long probes took, until the whole answer was there")
                .since(state.start)
                .point(attributes, durations.to_histogram());
        }
        Ok(())
    }
}

wasmeter_guest::register_observer!(HttpProbe);

#[cfg(test)]
mod tests;
