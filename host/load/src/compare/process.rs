//! A process under test: how it is started and stopped, and what it uses.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};

use crate::wait::pause;

/// How long a start may take, and an end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process; killed with the value.
pub(crate) struct Process {
    child: Child,
}

/// Where programs are told to listen: below the ports that systems give out by themselves, which whoever connects may take at any time.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// Addresses that nobody listens on, none of them twice. Each call goes on where the one before ended, and each process begins elsewhere.
pub(crate) fn free<const N: usize>() -> anyhow::Result<[SocketAddr; N]> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(101);
    let mut listeners = Vec::with_capacity(N);
    for _ in PORTS {
        let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS.len() as u32;
        listeners.extend(TcpListener::bind(("127.0.0.1", PORTS.start + place as u16)));
        if listeners.len() == N {
            let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
            return addresses.try_into().map_err(|_| anyhow!("there are as many addresses as listeners"));
        }
    }
    bail!("hardly a port from {} to {} is free", PORTS.start, PORTS.end - 1)
}

/// Has all threads of this process, also those that are started from now on, use one processor.
pub(crate) fn pin_self(processor: usize) -> anyhow::Result<()> {
    pin(&["--all-tasks", "--cpu-list", "--pid", &processor.to_string(), &std::process::id().to_string()])
}

/// Has only the thread that calls it use one processor.
pub(crate) fn pin_thread(processor: usize) -> anyhow::Result<()> {
    let thread = fs::read_link("/proc/thread-self")?;
    let id = thread.file_name().and_then(|id| id.to_str()).context("a thread's number")?;
    pin(&["--cpu-list", "--pid", &processor.to_string(), id])
}

fn pin(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("taskset");
    command.args(arguments).stdout(Stdio::null());
    let status = command.status().context("`taskset` of util-linux is needed")?;
    ensure!(status.success(), "{command:?} fails: there is no such processor for this tool");
    Ok(())
}

/// A command that uses one processor, if one is given, with the lowest priority there, if it gives way.
pub(crate) fn pinned(binary: &Path, processor: Option<usize>, gives_way: bool) -> Command {
    let Some(processor) = processor else { return Command::new(binary) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &processor.to_string()]);
    if gives_way {
        command.args(["nice", "-n", "19"]);
    }
    command.arg(binary);
    command
}

impl Process {
    /// Starts it, without what the environment would tell it, and waits until it listens on all of these.
    pub(crate) fn start(mut command: Command, listens: &[SocketAddr]) -> anyhow::Result<Self> {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("OTEL_") || name.starts_with("ROTEL_") {
                command.env_remove(&*name);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
        let mut process = Self { child };
        let begun = Instant::now();
        for address in listens {
            while TcpStream::connect(address).is_err() {
                if let Some(status) = process.child.try_wait()? {
                    bail!("{command:?} ended with {status}");
                }
                ensure!(begun.elapsed() < PATIENCE, "{command:?} does not listen on {address}");
                pause();
            }
        }
        Ok(process)
    }

    /// Stops it as an operator does, and waits until it has given out what it holds.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "the program cannot be signalled");
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(begun.elapsed() < PATIENCE, "the program does not end");
            pause();
        }
        Ok(())
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }

    /// The processor time that its threads have used; those that have ended are forgotten.
    pub(crate) fn busy(&self) -> anyhow::Result<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // One that has just ended has no such file any more.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            let first = text.split_whitespace().next().context("an empty `schedstat`")?;
            nanos += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The memory it has, in bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// The most memory it has had, in bytes, since its start or since that was forgotten.
    pub(crate) fn resident_bytes_max(&self) -> anyhow::Result<u64> {
        self.status_bytes("VmHWM:")
    }

    /// From now on the most memory counts that it has from now on.
    pub(crate) fn forget_resident_bytes_max(&self) -> anyhow::Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn status_bytes(&self, field: &str) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)).context("a line of `status`")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone if it ended by itself.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}
