//! Whatever the bytes are, decoding ends without a panic, and what it lets through survives another round.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmeter_otlp::decode::decode_protobuf;
use wasmeter_otlp::encode::encode_protobuf;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(decoded) = decode_protobuf(bytes) {
        let again = decode_protobuf(&encode_protobuf(&decoded.frame)).expect("what was decoded can be encoded");
        assert_eq!(again.frame.point_count(), decoded.frame.point_count());
    }
});
