//! What only the whole configuration shows: addresses used twice, and metrics that come back to where they left.

use std::net::SocketAddr;

use crate::report::{Path, Report};
use crate::settings::{Config, Exporter, Reader};
use crate::yaml::Position;

/// Where the parts stand that conflicts are about.
#[derive(Default)]
pub(crate) struct Places {
    /// Each reader of the configuration.
    pub(crate) readers: Vec<(Position, Path)>,
    /// The settings of the receivers.
    pub(crate) receivers: (Position, Path),
}

/// Reports listeners on one address and exporters that lead to a receiver of this process.
pub(crate) fn report_conflicts(report: &Report, config: &Config, places: &Places) {
    let receivers = [
        ("the receiver `otlp_grpc`", config.receivers.otlp_grpc),
        ("the receiver `otlp_http`", config.receivers.otlp_http),
    ];
    let mut listeners: Vec<(&str, SocketAddr)> = Vec::new();
    for (name, address) in receivers.into_iter().filter_map(|(name, address)| Some((name, address?))) {
        if let Some((other, _)) = listeners.iter().find(|(_, other)| clash(*other, address)) {
            let found = format!("{name} and {other} both listen on {address}");
            let (at, path) = &places.receivers;
            report.problem(*at, path, found, "an address for each", "");
        }
        listeners.push((name, address));
    }
    for (reader, (at, path)) in config.readers.iter().zip(&places.readers) {
        match reader {
            Reader::Pull(pull) => {
                let address = pull.exporter.address;
                if let Some((other, _)) = listeners.iter().find(|(_, other)| clash(*other, address)) {
                    let found = format!("the Prometheus page and {other} both listen on {address}");
                    report.problem(*at, path, found, "an address for each", "change `port`");
                }
                listeners.push(("another Prometheus page", address));
            }
            Reader::Periodic(periodic) => {
                let Exporter::Otlp(exporter) = &periodic.exporter else { continue };
                let receiver = receivers
                    .iter()
                    .find(|(_, address)| address.is_some_and(|address| exporter.endpoint.leads_to(address)));
                if let Some((receiver, _)) = receiver {
                    let found =
                        format!("the exporter's endpoint {} leads back to {receiver}", exporter.endpoint);
                    let help = "set `endpoint` to where metrics go, or move the receiver in `distribution.wasmeter.receivers`";
                    report.problem(*at, path, found, "an endpoint elsewhere", help);
                }
            }
        }
    }
}

fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_host
}
