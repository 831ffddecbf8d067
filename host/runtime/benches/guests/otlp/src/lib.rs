//! What the bench stands the columns of the plugin contract beside: the same work on OTLP bytes.
#![cfg(target_family = "wasm")]

mod messages;

mod bindings {
    wit_bindgen::generate!({ path: "../shapes.wit", world: "otlp" });
}

use bindings::Guest;

use messages::{NumberDataPoint, Request};
use prost::Message;

/// The points of a request. One that is none is the bench's mistake, and a trap says so.
fn points(request: &mut Request) -> impl Iterator<Item = &mut NumberDataPoint> {
    let metrics = request.resource_metrics.iter_mut().flat_map(|resource| &mut resource.scope_metrics);
    let metrics = metrics.flat_map(|scope| &mut scope.metrics);
    metrics.filter_map(|metric| metric.gauge.as_mut()).flat_map(|gauge| &mut gauge.data_points)
}

fn decoded(request: &[u8]) -> Request {
    match Request::decode(request) {
        Ok(request) => request,
        Err(error) => panic!("{error}"),
    }
}

struct Otlp;

impl Guest for Otlp {
    fn read(request: Vec<u8>) -> f64 {
        points(&mut decoded(&request)).filter_map(|point| point.as_double).sum()
    }

    fn remove(request: Vec<u8>, key: String) -> Vec<u8> {
        let mut request = decoded(&request);
        for point in points(&mut request) {
            point.attributes.retain(|attribute| attribute.key != key);
        }
        request.encode_to_vec()
    }
}

bindings::export!(Otlp with_types_in bindings);
