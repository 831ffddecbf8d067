//! Observes the machine by what Linux says of it below `/proc`, in the words of the semantic conventions for systems. See the
//! README for what it needs and says.

mod config;
mod cpu;
mod disk;
mod memory;
mod network;
mod said;

use serde::Deserialize;
use wasmeter_guest::files;
use wasmeter_guest::{Fault, Observation, Observer};

use config::{Config, Group};
use cpu::Ticks;
use said::Said;

/// The longest file below `/proc` that is read, in bytes: that of a machine with thousands of processors.
const FILE_BYTES_MAX: usize = 1 << 20;

/// The observer.
#[derive(Deserialize)]
#[serde(try_from = "Config")]
pub struct HostStats {
    config: Config,
    ticks: Ticks,
}

impl TryFrom<Config> for HostStats {
    type Error = String;

    fn try_from(config: Config) -> Result<Self, String> {
        Ok(Self { config: config.check()?, ticks: Ticks::default() })
    }
}

impl HostStats {
    fn read(&self, file: &str) -> Result<String, Fault> {
        let path = format!("{}/{file}", self.config.proc);
        files::read_to_string(&path, FILE_BYTES_MAX).map_err(|error| {
            Fault::new(format!(
                "cannot read `{path}`: {error}; grant the host's `/proc` as `{}`, for reading, or leave out of `groups` what \
                 this machine does not have",
                self.config.proc
            ))
        })
    }
}

/// The value of a line `key value` or `key:  value kB`, the latter in bytes.
fn field(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once([' ', ':'])?;
        if name != key {
            return None;
        }
        match value.trim().strip_suffix("kB") {
            Some(kibibytes) => kibibytes.trim().parse::<u64>().ok()?.checked_mul(1024),
            None => value.trim().parse().ok(),
        }
    })
}

impl Observer for HostStats {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn observe(&self, observation: &mut Observation) -> Result<(), Fault> {
        let stat = self.read("stat")?;
        let boot_secs = field(&stat, "btime").ok_or_else(|| {
            Fault::new(format!(
                "`{}/stat` has no line `btime` with a number, expected that of Linux",
                self.config.proc
            ))
        })?;
        let now = observation.now();
        let mut said = Said { observation, start: boot_secs.saturating_mul(1_000_000_000) };
        for group in &self.config.groups {
            match group {
                Group::System => {
                    let uptime = now.saturating_sub(said.start);
                    #[expect(clippy::cast_precision_loss, reason = "a second is all that is known")]
                    said.observation.gauge("system.uptime").unit("s").point((), uptime as f64 / 1e9);
                    if let Some(processes) = field(&stat, "processes") {
                        said.total("system.process.created", "{process}", [], processes);
                    }
                }
                Group::Cpu => self.ticks.say(&mut said, &stat, self.config.per_cpu),
                Group::Memory => memory::say(&mut said, &self.read("meminfo")?),
                Group::Paging => memory::say_paging(&mut said, &self.read("meminfo")?, &self.read("vmstat")?),
                Group::Disk => {
                    disk::say(&mut said, &self.read("diskstats")?, |name| self.config.has_disk(name))
                }
                Group::Network => {
                    network::say(&mut said, &self.read("net/dev")?, |name| self.config.has_interface(name))
                }
            }
        }
        Ok(())
    }
}

wasmeter_guest::register_observer!(HostStats);

#[cfg(test)]
mod tests;
