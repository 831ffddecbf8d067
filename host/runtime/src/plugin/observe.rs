//! Asking an observer.

use std::time::Duration;

use wasmeter_model::Timestamp;
use wasmeter_model::frame::Frame;

use super::Plugin;
use crate::answer::{check_observation, invalid};
use crate::bindings::{frames, types};
use crate::failure::Refusal;
use crate::frame::lift;
use crate::observers::Turns;

impl Plugin {
    /// Has the plugin observe and checks what it says.
    pub(crate) fn ask_observe(&self, now: Timestamp) -> Result<Frame, Refusal> {
        let answer = self.ask(|instance| instance.observe(now.0))?;
        let answer = answer.map_err(|types::Fault { reason }| self.gave_up("observe", &reason))?;
        let (points, points_max) = (points_of(&answer), self.grants.limits.observation_points_max);
        if points > points_max {
            return Err(invalid(
                "observe",
                &format!("it has {points} points, and `observation_points_max` is {points_max}"),
            ));
        }
        let frame = lift(answer, &Frame::default());
        let checked =
            frame.and_then(|frame| check_observation(&frame, self.runtime.config().answer).map(|()| frame));
        checked.map_err(|wrong| invalid("observe", &wrong))
    }

    /// When it observes.
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// How long collections share what it said.
    pub(crate) fn observe_interval(&self) -> Duration {
        self.grants.limits.observe_interval
    }

    /// How long a collection waits for it.
    pub(crate) fn observe_wait(&self) -> Duration {
        self.grants.limits.observe_wait
    }

    /// Counts an observation that was dropped, since the plugin had gone out of service before it ended.
    pub fn count_replaced_observation(&self) {
        self.totals.replaced();
    }

    /// A collection went on without it.
    pub(crate) fn count_late(&self) {
        self.totals.late();
    }
}

fn points_of(frame: &frames::Frame) -> usize {
    [&frame.numbers.points, &frame.histograms.points, &frame.exponentials.points, &frame.summaries.points]
        .iter()
        .map(|points| points.attributes.len())
        .sum()
}
