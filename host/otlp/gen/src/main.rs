//! Writes `src/messages/generated` from the OTLP definitions in `proto` (open-telemetry/opentelemetry-proto v1.11.0).
//!
//! Run after the definitions were replaced by those of another release:
//!
//! ```text
//! cargo run --manifest-path host/otlp/gen/Cargo.toml
//! ```

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out_dir = crate_dir.join("src/messages/generated");
    std::fs::create_dir_all(&out_dir)?;
    let service = "opentelemetry/proto/collector/metrics/v1/metrics_service.proto";
    let descriptors = protox::compile([service], [crate_dir.join("proto")])?;
    prost_build::Config::new()
        .out_dir(&out_dir)
        .include_file("mod.rs")
        // The definitions' comments are not written for rustdoc; ../proto has them.
        .disable_comments(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
