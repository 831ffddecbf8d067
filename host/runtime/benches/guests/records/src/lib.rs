//! What the bench stands the columns of the plugin contract beside: the same work on nested records.
#![cfg(target_family = "wasm")]

mod bindings {
    wit_bindgen::generate!({ path: "../shapes.wit", world: "records" });
}

use bindings::Guest;
use bindings::bench::frame::shapes::Metric;

struct Records;

impl Guest for Records {
    fn read(metrics: Vec<Metric>) -> f64 {
        metrics.iter().flat_map(|metric| &metric.points).map(|point| point.value).sum()
    }

    fn remove(mut metrics: Vec<Metric>, key: String) -> Vec<Metric> {
        for point in metrics.iter_mut().flat_map(|metric| &mut metric.points) {
            point.attributes.retain(|attribute| attribute.key != key);
        }
        metrics
    }
}

bindings::export!(Records with_types_in bindings);
