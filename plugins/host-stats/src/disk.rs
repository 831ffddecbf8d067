//! Disks, from `/proc/diskstats`.

use crate::said::Said;

/// What Linux calls a sector, whatever the disk's own is.
const SECTOR_BYTES: u64 = 512;

/// Says what the disks did, partitions included.
pub(crate) fn say(said: &mut Said<'_>, diskstats: &str, wanted: impl Fn(&str) -> bool) {
    for line in diskstats.lines() {
        let mut words = line.split_ascii_whitespace().skip(2);
        let Some(name) = words.next().filter(|name| wanted(name)) else { continue };
        let fields: Vec<u64> = words.map_while(|field| field.parse().ok()).collect();
        // The fields of the kernel's documentation, 4 to 13.
        let [
            reads,
            read_merges,
            read_sectors,
            read_ms,
            writes,
            write_merges,
            write_sectors,
            write_ms,
            _,
            busy_ms,
            ..,
        ] = fields[..]
        else {
            continue;
        };
        for (direction, operations, merges, sectors, millis) in [
            ("read", reads, read_merges, read_sectors, read_ms),
            ("write", writes, write_merges, write_sectors, write_ms),
        ] {
            let which = [("disk.io.direction", direction), ("system.device", name)];
            said.total("system.disk.io", "By", which, sectors.saturating_mul(SECTOR_BYTES));
            said.total("system.disk.operations", "{operation}", which, operations);
            said.total("system.disk.merged", "{operation}", which, merges);
            said.total("system.disk.operation_time", "s", which, secs(millis));
        }
        said.total("system.disk.io_time", "s", [("system.device", name)], secs(busy_ms));
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for the first three hundred thousand years")]
fn secs(millis: u64) -> f64 {
    millis as f64 / 1e3
}
