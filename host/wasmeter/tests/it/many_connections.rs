//! A thousand clients that connect and then say nothing more.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Host, PluginFolder, eventually};

const STALLED: usize = 500;

const REQUEST: &str = r#"{"resourceMetrics": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
  "scopeMetrics": [{"scope": {"name": "shop"}, "metrics": [
    {"name": "orders", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{
      "startTimeUnixNano": "1520430000123000000", "timeUnixNano": "1520430060000000000", "asInt": "7",
      "attributes": [{"key": "url.path", "value": {"stringValue": "/orders/17"}}]
    }]}}
  ]}]
}]}"#;

/// Connections that have sent the beginning of a request.
fn stalled(address: &str, begin: &[u8]) -> Vec<TcpStream> {
    let address = address.trim_start_matches("http://");
    let connect = || {
        let mut stream = TcpStream::connect(address).expect("the host listens");
        stream.write_all(begin).expect("the host takes a request");
        stream
    };
    std::iter::repeat_with(connect).take(STALLED).collect()
}

#[test]
fn a_thousand_connections_that_stall_keep_nobody_waiting_and_no_plugin_out() {
    // Whoever has a thousand connections needs more files than a program may have open at first.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("the limit can be raised");
    let mut folder = PluginFolder::with(&[]);
    let host = Host::start_with_open_files(256, Some(folder.path()));
    let head = b"POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let http = stalled(host.http(), head);
    let grpc = stalled(host.grpc(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    host.post_json(REQUEST);
    assert_eq!(host.page().sum("orders_total", &[("url_path", "/orders/17")]), 7.0);
    folder.rebuild("10-route-template.wasm", "route-template");
    let mut numbers = 18..;
    eventually("the View", || {
        // Series that are there keep what they have counted.
        host.post_json(&REQUEST.replace("17", &numbers.next()?.to_string()));
        Some(host.page().sum("orders_total", &[("http_route", "/orders/{id}")]))
            .filter(|orders| *orders > 0.0)
    });
    drop((http, grpc));
    let (status, _, log) = host.stop();
    assert!(status.success() && !log.contains("cannot accept"), "{status}\n{log}");
}
