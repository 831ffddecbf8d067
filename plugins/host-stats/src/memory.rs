//! Memory and paging, from `/proc/meminfo` and `/proc/vmstat`.

use crate::field;
use crate::said::Said;

/// Says how the memory is used. The states add up to all there is.
pub(crate) fn say(said: &mut Said<'_>, meminfo: &str) {
    let bytes = |key| field(meminfo, key);
    let (Some(total), Some(free)) = (bytes("MemTotal"), bytes("MemFree")) else { return };
    let buffers = bytes("Buffers").unwrap_or_default();
    let cached =
        bytes("Cached").unwrap_or_default().saturating_add(bytes("SReclaimable").unwrap_or_default());
    let used = total.saturating_sub(free).saturating_sub(buffers).saturating_sub(cached);
    for (state, bytes) in [("used", used), ("free", free), ("buffers", buffers), ("cached", cached)] {
        said.state("system.memory.usage", "By", [("system.memory.state", state)], bytes);
    }
    said.state("system.memory.limit", "By", [], total);
    if let Some(available) = bytes("MemAvailable") {
        said.state("system.memory.linux.available", "By", [], available);
    }
}

/// Says how the swap space is used, and what moved in and out.
pub(crate) fn say_paging(said: &mut Said<'_>, meminfo: &str, vmstat: &str) {
    if let (Some(total), Some(free)) = (field(meminfo, "SwapTotal"), field(meminfo, "SwapFree")) {
        for (state, bytes) in [("used", total.saturating_sub(free)), ("free", free)] {
            said.state("system.paging.usage", "By", [("system.paging.state", state)], bytes);
        }
    }
    if let (Some(all), Some(major)) = (field(vmstat, "pgfault"), field(vmstat, "pgmajfault")) {
        for (kind, faults) in [("minor", all.saturating_sub(major)), ("major", major)] {
            said.total("system.paging.faults", "{fault}", [("system.paging.fault.type", kind)], faults);
        }
    }
    for (direction, key) in [("in", "pswpin"), ("out", "pswpout")] {
        if let Some(operations) = field(vmstat, key) {
            let which = [("system.paging.direction", direction)];
            said.total("system.paging.operations", "{operation}", which, operations);
        }
    }
}
