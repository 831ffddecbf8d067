//! The bounds of the receivers.

use wasmeter_config::ClientLimits;
use wasmeter_otlp::receive::ReceiveLimits;

/// Those of a configuration, with defaults for what it does not say.
pub(super) fn of_config(config: &ClientLimits) -> ReceiveLimits {
    let defaults = ReceiveLimits::default();
    let body_bytes_max = config.request_bytes_max.unwrap_or(defaults.body_bytes_max);
    let buffered = config.buffered_bytes_max.unwrap_or(defaults.buffered_bytes_max);
    ReceiveLimits {
        body_bytes_max,
        // Or the largest request would never fit.
        buffered_bytes_max: buffered.max(body_bytes_max.saturating_add(body_bytes_max / 8)),
        names_bytes_max: config.known_series_bytes_max.unwrap_or(defaults.names_bytes_max),
        connections_max: config.connections_max.unwrap_or(defaults.connections_max),
        in_flight_max: config.requests_at_work_max.unwrap_or(defaults.in_flight_max),
        waiting_max: config.requests_waiting_max.unwrap_or(defaults.waiting_max),
        body_timeout: config.request_timeout.unwrap_or(defaults.body_timeout),
        ..defaults
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_said_counts_and_the_rest_has_its_default() {
        assert_eq!(of_config(&ClientLimits::default()), ReceiveLimits::default());
        let said = ClientLimits {
            request_bytes_max: Some(8),
            buffered_bytes_max: Some(1),
            known_series_bytes_max: Some(2),
            connections_max: Some(3),
            requests_at_work_max: Some(4),
            requests_waiting_max: Some(5),
            request_timeout: Some(Duration::from_secs(6)),
        };
        let expected = ReceiveLimits {
            body_bytes_max: 8,
            buffered_bytes_max: 9,
            names_bytes_max: 2,
            connections_max: 3,
            in_flight_max: 4,
            waiting_max: 5,
            body_timeout: Duration::from_secs(6),
            ..ReceiveLimits::default()
        };
        assert_eq!(of_config(&said), expected);
    }
}
