//! What workers say they recorded, added up, and the comparison with a page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Page;

/// The totals of several workers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    /// Series of monotonic sums: the name on the page and the labels that name it, and the value.
    sums: BTreeMap<(&'static str, Labels), f64>,
    in_flight: f64,
    /// By shard, what each worker says.
    queue_depth: BTreeMap<String, BTreeSet<i64>>,
}

type Labels = Vec<(&'static str, String)>;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number expected, found {value}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a string expected, found {value}")).to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list expected, found {value}"))
}

impl Totals {
    /// The sum over workers.
    pub(crate) fn of<'a>(workers: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut totals = Self::default();
        for worker in workers {
            totals.add(worker);
        }
        totals
    }

    fn add(&mut self, worker: &Value) {
        for order in list(&worker["orders"]) {
            let labels = vec![("http_route", text(&order["route"])), ("method", text(&order["method"]))];
            self.count("shop_orders_total", labels, &order["value"]);
        }
        self.count("shop_revenue_EUR_total", Vec::new(), &worker["revenue"]);
        for (cpu, ticks) in worker["ticks"].as_object().expect("ticks by cpu") {
            self.count("shop_cpu_ticks_total", vec![("cpu", cpu.clone())], ticks);
        }
        let bounds = list(&worker["duration"]["bounds"]);
        for group in list(&worker["duration"]["groups"]) {
            let labels = vec![
                ("http_route", text(&group["route"])),
                ("http_request_method", text(&group["method"])),
                ("http_response_status_code", text(&group["status_class"])),
            ];
            self.count("http_server_request_duration_seconds_count", labels.clone(), &group["count"]);
            self.count("http_server_request_duration_seconds_sum", labels.clone(), &group["sum"]);
            // On the page a bucket counts what is below it too.
            let mut below = 0.0;
            for (at, count) in list(&group["bucket_counts"]).iter().enumerate() {
                below += number(count);
                let bound = bounds.get(at).map_or("+Inf".to_owned(), |bound| bound.to_string());
                let mut labels = labels.clone();
                labels.push(("le", bound));
                *self.sums.entry(("http_server_request_duration_seconds_bucket", labels)).or_default() +=
                    below;
            }
        }
        let payload = &worker["payload"];
        self.count("shop_payload_bytes_count", Vec::new(), &payload["count"]);
        self.count("shop_payload_bytes_sum", Vec::new(), &payload["sum"]);
        self.in_flight += number(&worker["in_flight"]);
        for (shard, depth) in worker["queue_depth"].as_object().expect("depths by shard") {
            let depth = depth.as_i64().expect("whole depths");
            self.queue_depth.entry(shard.clone()).or_default().insert(depth);
        }
    }

    fn count(&mut self, name: &'static str, labels: Labels, value: &Value) {
        *self.sums.entry((name, labels)).or_default() += number(value);
    }

    /// What the page says otherwise than the workers; empty if it says exactly the same.
    pub(crate) fn differences(&self, page: &Page) -> Vec<String> {
        let mut differences = Vec::new();
        for ((name, labels), expected) in &self.sums {
            let wanted: Vec<(&str, &str)> =
                labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            let found = page.sum(name, &wanted);
            // Exactly: all values are dyadic, so their sums are exact in any order.
            if found != *expected {
                differences.push(format!("{name}{labels:?} is {found}, recorded were {expected}"));
            }
        }
        for name in self.sums.keys().map(|(name, _)| *name).collect::<BTreeSet<_>>() {
            let expected = self.sums.keys().filter(|(of, _)| *of == name).count();
            let found = page.of(name).count();
            if found != expected {
                differences.push(format!("{name} has {found} series, the workers have {expected}"));
            }
        }
        let in_flight = page.sum("shop_in_flight", &[]);
        if in_flight != self.in_flight {
            differences.push(format!("shop_in_flight is {in_flight}, recorded were {}", self.in_flight));
        }
        for (shard, depths) in &self.queue_depth {
            let found: Vec<_> =
                page.of("shop_queue_depth").filter(|s| s.label("queue_shard") == Some(shard)).collect();
            let [found] = &found[..] else {
                differences.push(format!("shop_queue_depth of shard {shard} has {} series", found.len()));
                continue;
            };
            // The workers' values of one shard are combined by the last one heard.
            if !found.text.parse().is_ok_and(|depth: i64| depths.contains(&depth)) {
                differences.push(format!(
                    "shop_queue_depth of shard {shard} is {}, said were {depths:?}",
                    found.text
                ));
            }
        }
        differences
    }

    /// Fails unless the page says exactly what the workers recorded.
    #[track_caller]
    pub(crate) fn assert_on(&self, page: &Page) {
        let differences = self.differences(page);
        assert!(differences.is_empty(), "the page is wrong:\n{}", differences.join("\n"));
    }

    /// Every monotonic series on the page, to see that none falls.
    pub(crate) fn assert_not_falling(before: &Page, after: &Page) {
        for name in
            ["shop_orders_total", "shop_revenue_EUR_total", "http_server_request_duration_seconds_bucket"]
        {
            for old in before.of(name) {
                let new = after.of(name).find(|new| new.labels == old.labels);
                let new = new.unwrap_or_else(|| panic!("{name}{:?} has vanished", old.labels));
                assert!(
                    new.value >= old.value,
                    "{name}{:?} fell from {} to {}",
                    old.labels,
                    old.value,
                    new.value
                );
            }
        }
    }
}
