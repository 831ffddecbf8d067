//! A process in the words of the semantic conventions ("Semantic conventions for OS process metrics", v1.38).

use wasmeter_guest::frame::{PointData, Resource};
use wasmeter_guest::{Attributes, Observation};

use crate::process::Seen;

const NANOS_PER_SEC: f64 = 1e9;

/// Says what is known of a process. `boot_time` is when the machine was started, in seconds since the Unix epoch.
pub(crate) fn say(observation: &mut Observation, seen: &Seen, boot_time: u64, as_resource: bool) {
    let Seen { process, status, io, descriptors, command_line } = seen;
    let mut who: Attributes = [("process.executable.name", process.command.as_str())].into();
    who.set("process.pid", i64::from(process.pid));
    if let Some(command_line) = command_line {
        who.set("process.command_line", command_line.as_str());
    }
    let owner = if as_resource { std::mem::take(&mut who) } else { Attributes::new() };
    observation.resource(Resource { attributes: owner, ..Resource::default() });
    let start = start_nanos(boot_time, process.start_secs);
    let mut said = Said { observation, who, start };
    said.counter("process.cpu.time", "s", Some(("cpu.mode", "user")), process.user_secs);
    said.counter("process.cpu.time", "s", Some(("cpu.mode", "system")), process.system_secs);
    said.state("process.memory.usage", "By", status.resident_bytes);
    said.state("process.memory.virtual", "By", status.virtual_bytes);
    if let Some(io) = io {
        said.counter("process.disk.io", "By", Some(("disk.io.direction", "read")), io.read_bytes);
        said.counter("process.disk.io", "By", Some(("disk.io.direction", "write")), io.write_bytes);
    }
    said.state("process.thread.count", "{thread}", Some(process.threads));
    let descriptors = descriptors.map(|count| count as u64);
    said.state("process.unix.file_descriptor.count", "{file_descriptor}", descriptors);
    for (how, switches) in
        [("voluntary", status.voluntary_switches), ("involuntary", status.involuntary_switches)]
    {
        if let Some(switches) = switches {
            let which = Some(("process.context_switch.type", how));
            said.counter("process.context_switches", "{context_switch}", which, switches);
        }
    }
    for (how, faults) in [("minor", process.minor_faults), ("major", process.major_faults)] {
        said.counter("process.paging.faults", "{fault}", Some(("system.paging.fault.type", how)), faults);
    }
    let uptime = said.observation.now().saturating_sub(start);
    #[expect(clippy::cast_precision_loss, reason = "a hundredth of a second is all that is known")]
    said.observation.gauge("process.uptime").unit("s").point(said.who.clone(), uptime as f64 / NANOS_PER_SEC);
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number of seconds, of which a hundredth is known"
)]
fn start_nanos(boot_time: u64, after_secs: f64) -> u64 {
    boot_time.saturating_mul(1_000_000_000).saturating_add((after_secs * NANOS_PER_SEC) as u64)
}

/// What all points of a process have in common.
struct Said<'a> {
    observation: &'a mut Observation,
    who: Attributes,
    start: u64,
}

impl Said<'_> {
    /// A total since the process was started.
    fn counter(
        &mut self,
        name: &str,
        unit: &str,
        which: Option<(&str, &str)>,
        value: impl Into<PointData<'static>>,
    ) {
        let mut attributes = self.who.clone();
        if let Some((key, value)) = which {
            attributes.set(key, value);
        }
        self.observation.counter(name).unit(unit).since(self.start).point(attributes, value);
    }

    /// What is now, if it is known.
    fn state(&mut self, name: &str, unit: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.observation
                .up_down_counter(name)
                .unit(unit)
                .since(self.start)
                .point(self.who.clone(), value);
        }
    }
}
