//! The schema of a configuration, derived of its type and kept in a file.

use std::path::Path;

use serde::Serialize;

/// Checks that a file of the plugin's crate holds this JSON Schema, which `schemars` derives of the configuration's type; with
/// `BLESS=1` in the environment it is written.
///
/// So nobody writes the schema by hand, and the component has it as text, where deriving it there would make a small
/// component a third larger.
///
/// ```no_run
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[cfg_attr(test, derive(schemars::JsonSchema))]
/// struct Config {
///     /// Patterns of attributes to keep.
///     keep: Vec<String>,
/// }
///
/// #[cfg(test)]
/// #[test]
/// fn the_schema_is_that_of_the_type() {
///     let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
///     wasmeter_guest::testing::keep_schema(&schemars::schema_for!(Config), file);
/// }
/// ```
///
/// # Panics
///
/// The file holds something else, or cannot be read or written.
#[track_caller]
pub fn keep_schema(schema: &impl Serialize, file: impl AsRef<Path>) {
    let file = file.as_ref();
    let derived = match serde_json::to_value(schema) {
        Ok(schema) => schema,
        Err(error) => panic!("the schema has no JSON: {error}"),
    };
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        if let Err(error) = std::fs::write(file, format!("{derived:#}\n")) {
            panic!("cannot write `{}`: {error}", file.display());
        }
        return;
    }
    // As JSON, since the order of keys depends on features of the JSON crate that other crates may turn on.
    let kept: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap_or_default()).unwrap_or_default();
    assert!(
        kept == derived,
        "`{}` is not the schema of the configuration's type, which is\n{derived:#}\nrun the test with BLESS=1 to write it",
        file.display()
    );
}
