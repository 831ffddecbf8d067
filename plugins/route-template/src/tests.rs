//! What becomes of paths, statuses and attribute sets around them.

use wasmeter_guest::testing::{Harness, instrument};
use wasmeter_guest::{Attributes, Streams, Value};

use super::RouteTemplate;
use super::path;
use super::segment::Source;

fn map(config: &str, attributes: impl Into<Attributes>) -> Attributes {
    let requests = instrument::histogram("http.server.request.duration").build();
    let mut series = Harness::<RouteTemplate>::new(config).series(&requests, attributes.into());
    assert_eq!(series.len(), 1);
    series.remove(0).attributes
}

fn routed(path: &str) -> String {
    map("{}", [("url.path", path)]).text("http.route").unwrap().to_owned()
}

#[test]
fn identifiers_become_placeholders() {
    let cases = [
        ("/orders/84321", "/orders/{id}"),
        ("/orders/84321/items/7", "/orders/{id}/items/{id}"),
        ("/users/550e8400-e29b-41d4-a716-446655440000", "/users/{uuid}"),
        ("/users/550E8400-E29B-41D4-A716-446655440000/cart", "/users/{uuid}/cart"),
        ("/commits/9fceb02d", "/commits/{id}"),
        ("/objects/507f1f77bcf86cd799439011", "/objects/{id}"),
        ("/blobs/0xdeadbeef01", "/blobs/{id}"),
        ("/blobs/deadbeefdeadbeef", "/blobs/{id}"),
        ("/customers/cus_NffrFeUfNV2Hib", "/customers/{id}"),
        ("/events/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/events/{id}"),
        ("/share/V1StGXR8_Z5jdHi6B-myT", "/share/{id}"),
        ("/posts/a-title-84321", "/posts/{id}"),
        ("/orders/INV-2026-00123", "/orders/{id}"),
        ("/logs/2026-11-21", "/logs/{id}"),
        ("/at/59.91,10.75", "/at/{id}"),
        ("/cart;jsessionid=A1B2C3D4E5", "/cart"),
        ("/people/ada@example.com", "/people/{id}"),
        ("/search/two%20words", "/search/{id}"),
        ("/Ærlig", "/{id}"),
    ];
    for (path, expected) in cases {
        assert_eq!(routed(path), expected, "{path}");
    }
}

#[test]
fn words_stay() {
    let paths = [
        "/",
        "",
        "/healthz",
        "/api/v2/orders",
        "/oauth2callback",
        "/OAuth2Callback",
        "/index.html",
        "/favicon.ico",
        "/wp-login.php",
        "/how-to-write-a-good-headline",
        "/facade/decade/defaced",
        "/deadbeef",
        "/cafe42",
        "/getUserAccountSettingsPage",
        "/orders/",
        "//double",
        "/.well-known/openid-configuration",
        "/static/app.js",
        "/best-of-2024",
        "/projects/shop:cancel",
        "/http2",
        "/ipv6",
        "/sha256",
        "/a/b/c",
    ];
    for path in paths {
        assert_eq!(routed(path), path);
    }
}

#[test]
fn the_path_is_found_in_targets_and_urls() {
    let cases = [
        ("/orders/1?page=2", "/orders/1"),
        ("/orders#top", "/orders"),
        ("https://shop.example:8443/orders/1?x=/y", "/orders/1"),
        ("https://shop.example", "/"),
        ("https://shop.example?x=1", "/"),
        ("/redirect/https://example.com", "/redirect/https://example.com"),
        ("*", "*"),
        ("?", ""),
        ("", ""),
    ];
    for (target, expected) in cases {
        assert_eq!(path::of_target(target), expected, "{target}");
    }
}

#[test]
fn a_raw_path_becomes_the_route_and_goes_away() {
    let before = [
        ("http.request.method", "GET"),
        ("url.path", "/orders/84321;jsessionid=A1B2"),
        ("url.full", "https://shop.example/orders/84321?user=7"),
        ("http.target", "/orders/84321?user=7"),
    ];
    let after = [("http.request.method", "GET"), ("http.route", "/orders/{id}")];
    assert_eq!(map("{}", before), after.into());
    assert_eq!(map("{}", [("http.target", "/orders/84321?user=7")]), [("http.route", "/orders/{id}")].into());
}

#[test]
fn a_route_that_is_there_wins_over_the_path() {
    let before = [("http.route", "/orders/{order_id}"), ("url.path", "/orders/84321")];
    assert_eq!(map("{}", before), [("http.route", "/orders/{order_id}")].into());
    let raw = [("http.route", "/orders/84321")];
    assert_eq!(map("{}", raw), [("http.route", "/orders/{id}")].into());
    let empty = [("http.route", ""), ("url.path", "/orders/84321")];
    assert_eq!(map("{}", empty), [("http.route", "/orders/{id}")].into());
}

