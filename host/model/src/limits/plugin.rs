//! What one plugin may use, and under which names `NAME.toml` and the configuration file say so.

use std::ops::RangeInclusive;
use std::time::Duration;

/// What one plugin may use. The configuration says so for all, `NAME.toml` for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginLimits {
    /// All its linear memories together, in bytes; 64 MiB.
    pub memory_limit_bytes: usize,
    /// The stack of its code, in bytes; 512 KiB. Rounded up to whole [`STACK_STEP_BYTES`]. Calls run on the caller's thread, which
    /// needs as much again for the host.
    pub stack_bytes_max: usize,
    /// Elements of all its tables together; 200,000. The host spends a pointer on each.
    pub table_elements_max: usize,
    /// Handles to resources it may hold at a time; 10,000. The host spends a table entry on each.
    pub handles_max: usize,
    /// Everything one answer holds together, in bytes; 1 MiB. Larger answers are refused whole, never cut.
    pub answer_bytes_max: usize,
    /// How many bytes one call may make the host copy out of the plugin, log lines included. If `None`, 3 MiB of a View, and of
    /// what returns whole frames twice what a frame may hold and 1 MiB: lists take more room in the host than in the plugin.
    pub hostcall_bytes_max: Option<usize>,
    /// The largest frame a processor or an exporter is given, in bytes; 64 MiB. A frame is copied into the plugin's memory, so its
    /// memory limit bounds it, too.
    pub frame_bytes_max: usize,
    /// The largest head of a response to an HTTP request it may send, in bytes: status line and headers, and what trails the
    /// body; 16 KiB.
    pub http_head_bytes_max: usize,
    /// The largest response to an HTTP request it may send, in bytes; 16 MiB. It is handed over in parts, which its memory limit bounds
    /// as well.
    pub http_body_bytes_max: u64,
    /// What its writable directories may hold together, in bytes, whoever put it there; 1 GiB. 4 KiB are added for each file,
    /// directory and link.
    pub directory_bytes_max: u64,
    /// How long it may take to be instantiated, to say who it is and to take its configuration, each; 5 s.
    pub setup_deadline: Duration,
    /// How long one question may take; 1 s. Kept in ticks of 10 ms, so a call ends at most two ticks late.
    pub call_deadline: Duration,
    /// How long a View may take to say which streams an instrument has; as long as any question if `None`.
    pub streams_deadline: Option<Duration>,
    /// How long a View may take to map an attribute set; as long as any question if `None`.
    pub map_attributes_deadline: Option<Duration>,
    /// How long a processor may take to process a frame; as long as any question if `None`.
    pub process_deadline: Option<Duration>,
    /// How long an observer may take to observe; as long as any question if `None`.
    pub observe_deadline: Option<Duration>,
    /// How long a collection waits for an observer; 250 ms. What comes later is in the next collection.
    pub observe_wait: Duration,
    /// How long collections share what an observer said; 0, so that each collection has it observe again.
    pub observe_interval: Duration,
    /// The most points of one observation; 100,000. Larger observations are refused whole.
    pub observation_points_max: usize,
    /// How long an exporter may take to send a frame, or to say that it cannot; 10 s, as the OTLP exporter's timeout.
    pub export_deadline: Duration,
    /// How long an exporter may take to send what it has buffered, and to let go of everything, each; 5 s.
    pub flush_deadline: Duration,
    /// Lines it may log in the long run, per second; 50. More are dropped and counted.
    pub log_lines_per_sec: u32,
    /// Lines it may log at once after a silence; 256.
    pub log_burst_lines: u32,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            memory_limit_bytes: 64 << 20,
            stack_bytes_max: 512 << 10,
            table_elements_max: 200_000,
            handles_max: 10_000,
            answer_bytes_max: 1 << 20,
            hostcall_bytes_max: None,
            frame_bytes_max: 64 << 20,
            http_head_bytes_max: 16 << 10,
            http_body_bytes_max: 16 << 20,
            directory_bytes_max: 1 << 30,
            setup_deadline: Duration::from_secs(5),
            call_deadline: Duration::from_secs(1),
            streams_deadline: None,
            map_attributes_deadline: None,
            process_deadline: None,
            observe_deadline: None,
            observe_wait: Duration::from_millis(250),
            observe_interval: Duration::ZERO,
            observation_points_max: 100_000,
            export_deadline: Duration::from_secs(10),
            flush_deadline: Duration::from_secs(5),
            log_lines_per_sec: 50,
            log_burst_lines: 256,
        }
    }
}

