//! The entities that a sender's resource stands for go through a host and its plugins to the receiver behind it.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Host, PluginFolder, Site, eventually};

/// A host with a processor that hashes `host.id`, and the site it exports to.
fn chain() -> (Host, Site, PluginFolder) {
    let site =
        Site::answering(|_| ("200 OK\r\ncontent-type: application/json\r\n".to_owned(), "{}".to_owned()));
    let folder = PluginFolder::with(&["redact"]);
    let settings = "[config]\nsecret = \"0123456789abcdef\"\n[[config.rules]]\nkeys = [\"host.id\"]\naction = \"hash\"\n";
    folder.put("00-redact.toml", settings.as_bytes());
    let config = folder.path().join("host.yaml");
    let yaml = format!(
        "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodic:\n        interval: 100\n        exporter:\n          \
         otlp_http:\n            endpoint: {}/v1/metrics\n            encoding: json\n",
        site.origin()
    );
    fs::write(&config, yaml).expect("the directory is writable");
    let host = Host::start(Some(folder.path()), &["--config", config.to_str().expect("a plain path")]);
    (host, site, folder)
}

/// A gauge of a shop whose resource has these references.
fn send(host: &Host, entities: &Value) {
    let attribute = |key: &str| json!({ "key": key, "value": { "stringValue": key } });
    let attributes = ["service.name", "service.version", "host.id"].map(attribute);
    let resource = json!({
        "attributes": attributes,
        "entityRefs": entities,
    });
    let points = json!([{ "asInt": "1", "timeUnixNano": "2" }]);
    let metrics = json!([{ "name": "shop.size", "gauge": { "dataPoints": points } }]);
    let request =
        json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [{ "metrics": metrics }] }] });
    host.post_json(&request.to_string());
}

/// The references of the shop's resource in what was exported last, once it was exported.
fn exported(site: &Site) -> Option<Value> {
    let requests = site.asked();
    let request: Value = serde_json::from_str(&requests.last()?.body).expect("it is JSON");
    let resources = request["resourceMetrics"].as_array()?.clone();
    let is_of_the_shop = |of: &&Value| of["scopeMetrics"][0]["metrics"][0]["name"] == "shop.size";
    let shop: Vec<_> = resources.iter().filter(is_of_the_shop).collect();
    assert!(shop.len() <= 1, "{shop:?}");
    shop.first().map(|of| of["resource"]["entityRefs"].clone())
}

#[test]
fn they_reach_the_receiver_behind_and_what_does_not_is_on_the_page() {
    let (host, site, _folder) = chain();
    let service = json!({
        "schemaUrl": "https://opentelemetry.io/schemas/1.37.0",
        "type": "service",
        "idKeys": ["service.name"],
        "descriptionKeys": ["service.version", "host.id"],
    });
    send(&host, &json!([]));
    eventually("an export without", || exported(&site).filter(Value::is_null));
    // One whose identity the processor changes, and one of an attribute that is not there.
    let host_entity = json!({ "type": "host", "idKeys": ["host.id"] });
    let malformed = json!({ "type": "process", "idKeys": ["process.pid"] });
    send(&host, &json!([service, host_entity, malformed]));
    eventually("an export with one", || exported(&site).filter(|entities| *entities == json!([service])));
    let page = host.page();
    let malformed = [("transport", "http"), ("reason", "malformed_entity_references")];
    assert_eq!(page.sum("wasmeter_receiver_parts_dropped_total", &malformed), 1.0);
    let changed = [("plugin", "00-redact"), ("reason", "identity_changed")];
    assert!(page.sum("wasmeter_plugin_entity_references_dropped_total", &changed) >= 1.0);
}
