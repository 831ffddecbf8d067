//! Thousands of broken requests, the same in every run: whatever they are, decoding ends and does not panic.

use prost::Message;
use wasmeter_otlp::decode::{Decoded, decode_json, decode_protobuf};
use wasmeter_otlp::encode::encode_protobuf;
use wasmeter_otlp::messages::ExportMetricsServiceRequest;

pub(crate) const ROUNDS: u64 = 20_000;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap()
    }
}

/// Flips, overwrites, removes, repeats and inserts bytes.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        let until = at + random.below(bytes.len() - at).min(40);
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0x00, 0x7f, 0x80, 0xff, b'{', b'"', b'}', b'[', b'9', b'-'][random.below(10)],
            2 => drop(bytes.drain(at..until)),
            3 => {
                let repeated = bytes[at..until].to_vec();
                bytes.splice(at..at, repeated);
            }
            _ => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

fn run(seed: &[u8], decode: impl Fn(&[u8]) -> Option<Decoded>) -> (u64, u64) {
    let (mut read, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let mut bytes = seed.to_vec();
        mutate(&mut bytes, &mut Random(round));
        if let Some(decoded) = decode(&bytes) {
            read += 1;
            refused += u64::from(decoded.refused.total() > 0);
            // What was let through can be written and read again, with nothing more to refuse.
            let again = decode_protobuf(&encode_protobuf(&decoded.frame)).unwrap();
            assert_eq!(again.frame.point_count(), decoded.frame.point_count(), "round {round}");
        }
    }
    (read, refused)
}

pub(crate) fn example() -> ExportMetricsServiceRequest {
    serde_json::from_str(include_str!("../data/metrics.json")).unwrap()
}

#[test]
fn broken_protobuf_never_panics() {
    let (read, refused) = run(&example().encode_to_vec(), |bytes| decode_protobuf(bytes).ok());
    assert!(
        read > 100 && refused > 10 && read < ROUNDS,
        "the mutations miss: {read} read, {refused} refused points"
    );
}

#[test]
fn broken_json_never_panics() {
    let (read, refused) = run(&serde_json::to_vec(&example()).unwrap(), |bytes| decode_json(bytes).ok());
    assert!(
        read > 100 && refused > 10 && read < ROUNDS,
        "the mutations miss: {read} read, {refused} refused points"
    );
}
