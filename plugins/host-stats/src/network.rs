//! Network interfaces, from `/proc/net/dev`.

use crate::said::Said;

/// Says what the interfaces moved: those of the network namespace the host's own process is in.
pub(crate) fn say(said: &mut Said<'_>, dev: &str, wanted: impl Fn(&str) -> bool) {
    for line in dev.lines() {
        // The first two lines are the head of the table and have no colon.
        let Some((name, numbers)) = line.split_once(':') else { continue };
        let name = name.trim();
        if !wanted(name) {
            continue;
        }
        let numbers: Vec<u64> =
            numbers.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect();
        let [
            rx_bytes,
            rx_packets,
            rx_errors,
            rx_dropped,
            _,
            _,
            _,
            _,
            tx_bytes,
            tx_packets,
            tx_errors,
            tx_dropped,
            ..,
        ] = numbers[..]
        else {
            continue;
        };
        for (direction, bytes, packets, errors, dropped) in [
            ("receive", rx_bytes, rx_packets, rx_errors, rx_dropped),
            ("transmit", tx_bytes, tx_packets, tx_errors, tx_dropped),
        ] {
            let which = [("network.interface.name", name), ("network.io.direction", direction)];
            said.total("system.network.io", "By", which, bytes);
            // The conventions name the interface otherwise here.
            let device = [("network.io.direction", direction), ("system.device", name)];
            said.total("system.network.packet.count", "{packet}", device, packets);
            said.total("system.network.errors", "{error}", which, errors);
            said.total("system.network.packet.dropped", "{packet}", which, dropped);
        }
    }
}
