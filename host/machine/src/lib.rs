//! Where it was measured; without that, no time means anything.

use std::fmt;
use std::process::Command;

/// A description of the machine.
#[derive(Clone, Debug)]
pub struct Machine {
    processor: String,
    threads: usize,
    kernel: String,
    compiler: String,
    load: String,
}

fn file(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn or_unknown(text: Option<&str>) -> String {
    text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("unknown").to_owned()
}

impl Machine {
    /// This one, as it is now. What the system does not say is `unknown`.
    pub fn this() -> Self {
        let processors = file("/proc/cpuinfo");
        let model = processors.lines().find(|line| line.starts_with("model name"));
        let version = Command::new("rustc").arg("--version").output().map(|output| output.stdout);
        Self {
            processor: or_unknown(model.and_then(|line| line.split(':').nth(1))),
            threads: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: or_unknown(Some(&file("/proc/sys/kernel/osrelease"))),
            compiler: or_unknown(std::str::from_utf8(&version.unwrap_or_default()).ok()),
            load: or_unknown(file("/proc/loadavg").split(' ').next()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, threads, kernel, compiler, load } = self;
        write!(
            f,
            "{processor}, {threads} hardware threads, Linux {kernel}, {compiler}, load {load} at the start"
        )
    }
}
