//! The references of resources to entities, which the plugin contract has no place for: the host keeps them while a guest has the
//! frame.

use std::collections::HashMap;

use wasmeter_model::frame::{Frame, ResourceRef};
use wasmeter_model::{Attributes, EntityRefs};

/// Gives the resources of a frame that a guest returned the references to entities that they had in the frame it was `given`. How
/// many references it could not give to any.
///
/// A resource that has the attributes and the schema it had before has its references again, wherever it stands now. Where there are
/// as many resources as before, one that is new stands for the one that was in its place; of that one's references it has those whose
/// identifying attributes it has with the same values, see [`EntityRefs::after`]. What went with all of its resource is not counted.
pub(crate) fn keep_entities(returned: &mut Frame, given: &Frame) -> u64 {
    if given.resources.entities.iter().all(EntityRefs::is_empty) {
        return 0;
    }
    let before: Vec<_> = given.resources().map(|row| Resource::of(given, row)).collect();
    let mut by_content: HashMap<&Resource<'_>, usize> = HashMap::new();
    // Of equal ones that with references, and of several such the last, as elsewhere.
    for (row, resource) in before.iter().enumerate() {
        let has_entities = given.resources.entities.get(row).is_some_and(|entities| !entities.is_empty());
        let place = by_content.entry(resource).or_insert(row);
        *place = if has_entities { row } else { *place };
    }
    let after: Vec<_> = returned.resources().map(|row| Resource::of(returned, row)).collect();
    let are_as_many = before.len() == after.len();
    let mut kept = vec![0; before.len()];
    let mut is_any_new = false;
    let of_row = |(row, resource): (usize, &Resource<'_>)| {
        let in_its_place = before.get(row);
        let from = match by_content.get(resource) {
            Some(_) if in_its_place == Some(resource) => row,
            Some(known) => *known,
            None => {
                is_any_new = true;
                if !are_as_many {
                    return EntityRefs::NONE;
                }
                row
            }
        };
        let entities = given.resources.entities.get(from).cloned().unwrap_or_default();
        let known = before.get(from).map_or(&resource.attributes, |known| &known.attributes);
        let entities = entities.after(known, &resource.attributes);
        if let Some(kept) = kept.get_mut(from) {
            *kept = entities.as_slice().len().max(*kept);
        }
        entities
    };
    let entities: Vec<_> = after.iter().enumerate().map(of_row).collect();
    drop(after);
    returned.resources.entities = entities;
    let lost = given.resources.entities.iter().zip(&kept).map(|(told, kept)| told.as_slice().len() - kept);
    if is_any_new { lost.sum::<usize>() as u64 } else { 0 }
}

/// What makes a resource the same one.
#[derive(PartialEq, Eq, Hash)]
struct Resource<'a> {
    attributes: Attributes,
    schema_url: &'a str,
}

impl<'a> Resource<'a> {
    fn of(frame: &'a Frame, row: ResourceRef<'a>) -> Self {
        Self { attributes: frame.attributes(row.attributes()).0, schema_url: row.schema_url() }
    }
}

#[cfg(test)]
mod tests {
    use wasmeter_model::frame::FrameBuilder;
    use wasmeter_model::{EntityRef, ValueRef};

    use super::*;

    /// A resource by its attributes `a`, `b` and so on, and the keys of those that each identify an entity.
    type Row<'a> = (&'a [(&'a str, i64)], &'a [&'a str]);

    fn entities(keys: &[&str]) -> EntityRefs {
        let entity = |key: &&str| EntityRef {
            entity_type: (*key).into(),
            id_keys: [(*key).into()].into(),
            ..EntityRef::default()
        };
        keys.iter().map(entity).collect()
    }

    fn frame(rows: &[Row<'_>]) -> Frame {
        let mut frame = FrameBuilder::new();
        for (attributes, keys) in rows {
            let set = frame.set(attributes.iter().map(|(key, value)| (*key, ValueRef::Int(*value))));
            frame.resource(set, "", 0);
            frame.entities(&entities(keys));
        }
        frame.finish()
    }

    /// The references that resources have after a guest made them of those given, by the keys that identify, and how many were lost.
    #[track_caller]
    fn check(given: &[Row<'_>], returned: &[&[(&str, i64)]], expected: &[&[&str]], lost: u64) {
        let given = frame(given);
        let rows: Vec<Row<'_>> = returned.iter().map(|attributes| (*attributes, &[][..])).collect();
        let mut returned = frame(&rows);
        assert_eq!(keep_entities(&mut returned, &given), lost);
        let expected: Vec<_> = expected.iter().map(|keys| entities(keys)).collect();
        assert_eq!(returned.resources.entities, expected);
        assert_eq!(returned.check(), Ok(()));
    }

    const A: &[(&str, i64)] = &[("a", 1), ("b", 2)];
    const B: &[(&str, i64)] = &[("a", 1), ("b", 3)];
    const C: &[(&str, i64)] = &[("c", 1)];

    #[test]
    fn resources_that_are_what_they_were_have_theirs_wherever_they_are() {
        let given: [Row<'_>; 3] = [(A, &["a"]), (B, &[]), (C, &["c"])];
        check(&given, &[A, B, C], &[&["a"], &[], &["c"]], 0);
        check(&given, &[C, A, B], &[&["c"], &["a"], &[]], 0);
        check(&given, &[&[("b", 2), ("a", 1)], C, C, B], &[&["a"], &["c"], &["c"], &[]], 0);
        // What it took out is not lost on the way.
        check(&given, &[C], &[&["c"]], 0);
        check(&given, &[], &[], 0);
    }

    #[test]
    fn a_changed_one_has_those_whose_identity_it_has() {
        let given: [Row<'_>; 2] = [(A, &["a", "b"]), (C, &["c"])];
        check(&given, &[&[("a", 1), ("b", 7)], C], &[&["a"], &["c"]], 1);
        check(&given, &[&[("b", 2)], C], &[&["b"], &["c"]], 1);
        check(&given, &[&[("a", 1), ("b", 2), ("d", 4)], C], &[&["a", "b"], &["c"]], 0);
        check(&given, &[A, &[("d", 4)]], &[&["a", "b"], &[]], 1);
        // Which it was is not known here.
        check(&given, &[&[("a", 1)]], &[&[]], 3);
        check(&given, &[&[("a", 1)], C, A], &[&[], &["c"], &["a", "b"]], 0);
    }

    #[test]
    fn equal_ones_that_were_told_of_other_entities_keep_their_own() {
        check(&[(A, &["a"]), (A, &["b"]), (A, &[])], &[A, A, A], &[&["a"], &["b"], &[]], 0);
        check(&[(A, &["a"]), (A, &["b"]), (A, &[])], &[C, A, A, A], &[&[], &["b"], &[], &["b"]], 1);
        check(&[(A, &["a"])], &[A, A], &[&["a"], &["a"]], 0);
    }
}
