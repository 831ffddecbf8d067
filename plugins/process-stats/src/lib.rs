//! Observes chosen processes by what Linux says of them below `/proc`, in the words of the semantic conventions for processes.
//! See the README for what it needs and says.

mod config;
mod metrics;
mod process;
mod text;

use std::io;

use serde::Deserialize;
use wasmeter_guest::files::{self, FileKind};
use wasmeter_guest::{Fault, Observation, Observer};

use config::Config;
use process::{Process, Seen};

/// The longest file below `/proc` that is read, in bytes. Command lines may be longer and are cut there.
const FILE_BYTES_MAX: usize = 64 << 10;

/// The observer.
#[derive(Deserialize)]
#[serde(try_from = "Config")]
pub struct ProcessStats(Config);

impl TryFrom<Config> for ProcessStats {
    type Error = String;

    fn try_from(config: Config) -> Result<Self, String> {
        config.check().map(Self)
    }
}

impl ProcessStats {
    /// When the machine was started, in seconds since the Unix epoch.
    fn boot_time(&self) -> Result<u64, Fault> {
        let path = format!("{}/stat", self.0.proc);
        let text = files::read_to_string(&path, 1 << 20).map_err(|error| {
            Fault::new(format!(
                "cannot read `{path}`: {error}; grant the host's `/proc` as `{}`, for reading",
                self.0.proc
            ))
        })?;
        text::field(&text, "btime").and_then(|time| time.parse().ok()).ok_or_else(|| {
            Fault::new(format!("`{path}` has no line `btime` with a number, expected that of Linux"))
        })
    }

    /// The numbers of all processes, ascending.
    fn pids(&self) -> Result<Vec<u32>, Fault> {
        let entries = files::list(&self.0.proc)
            .map_err(|error| Fault::new(format!("cannot list `{}`: {error}", self.0.proc)))?;
        let directories = entries.iter().filter(|entry| entry.kind == FileKind::Directory);
        let mut pids: Vec<u32> = directories.filter_map(|entry| entry.name.parse().ok()).collect();
        pids.sort_unstable();
        Ok(pids)
    }

    /// What is to be said of a process; `None` if it is not chosen or has ended meanwhile.
    fn look_at(&self, pid: u32) -> Option<Seen> {
        let read = |file: &str| files::read(&format!("{}/{pid}/{file}", self.0.proc), FILE_BYTES_MAX);
        let text =
            |file: &str| -> io::Result<String> { Ok(String::from_utf8_lossy(&read(file)?).into_owned()) };
        let process = Process::parse(pid, &text("stat").ok()?)?;
        let command_line = || text::command_line(&read("cmdline").unwrap_or_default());
        if !self.0.chooses(&process, command_line) {
            return None;
        }
        let seen = Seen {
            status: process::Status::parse(&text("status").ok()?),
            // Of other users' processes these are a secret unless the host is privileged.
            io: text("io").ok().and_then(|io| process::Io::parse(&io)),
            descriptors: files::list(&format!("{}/{pid}/fd", self.0.proc)).ok().map(|entries| entries.len()),
            command_line: self.0.command_line.then(command_line),
            process,
        };
        Some(seen)
    }
}

impl Observer for ProcessStats {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn observe(&self, observation: &mut Observation) -> Result<(), Fault> {
        let boot_time = self.boot_time()?;
        let mut chosen = 0;
        for pid in self.pids()? {
            let Some(seen) = self.look_at(pid) else { continue };
            if chosen == self.0.processes_max {
                wasmeter_guest::warn!(
                    "more than {} processes are chosen, the others are left out: choose fewer, or raise `processes_max`",
                    self.0.processes_max
                );
                break;
            }
            chosen += 1;
            metrics::say(observation, &seen, boot_time, self.0.as_resource);
        }
        Ok(())
    }
}

wasmeter_guest::register_observer!(ProcessStats);

#[cfg(test)]
mod tests;