impl PluginLimits {
    /// Each limit in effect, under the name it has in a settings file; durations in milliseconds.
    pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        PLUGIN_LIMITS.iter().map(|limit| (limit.name, (limit.get)(self)))
    }

    /// The same limits for a plugin that returns whole frames: what is not set follows from how large these may be.
    #[must_use]
    pub fn for_frames(self) -> Self {
        let frames = self.frame_bytes_max.saturating_mul(2).saturating_add(1 << 20);
        let hostcall_bytes_max = self.hostcall_bytes_max.unwrap_or(frames.max(HOSTCALL_BYTES_OF_VIEW));
        Self { hostcall_bytes_max: Some(hostcall_bytes_max), ..self }
    }

    /// How many bytes one call may make the host copy out of the plugin; that of a View unless set, or made [`Self::for_frames`].
    pub fn hostcall_bytes_max(&self) -> usize {
        self.hostcall_bytes_max.unwrap_or(HOSTCALL_BYTES_OF_VIEW)
    }

    /// How long a View may take to say which streams an instrument has.
    pub fn streams_deadline(&self) -> Duration {
        self.streams_deadline.unwrap_or(self.call_deadline)
    }

    /// How long a View may take to map an attribute set.
    pub fn map_attributes_deadline(&self) -> Duration {
        self.map_attributes_deadline.unwrap_or(self.call_deadline)
    }

    /// How long a processor may take to process a frame.
    pub fn process_deadline(&self) -> Duration {
        self.process_deadline.unwrap_or(self.call_deadline)
    }

    /// How long an observer may take to observe.
    pub fn observe_deadline(&self) -> Duration {
        self.observe_deadline.unwrap_or(self.call_deadline)
    }
}

/// One of the [`PluginLimits`] in a settings file.
#[derive(Debug)]
pub struct PluginLimit {
    /// Its key; the unit comes last in it, durations are in milliseconds.
    pub name: &'static str,
    /// What can be asked for. The least is what some plugin can work with, the most what a host survives.
    pub range: RangeInclusive<i64>,
    set: fn(&mut PluginLimits, u64),
    get: fn(&PluginLimits) -> u64,
}

impl PluginLimit {
    /// Sets it; `value` is of its range, in the unit of its name.
    pub fn set(&self, limits: &mut PluginLimits, value: u64) {
        (self.set)(limits, value);
    }
}

/// The steps in which stacks are given: each size in use is an engine of its own in the host, so there are few.
pub const STACK_STEP_BYTES: usize = 64 << 10;

/// What a call may make the host copy out of a View: three times what an answer may hold.
const HOSTCALL_BYTES_OF_VIEW: usize = 3 << 20;

const DEADLINE_MS: RangeInclusive<i64> = 1..=60_000;