#[test]
fn the_placeholders_of_frameworks_stay() {
    let routes = [
        "/users/:id",
        "/users/:id?",
        "/users/{id:[0-9]+}",
        "/users/<int:id>",
        "/users/[id]",
        "/files/*path",
        "^orders/(?P<number>\\d+)/$",
        "OrdersController#show",
        "/orders/{id}/items/{uuid}",
    ];
    for route in routes {
        assert_eq!(map("{}", [("http.route", route)]).text("http.route"), Some(route));
    }
}

#[test]
fn mapping_twice_changes_nothing_more() {
    let once = map("{}", [("url.path", "/orders/84321"), ("http.response.status_code", "404")]);
    assert_eq!(map("{}", once.clone()), once);
}

#[test]
fn statuses_become_classes_unless_kept() {
    let status =
        |config: &str, key: &str, value: Value| map(config, [(key, value)]).get(key).cloned().unwrap();
    for key in ["http.response.status_code", "http.status_code"] {
        assert_eq!(status("{}", key, Value::Int(204)), "2xx".into());
        assert_eq!(status("{}", key, Value::Int(100)), "1xx".into());
        assert_eq!(status("{}", key, Value::Int(599)), "5xx".into());
        assert_eq!(status("{}", key, "404".into()), "4xx".into());
        // What is no status says something else and is not hidden.
        for odd in [
            Value::Int(0),
            Value::Int(99),
            Value::Int(600),
            Value::Int(i64::MIN),
            "+20".into(),
            "0200".into(),
            Value::Bool(true),
        ] {
            assert_eq!(status("{}", key, odd.clone()), odd);
        }
        assert_eq!(status(r#"{"status": "keep"}"#, key, Value::Int(204)), Value::Int(204));
    }
}

#[test]
fn templates_come_first_and_in_order() {
    let config =
        r#"{"templates": ["/users/me", "/users/{name}", "/users/{name}/cart", "/static/*", "/v/2024"]}"#;
    let cases = [
        ("/users/me", "/users/me"),
        ("/users/ada", "/users/{name}"),
        ("/users/84321/cart", "/users/{name}/cart"),
        ("/users//cart", "/users//cart"),
        ("/users/ada/orders/7", "/users/ada/orders/{id}"),
        ("/static/css/a1b2c3d4.css", "/static/*"),
        ("/static", "/static"),
        ("/v/2024", "/v/2024"),
    ];
    for (path, expected) in cases {
        assert_eq!(map(config, [("url.path", path)]).text("http.route"), Some(expected), "{path}");
    }
}

#[test]
fn bad_templates_are_refused_with_their_place() {
    let config = r#"{"templates": ["/ok/{id}", "users"], "status": "klass"}"#;
    let problems = Harness::<RouteTemplate>::configure(config).unwrap_err();
    assert_eq!(problems[0].path, "/status");
    assert_eq!(problems[1].path, "/templates/1");
    assert_eq!(problems[1].message, "found template `users`, expected one that starts with `/`");
    for bad in ["/a/*/b", "/a/{id", "/a/x{id}", "/a/{{id}}", "/a/b*"] {
        let config = format!(r#"{{"templates": ["{bad}"]}}"#);
        assert_eq!(
            Harness::<RouteTemplate>::configure(&config).unwrap_err()[0].path,
            "/templates/0",
            "{bad}"
        );
    }
}

#[test]
fn the_attributes_to_derive_from_can_be_chosen() {
    let config = r#"{"attributes": ["app.path"]}"#;
    let before = [("app.path", "/orders/84321"), ("url.path", "/other")];
    assert_eq!(map(config, before), [("http.route", "/orders/{id}"), ("url.path", "/other")].into());
}

#[test]
fn sets_without_paths_are_left_alone() {
    let before: Attributes = [("queue", Value::from("orders/84321")), ("url.path", Value::Int(7))].into();
    assert_eq!(map("{}", before.clone()), before);
    assert_eq!(map("{}", Attributes::new()), Attributes::new());
}

#[test]
fn instruments_can_be_chosen() {
    let view = Harness::<RouteTemplate>::new(r#"{"instruments": ["http.*"]}"#);
    assert_eq!(view.streams(&instrument::counter("queue.depth").build()), Streams::none());
    assert_ne!(view.streams(&instrument::counter("http.requests").build()), Streams::none());
}

#[test]
fn a_hostile_path_gives_a_bounded_route() {
    let deep = "/a".repeat(100_000);
    assert!(path::template(&deep, Source::Raw).len() < 40);
    let long = format!("/{}", "a".repeat(1_000_000));
    assert_eq!(path::template(&long, Source::Raw), "/{id}");
    // The text before the first slash counts as well.
    assert_eq!(path::template(&"a".repeat(1000), Source::Raw), "{id}");
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::RouteTemplate), file);
}
