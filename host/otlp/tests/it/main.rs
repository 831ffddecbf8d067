//! OTLP end to end: encodings, hostile input, real servers and real clients on loopback.

mod decode_faults;
mod decode_json;
mod decode_protobuf;
mod entities;
mod export_grpc;
mod export_http;
mod json_oracle;
mod mutations;
mod receive_grpc;
mod receive_http;
mod receive_limits;
mod receive_waiting;
mod round_trip;
mod support;
mod wire;
mod wire_unusual;