/// Every limit a settings file can set.
pub static PLUGIN_LIMITS: [PluginLimit; 23] = [
    PluginLimit {
        name: "memory_limit_bytes",
        range: 65_536..=4_294_967_296,
        set: |limits, bytes| limits.memory_limit_bytes = size(bytes),
        get: |limits| limits.memory_limit_bytes as u64,
    },
    PluginLimit {
        name: "stack_bytes_max",
        range: 65_536..=1_048_576,
        set: |limits, bytes| limits.stack_bytes_max = size(bytes),
        get: |limits| limits.stack_bytes_max as u64,
    },
    PluginLimit {
        name: "table_elements_max",
        range: 0..=10_000_000,
        set: |limits, elements| limits.table_elements_max = size(elements),
        get: |limits| limits.table_elements_max as u64,
    },
    PluginLimit {
        name: "handles_max",
        range: 0..=1_000_000,
        set: |limits, handles| limits.handles_max = size(handles),
        get: |limits| limits.handles_max as u64,
    },
    PluginLimit {
        name: "answer_bytes_max",
        range: 1..=1_073_741_824,
        set: |limits, bytes| limits.answer_bytes_max = size(bytes),
        get: |limits| limits.answer_bytes_max as u64,
    },
    PluginLimit {
        name: "hostcall_bytes_max",
        range: 4096..=4_294_967_296,
        set: |limits, bytes| limits.hostcall_bytes_max = Some(size(bytes)),
        get: |limits| limits.hostcall_bytes_max() as u64,
    },
    PluginLimit {
        name: "frame_bytes_max",
        range: 65_536..=1_073_741_824,
        set: |limits, bytes| limits.frame_bytes_max = size(bytes),
        get: |limits| limits.frame_bytes_max as u64,
    },
    PluginLimit {
        name: "http_head_bytes_max",
        range: 8192..=1_048_576,
        set: |limits, bytes| limits.http_head_bytes_max = size(bytes),
        get: |limits| limits.http_head_bytes_max as u64,
    },
    PluginLimit {
        name: "http_body_bytes_max",
        range: 0..=4_294_967_296,
        set: |limits, bytes| limits.http_body_bytes_max = bytes,
        get: |limits| limits.http_body_bytes_max,
    },
    PluginLimit {
        name: "directory_bytes_max",
        range: 0..=1_099_511_627_776,
        set: |limits, bytes| limits.directory_bytes_max = bytes,
        get: |limits| limits.directory_bytes_max,
    },
    PluginLimit {
        name: "setup_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.setup_deadline = Duration::from_millis(millis),
        get: |limits| as_millis(limits.setup_deadline),
    },
    PluginLimit {
        name: "call_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.call_deadline = Duration::from_millis(millis),
        get: |limits| as_millis(limits.call_deadline),
    },
    PluginLimit {
        name: "streams_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.streams_deadline = Some(Duration::from_millis(millis)),
        get: |limits| as_millis(limits.streams_deadline()),
    },
    PluginLimit {
        name: "map_attributes_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.map_attributes_deadline = Some(Duration::from_millis(millis)),
        get: |limits| as_millis(limits.map_attributes_deadline()),
    },
    PluginLimit {
        name: "process_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.process_deadline = Some(Duration::from_millis(millis)),
        get: |limits| as_millis(limits.process_deadline()),
    },
    PluginLimit {
        name: "observe_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.observe_deadline = Some(Duration::from_millis(millis)),
        get: |limits| as_millis(limits.observe_deadline()),
    },
    PluginLimit {
        name: "observe_wait_ms",
        range: 0..=60_000,
        set: |limits, millis| limits.observe_wait = Duration::from_millis(millis),
        get: |limits| as_millis(limits.observe_wait),
    },
    PluginLimit {
        name: "observe_interval_ms",
        range: 0..=3_600_000,
        set: |limits, millis| limits.observe_interval = Duration::from_millis(millis),
        get: |limits| as_millis(limits.observe_interval),
    },
    PluginLimit {
        name: "observation_points_max",
        range: 1..=10_000_000,
        set: |limits, points| limits.observation_points_max = size(points),
        get: |limits| limits.observation_points_max as u64,
    },
    PluginLimit {
        name: "export_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.export_deadline = Duration::from_millis(millis),
        get: |limits| as_millis(limits.export_deadline),
    },
    PluginLimit {
        name: "flush_deadline_ms",
        range: DEADLINE_MS,
        set: |limits, millis| limits.flush_deadline = Duration::from_millis(millis),
        get: |limits| as_millis(limits.flush_deadline),
    },
    PluginLimit {
        name: "log_lines_per_sec",
        range: 0..=100_000,
        set: |limits, lines| limits.log_lines_per_sec = lines_of(lines),
        get: |limits| limits.log_lines_per_sec.into(),
    },
    PluginLimit {
        name: "log_burst_lines",
        range: 0..=100_000,
        set: |limits, lines| limits.log_burst_lines = lines_of(lines),
        get: |limits| limits.log_burst_lines.into(),
    },
];

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn lines_of(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_sets_the_limit_it_shows_and_no_other() {
        for key in &PLUGIN_LIMITS {
            let mut limits = PluginLimits {
                streams_deadline: Some(Duration::from_secs(1)),
                map_attributes_deadline: Some(Duration::from_secs(1)),
                process_deadline: Some(Duration::from_secs(1)),
                observe_deadline: Some(Duration::from_secs(1)),
                ..PluginLimits::default()
            };
            let before: Vec<_> = limits.by_name().collect();
            key.set(&mut limits, 4321);
            let changed: Vec<_> = limits
                .by_name()
                .zip(before)
                .filter(|(now, before)| now != before)
                .map(|(now, _)| now)
                .collect();
            assert_eq!(changed, [(key.name, 4321)]);
        }
    }

    #[test]
    fn every_key_is_documented_with_its_default_and_range() {
        let documented = include_str!("../../../../docs/plugins.md");
        let grouped = |number: u64| {
            let digits = number.to_string();
            let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
            groups.join(",")
        };
        for (key, (name, default)) in PLUGIN_LIMITS.iter().zip(PluginLimits::default().by_name()) {
            let range = [*key.range.start(), *key.range.end()].map(|number| grouped(number.unsigned_abs()));
            let row = format!("| `{name}` | {} | {} to {} |", grouped(default), range[0], range[1]);
            assert!(documented.contains(&row), "no row begins with {row}");
        }
    }
}
