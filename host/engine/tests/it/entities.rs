//! Which entities an exported resource stands for. They are not what makes it this resource.

use wasmeter_model::{EntityRef, EntityRefs, InstrumentKind, NumberKind, Resource, StreamSpec, Temporality};

use crate::support::*;

/// An entity of each type, with what identifies it and what describes it.
fn entities(entities: &[(&str, &[&str], &[&str])]) -> EntityRefs {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).into()).collect();
    let entities = entities.iter().map(|(entity_type, id, description)| EntityRef {
        entity_type: (*entity_type).into(),
        id_keys: keys(id),
        description_keys: keys(description),
        ..EntityRef::default()
    });
    entities.collect()
}

fn service() -> EntityRefs {
    entities(&[("service", &["svc"], &[])])
}

fn host() -> EntityRefs {
    entities(&[("host", &["host"], &["zone"])])
}

/// A counter of this resource, which is said to stand for these entities.
fn sent(engine: &wasmeter_engine::Engine, resource: &str, told: &EntityRefs, name: &str, time: u64) {
    let point = ("", 2, time, int(1));
    let frame = Otlp::of(resource).entities(told).counter(name, Temporality::Cumulative, &[point]).frame();
    assert_eq!(engine.ingest(&frame, at(time)).accepted, 1);
}

/// The attributes of each resource that is exported, and its entities.
fn exported(engine: &wasmeter_engine::Engine, secs: u64) -> Vec<(String, EntityRefs)> {
    let frame = engine.collect(0, at(secs));
    assert_eq!(frame.check(), Ok(()));
    let text = |set| format!("{:?}", frame.attributes(set).0.iter().map(|(key, _)| key).collect::<Vec<_>>());
    frame.resources().map(|row| (text(row.attributes()), row.entities().clone())).collect()
}

fn one(keys: &str, entities: EntityRefs) -> Vec<(String, EntityRefs)> {
    vec![(keys.to_owned(), entities)]
}

#[test]
fn senders_of_one_resource_meet_whatever_entities_they_know_of_and_the_last_told_count() {
    let engine = engine(&[CUMULATIVE], no_views());
    let resource = r#"["host", "svc"]"#;
    sent(&engine, "svc=a,host=h", &EntityRefs::NONE, "c", 5);
    assert_eq!(exported(&engine, 6), one(resource, EntityRefs::NONE));
    sent(&engine, "svc=a,host=h", &service(), "c", 7);
    assert_eq!(exported(&engine, 8), one(resource, service()));
    sent(&engine, "svc=a,host=h", &EntityRefs::NONE, "c", 9);
    sent(&engine, "svc=a,host=h", &EntityRefs::NONE, "d", 9);
    assert_eq!(exported(&engine, 10), one(resource, service()), "who says nothing takes nothing back");
    // Only one of its metrics has them, and then the other one has others.
    sent(&engine, "svc=a,host=h", &host(), "d", 11);
    assert_eq!(exported(&engine, 12), one(resource, host()));
    sent(&engine, "svc=a,host=h", &service(), "d", 13);
    sent(&engine, "svc=a,host=h", &host(), "c", 14);
    assert_eq!(exported(&engine, 15), one(resource, host()));
    assert_eq!(collect(&engine, 0, 16).len(), 2, "both are one series each");
}

#[test]
fn an_entity_goes_with_what_identifies_it_where_a_view_makes_another_resource() {
    let both = entities(&[("service", &["svc"], &["version"]), ("host", &["host"], &["zone"])]);
    let keeping = |key: &'static [&str]| {
        plugins([every(StreamSpec { resource: without(key), ..StreamSpec::default() })])
    };
    for (gone, keys, expected) in [
        (&["host"][..], r#"["svc", "version", "zone"]"#, entities(&[("service", &["svc"], &["version"])])),
        (
            &["version"],
            r#"["host", "svc", "zone"]"#,
            entities(&[("service", &["svc"], &[]), ("host", &["host"], &["zone"])]),
        ),
        (&["host", "svc"], r#"["version", "zone"]"#, EntityRefs::NONE),
        (&["other"], r#"["host", "svc", "version", "zone"]"#, both.clone()),
    ] {
        let engine = engine(&[CUMULATIVE], keeping(gone));
        for host in ["host=h", "host=i"] {
            sent(&engine, &format!("svc=a,version=1,zone=z,{host}"), &both, "c", 5);
        }
        let exported = exported(&engine, 6);
        let merged = if gone.contains(&"host") { 1 } else { 2 };
        assert_eq!(exported, vec![(keys.to_owned(), expected); merged], "without {gone:?}");
    }
}

#[test]
fn they_stay_over_a_swap_also_if_the_first_sender_knew_of_none() {
    let engine = engine(&[CUMULATIVE], no_views());
    sent(&engine, "svc=a", &EntityRefs::NONE, "c", 5);
    sent(&engine, "svc=a", &service(), "c", 6);
    engine.swap(plugins([every(named("other"))]), at(7)).unwrap();
    sent(&engine, "svc=a", &EntityRefs::NONE, "c", 8);
    let expected = one(r#"["svc"]"#, service());
    assert_eq!(exported(&engine, 9), expected);
    // By now the stream before has ended.
    assert_eq!(exported(&engine, 10), expected);
}

#[test]
fn summaries_have_them_too() {
    let engine = engine(&[CUMULATIVE], no_views());
    let frame = |told: &EntityRefs, time| Otlp::of("svc=a").entities(told).summary("s", time, 2).frame();
    engine.ingest(&frame(&EntityRefs::NONE, 5), at(5));
    engine.ingest(&frame(&service(), 6), at(6));
    engine.ingest(&frame(&EntityRefs::NONE, 7), at(7));
    assert_eq!(exported(&engine, 8), one(r#"["svc"]"#, service()));
}

#[test]
fn what_is_measured_here_has_those_of_the_programs_resource() {
    let engine = engine(&[CUMULATIVE], no_views());
    let mut counter = instrument(InstrumentKind::Counter, "c", NumberKind::Int);
    counter.resource =
        Resource { attributes: attrs("svc=a"), entities: service(), ..Resource::default() }.into();
    engine.instrument(counter, at(1)).unwrap().record(int(5), &attrs(""), at(2));
    assert_eq!(exported(&engine, 3), one(r#"["svc"]"#, service()));
}
