//! Processors, from `/proc/stat`.

use std::cell::RefCell;
use std::collections::HashMap;

use wasmeter_guest::Attributes;

use crate::said::Said;

/// In how many parts a second is counted for programs, on every architecture.
const TICKS_PER_SEC: f64 = 100.0;

/// By how many ticks a total may fall before it is believed: the time a CPU waited is an estimate, and Linux corrects it (`man 5
/// proc`). Taken for one that began anew, all of it would count a second time. A CPU that was taken away and comes back does
/// begin anew.
const CORRECTION_TICKS_MAX: u64 = 300;

/// The totals said last, by CPU and mode.
#[derive(Default)]
pub(crate) struct Ticks(RefCell<HashMap<(Option<i64>, &'static str), u64>>);

impl Ticks {
    /// Says what the processors did: all together, or each.
    pub(crate) fn say(&self, said: &mut Said<'_>, stat: &str, per_cpu: bool) {
        let mut count = 0_u64;
        for line in stat.lines() {
            let Some((name, ticks)) = line.split_once(' ') else { continue };
            let Some(number) = name.strip_prefix("cpu") else { continue };
            let number: Option<i64> = number.parse().ok();
            count += u64::from(number.is_some());
            if number.is_some() == per_cpu {
                self.say_one(said, number, ticks);
            }
        }
        said.state("system.cpu.logical.count", "{cpu}", [], count);
    }

    fn say_one(&self, said: &mut Said<'_>, number: Option<i64>, ticks: &str) {
        let ticks: Vec<u64> = ticks.split_ascii_whitespace().map_while(|ticks| ticks.parse().ok()).collect();
        // Linux counts the time of guests as that of the user, too, so the columns behind are left out.
        let [user, nice, system, idle, iowait, interrupt, soft_interrupt, steal, ..] = ticks[..] else {
            return;
        };
        for (mode, ticks) in [
            ("user", user),
            ("nice", nice),
            ("system", system),
            ("idle", idle),
            ("iowait", iowait),
            ("interrupt", interrupt.saturating_add(soft_interrupt)),
            ("steal", steal),
        ] {
            let mut attributes = Attributes::from([("cpu.mode", mode)]);
            if let Some(number) = number {
                attributes.set("cpu.logical_number", number);
            }
            let ticks = self.corrected(number, mode, ticks);
            #[expect(clippy::cast_precision_loss, reason = "exact for the first three million years")]
            let secs = ticks as f64 / TICKS_PER_SEC;
            said.observation.counter("system.cpu.time").unit("s").since(said.start).point(attributes, secs);
        }
    }

    /// A total that does not fall by a correction.
    fn corrected(&self, number: Option<i64>, mode: &'static str, ticks: u64) -> u64 {
        let mut known = self.0.borrow_mut();
        let last = known.entry((number, mode)).or_default();
        if ticks > *last || last.saturating_sub(ticks) > CORRECTION_TICKS_MAX {
            *last = ticks;
        }
        *last
    }
}
