//! What Linux says of a process (`man 5 proc`).

use crate::text::{kibibytes, number};

/// In how many parts a second is counted for programs, on every architecture.
const TICKS_PER_SEC: f64 = 100.0;

/// From `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The executable's name, of which Linux keeps 15 bytes.
    pub(crate) command: String,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
    pub(crate) user_secs: f64,
    pub(crate) system_secs: f64,
    pub(crate) threads: u64,
    /// After the machine.
    pub(crate) start_secs: f64,
}

/// From `/proc/PID/status`. Threads of the kernel have no memory of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Status {
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) virtual_bytes: Option<u64>,
    pub(crate) voluntary_switches: Option<u64>,
    pub(crate) involuntary_switches: Option<u64>,
}

/// From `/proc/PID/io`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Io {
    pub(crate) read_bytes: u64,
    pub(crate) write_bytes: u64,
}

/// All that is known of a process.
pub(crate) struct Seen {
    pub(crate) process: Process,
    pub(crate) status: Status,
    pub(crate) io: Option<Io>,
    pub(crate) descriptors: Option<usize>,
    pub(crate) command_line: Option<String>,
}

/// Seconds of a number of ticks.
#[expect(clippy::cast_precision_loss, reason = "exact for the first three million years")]
fn secs(ticks: u64) -> f64 {
    ticks as f64 / TICKS_PER_SEC
}

impl Process {
    /// Reads the one line; `None` if it is not as documented.
    pub(crate) fn parse(pid: u32, stat: &str) -> Option<Self> {
        // The name stands in parentheses, and may hold some itself.
        let (open, close) = (stat.find('(')?, stat.rfind(')')?);
        let command = stat.get(open + 1..close)?.to_owned();
        let fields: Vec<&str> = stat.get(close + 1..)?.split_ascii_whitespace().collect();
        // By their numbers in the manual, where the state is field 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            pid,
            command,
            minor_faults: field(10)?,
            major_faults: field(12)?,
            user_secs: secs(field(14)?),
            system_secs: secs(field(15)?),
            threads: field(20)?,
            start_secs: secs(field(22)?),
        })
    }
}

impl Status {
    pub(crate) fn parse(text: &str) -> Self {
        Self {
            resident_bytes: kibibytes(text, "VmRSS"),
            virtual_bytes: kibibytes(text, "VmSize"),
            voluntary_switches: number(text, "voluntary_ctxt_switches"),
            involuntary_switches: number(text, "nonvoluntary_ctxt_switches"),
        }
    }
}

impl Io {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(Self { read_bytes: number(text, "read_bytes")?, write_bytes: number(text, "write_bytes")? })
    }
}
