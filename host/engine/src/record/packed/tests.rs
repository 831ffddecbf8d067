//! Attributes that are written as numbers: what tells them apart, and what does not.

use std::collections::HashSet;

use wasmeter_model::NumberKind;

use super::*;

/// Attributes that write themselves.
type Write<'a> = &'a dyn Fn(&mut Packed<'_>);

/// True if they hash alike, and if they are found to be the same, as they would be looked at if they did.
fn compared(a: Write<'_>, b: Write<'_>) -> (bool, bool) {
    let owner = Owner::new(NumberKind::Int);
    let words = [Words::default(), Words::default()];
    let [mut known, mut given] = words.each_ref().map(Packed::new);
    a(&mut known);
    b(&mut given);
    let [known_hash, given_hash] = [known, given].map(|packed| packed.hash(&owner));
    let is_same = known.known(known_hash).is_some_and(|known| known.is(&given, known_hash));
    (known_hash == given_hash, is_same)
}

#[track_caller]
fn assert_differ(a: Write<'_>, b: Write<'_>) {
    assert_eq!(compared(a, b), (false, false));
}

#[test]
fn every_byte_of_a_text_counts() {
    for length in 0..=70 {
        let text = "x".repeat(length);
        let is_whole = length <= 32;
        assert_eq!(
            compared(&|packed| packed.text(&text), &|packed| packed.text(&text)),
            (true, is_whole),
            "{length}"
        );
        for place in 0..length {
            let mut other = text.clone();
            other.replace_range(place..=place, "y");
            assert_differ(&|packed| packed.text(&text), &|packed| packed.text(&other));
        }
        let longer = "x".repeat(length + 1);
        assert_differ(&|packed| packed.text(&text), &|packed| packed.text(&longer));
        assert_differ(
            &|packed| {
                packed.key(&text);
                packed.text("key");
            },
            &|packed| {
                packed.key("key");
                packed.text(&text);
            },
        );
    }
}

#[test]
fn values_of_other_kinds_are_others_even_if_their_words_are_the_same() {
    let writes: [Write<'_>; 5] = [
        &|packed| packed.int(1),
        &|packed| packed.truth(true),
        &|packed| packed.double(f64::from_bits(1)),
        &|packed| packed.text("\u{1}"),
        &|packed| packed.hash_only(1),
    ];
    for (a, first) in writes.iter().enumerate() {
        for (b, second) in writes.iter().enumerate().filter(|(b, _)| a != *b) {
            assert!(!compared(first, second).1, "{a} and {b}");
        }
    }
}

#[test]
fn all_nans_are_one_and_so_are_both_zeros() {
    for (a, b) in [(f64::NAN, -f64::NAN), (0.0, -0.0)] {
        assert_eq!(compared(&|packed| packed.double(a), &|packed| packed.double(b)), (true, true));
    }
    assert_differ(&|packed| packed.double(0.0), &|packed| packed.double(1.0));
}

#[test]
fn what_has_no_room_is_known_by_its_hash_only() {
    let ints = |count: i64| {
        move |packed: &mut Packed<'_>| {
            for int in 0..count {
                packed.key("key");
                packed.int(int);
            }
        }
    };
    let most = i64::try_from(WORDS_MAX / 2).unwrap();
    assert_eq!(compared(&ints(most), &ints(most)), (true, true));
    assert_eq!(compared(&ints(most + 1), &ints(most + 1)), (true, false));
    assert_differ(&ints(most), &ints(most - 1));
    assert_eq!(compared(&|packed| packed.hash_only(7), &|packed| packed.hash_only(7)), (true, false));
}

#[test]
fn instruments_have_other_hashes() {
    let [a, b] = [NumberKind::Int, NumberKind::Int].map(Owner::new);
    let words = Words::default();
    let mut packed = Packed::new(&words);
    packed.int(1);
    assert_ne!(packed.hash(&a), packed.hash(&b));
}

#[test]
fn hashes_of_numbered_routes_are_spread() {
    let owner = Owner::new(NumberKind::Int);
    let words = Words::default();
    let hash = |number: u32| {
        let mut packed = Packed::new(&words);
        packed.key("route");
        packed.text(&format!("/cart/{number}"));
        packed.hash(&owner)
    };
    let hashes: HashSet<u64> = (0..100_000).map(hash).collect();
    assert_eq!(hashes.len(), 100_000);
    // As a table would use them: the lowest bits choose the place.
    let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
    assert!(low.len() > 48_000, "{} of 65536 places", low.len());
}
