//! Thousands of damaged components: each is loaded or refused, and the host never panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmeter_engine::View;
use wasmeter_model::Attributes;
use wasmeter_runtime::FailureKind;

use crate::guest::{ANSWER_BYTES, Guest};
use crate::support::{Folder, runtime};

/// A small generator with a fixed seed (xorshift64*), so that a failure can be replayed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % bound
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => drop(bytes.drain(at..(at + 1 + random.below(16)).min(bytes.len()))),
            4 => bytes.insert(at, 0xff),
            _ => {
                let piece: Vec<u8> = bytes[at..(at + 32).min(bytes.len())].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

#[test]
fn damaged_components_are_refused_and_never_panic_the_host() {
    let (folder, runtime) = (Folder::new(), runtime());
    let original = Guest::default().component();
    let mut random = Random(0x5eed);
    let mut refused = 0;
    for round in 0..2000 {
        let mut bytes = original.clone();
        mutate(&mut bytes, &mut random);
        let file = folder.put("mutated.wasm", &bytes);
        let loaded = catch_unwind(AssertUnwindSafe(|| runtime.load(&file).map(drop)));
        let loaded = loaded.unwrap_or_else(|_| panic!("round {round} panicked"));
        if let Err(failure) = loaded {
            refused += 1;
            assert!(
                !failure.reason.is_empty() && !failure.reason.contains('\n'),
                "round {round}: {failure:?}"
            );
            assert!(
                !failure.reason.contains("the compiler failed on it"),
                "round {round}: the compiler panicked"
            );
        }
    }
    assert!(refused > 1000, "only {refused} of 2000 were refused: are the mutations too tame?");
}

/// Memory that looks like answers now and then: small numbers, addresses in the answer, and noise.
fn answer(random: &mut Random) -> Vec<u8> {
    let words = ANSWER_BYTES / 4;
    (0..words)
        .flat_map(|_| {
            let word = match random.below(8) {
                0..=2 => 0,
                3 | 4 => random.below(8),
                5 => 4096 + 8 * random.below(ANSWER_BYTES / 8),
                6 => random.below(40),
                _ => random.below(usize::MAX) & 0xffff_ffff,
            };
            u32::try_from(word).unwrap().to_le_bytes()
        })
        .collect()
}

#[test]
fn arbitrary_answers_are_checked_and_never_panic_the_host() {
    let (folder, runtime) = (Folder::new(), runtime());
    let mut random = Random(0xa115_3e75);
    let mut kinds = std::collections::BTreeMap::new();
    for round in 0..1000 {
        let mut bytes = answer(&mut random);
        // Something, and not nothing: a short list in the middle of the answer.
        bytes[..12].copy_from_slice(&[1, 0, 0, 0, 0, 0x12, 0, 0, 1 + (round % 3) as u8, 0, 0, 0]);
        let file = folder.put("answering.wasm", Guest::answering(&bytes));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let plugin = runtime.load(&file).map_err(|failure| failure.kind)?;
            plugin.map_attributes(0, &Attributes::empty()).map_err(|_| FailureKind::InvalidAnswer)
        }));
        let outcome = outcome.unwrap_or_else(|_| panic!("round {round} panicked"));
        *kinds.entry(outcome.err()).or_insert(0) += 1;
    }
    // The host blames the answer and nothing else.
    let only = kinds.keys().all(|kind| matches!(kind, None | Some(FailureKind::InvalidAnswer)));
    assert!(only && kinds.contains_key(&Some(FailureKind::InvalidAnswer)), "{kinds:?}");
}

#[test]
fn a_component_cut_at_every_byte_is_refused() {
    let (folder, runtime) = (Folder::new(), runtime());
    let whole = Guest::default().component();
    let mut loaded = 0;
    for len in 0..whole.len() {
        match runtime.load(&folder.put("cut.wasm", &whole[..len])) {
            // Cut between two sections it is a component that lacks something.
            Err(failure) => assert!(
                matches!(
                    failure.kind,
                    FailureKind::NotAComponent | FailureKind::WrongWorld | FailureKind::Compile
                ),
                "{len} bytes: {failure}"
            ),
            Ok(_) => loaded += 1,
        }
    }
    // What stands at the very end is for tools, and not needed.
    assert!(loaded <= 2, "{loaded} cuts went unnoticed");
}
