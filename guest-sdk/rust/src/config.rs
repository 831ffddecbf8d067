//! Reading a plugin's configuration, and saying what is wrong with it and where.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_path_to_error::Segment;

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON Pointer such as `/routes/0`; empty for the whole.
    pub path: String,
    /// What was found and what is expected.
    pub message: String,
}

/// Reads a configuration, a JSON object as text.
///
/// # Errors
///
/// All that is wrong with it, in the order of the places: the first problem of each of the object's keys, and one of the
/// whole.
///
/// ```
/// #[derive(serde::Deserialize, Debug)]
/// #[serde(default, deny_unknown_fields)]
/// struct Limits { series_max: u32, keys: Vec<String> }
/// # impl Default for Limits { fn default() -> Self { Limits { series_max: 1, keys: vec![] } } }
///
/// let problems = wasmeter_guest::parse_config::<Limits>(r#"{"series_max": "many", "keys": ["a", 2]}"#).unwrap_err();
/// assert_eq!(problems[0].path, "/keys/1");
/// assert_eq!(problems[1].path, "/series_max");
/// assert_eq!(problems[1].message, "invalid type: string \"many\", expected u32");
/// ```
pub fn parse_config<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Problem>> {
    let problem = |path: &str, message: String| Problem { path: path.to_owned(), message };
    let mut object = match serde_json::from_str(text) {
        Ok(Json::Object(object)) => object,
        Ok(other) => {
            return Err(vec![problem("", format!("found {}, expected an object", kind(&other)))]);
        }
        Err(error) => return Err(vec![problem("", format!("not a JSON object: {error}"))]),
    };
    let mut problems = Vec::new();
    let mut set_aside: Vec<String> = Vec::new();
    loop {
        let json = Json::Object(object.clone());
        let error = match serde_path_to_error::deserialize::<_, T>(&json) {
            Ok(config) if problems.is_empty() => return Ok(config),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        // A struct without fields reads as JSON's null and not as an object.
        if let Ok(config) = T::deserialize(Json::Null) {
            if object.is_empty() {
                return if problems.is_empty() { Ok(config) } else { Err(problems) };
            }
            let refuse = |key: &String| Problem {
                path: pointer(std::slice::from_ref(key)),
                message: "this plugin takes no configuration; remove the key".to_owned(),
            };
            problems.extend(object.keys().map(refuse));
            return Err(problems);
        }
        let path = segments(&json, error.path());
        let message = error.inner().to_string();
        // A key set aside below is missing by our doing.
        let ours = set_aside.iter().any(|key| message == format!("missing field `{key}`"));
        if !ours {
            let path = pointer(&path);
            // The order in which keys are read depends on features of the JSON crate that other crates may turn on.
            let at = problems.partition_point(|problem: &Problem| problem.path <= path);
            problems.insert(at, Problem { path, message });
        }
        // Without the key that is wrong, the next one that is wrong shows; every turn removes one, so this ends.
        match path.first() {
            Some(key) if object.remove(key).is_some() => set_aside.push(key.clone()),
            _ => return Err(problems),
        }
    }
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

/// The keys and indices of a place in `json`.
fn segments(json: &Json, path: &serde_path_to_error::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = Some(json);
    for segment in path {
        let key = match segment {
            Segment::Seq { index } => {
                at = at.and_then(|json| json.get(index));
                index.to_string()
            }
            Segment::Map { key } => {
                at = at.and_then(|json| json.get(key));
                key.clone()
            }
            // A variant is a key where it has contents, and a mere string where it has none.
            Segment::Enum { variant } => match at.and_then(|json| json.get(variant)) {
                Some(contents) => {
                    at = Some(contents);
                    variant.clone()
                }
                None => continue,
            },
            Segment::Unknown => break,
        };
        found.push(key);
    }
    found
}

/// A JSON Pointer (RFC 6901).
fn pointer(segments: &[String]) -> String {
    segments.iter().map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}

#[cfg(test)]
mod tests;
