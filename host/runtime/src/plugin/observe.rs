//! Asking an observer.

use wasmeter_model::Timestamp;
use wasmeter_model::frame::Frame;

use super::Plugin;
use crate::answer::invalid;
use crate::bindings::{frames, types};
use crate::failure::Refusal;
use crate::frame::lift;

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
        lift(answer, &Frame::default()).map_err(|wrong| invalid("observe", &wrong))
    }

    /// Has the plugin observe, unless what it said to another collection is shared: `ended` is called with what it said then.
    pub(crate) fn observe_in_turn(&self, now: Timestamp, ended: impl FnOnce(Result<Frame, Refusal>)) {
        self.turn.take(now, self.grants.limits.observe_interval, || ended(self.ask_observe(now)));
    }
}

fn points_of(frame: &frames::Frame) -> usize {
    [&frame.numbers.points, &frame.histograms.points, &frame.exponentials.points, &frame.summaries.points]
        .iter()
        .map(|points| points.attributes.len())
        .sum()
}
