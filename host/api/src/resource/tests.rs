//! Where a resource's attributes come from.

use wasmeter_model::{EntityRef, EntityRefs, Resource};

use super::{complete, from_environment};

fn environment(variables: &[(&str, &str)]) -> (Resource, Option<String>) {
    let lookup =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let (pairs, problem) = from_environment(lookup);
    (complete(Resource::default(), pairs), problem)
}

fn text<'a>(resource: &'a Resource, key: &str) -> &'a str {
    resource.attributes.get(key).and_then(wasmeter_model::ValueRef::as_str).unwrap_or("-")
}

#[test]
fn without_anything_there_are_the_defaults() {
    let (resource, problem) = environment(&[("OTEL_SERVICE_NAME", " "), ("OTEL_RESOURCE_ATTRIBUTES", "")]);
    assert!(text(&resource, "service.name").starts_with("unknown_service:wasmeter_api"));
    assert_eq!(text(&resource, "telemetry.sdk.name"), "wasmeter");
    assert_eq!(text(&resource, "telemetry.sdk.language"), "rust");
    assert_eq!(text(&resource, "telemetry.sdk.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!((resource.attributes.len(), problem), (4, None));
}

#[test]
fn the_service_name_variable_wins_over_the_list_and_the_application_over_both() {
    let list = ("OTEL_RESOURCE_ATTRIBUTES", " service.name=list , team=a%2Cb ,, zone=c=d");
    let (resource, _) = environment(&[list, ("OTEL_SERVICE_NAME", "variable")]);
    assert_eq!(text(&resource, "service.name"), "variable");
    assert_eq!((text(&resource, "team"), text(&resource, "zone")), ("a,b", "c=d"));
    let (pairs, _) = from_environment(|name| (name == list.0).then(|| list.1.to_owned()));
    let given = [("service.name", "given")].into_iter().collect();
    let service = EntityRef {
        entity_type: "service".into(),
        id_keys: ["service.name".into()].into(),
        ..EntityRef::default()
    };
    let entities: EntityRefs = [service].into_iter().collect();
    let given = Resource { attributes: given, schema_url: "schema".into(), entities: entities.clone() };
    let resource = complete(given, pairs);
    assert_eq!(resource.entities, entities);
    assert_eq!(text(&resource, "service.name"), "given");
    assert_eq!((text(&resource, "team"), &*resource.schema_url), ("a,b", "schema"));
}

#[test]
fn a_list_that_is_none_is_ignored_as_a_whole_and_not_quoted() {
    for list in ["a=1,secret", "=secret", "a=secret%", "a=secret%4", "a=secret%zz", "a=%ff"] {
        let (resource, problem) = environment(&[("OTEL_RESOURCE_ATTRIBUTES", list)]);
        assert_eq!(resource.attributes.len(), 4, "{list}");
        let problem = problem.unwrap();
        assert!(problem.starts_with("OTEL_RESOURCE_ATTRIBUTES is ignored: expected "), "{problem}");
        assert!(!problem.contains("secret"), "{problem}");
    }
}
