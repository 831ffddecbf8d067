//! Paths: where one is in a request target, and what it is without its identifiers.

use crate::segment::{self, Source};

/// Deeper paths are scans and mistakes; what follows becomes one `*`.
const SEGMENTS_MAX: usize = 16;

/// The path of a request target (RFC 9112, section 3.2) or URL: without scheme and authority, query and fragment.
pub(crate) fn of_target(target: &str) -> &str {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let (target, _) = target.split_at(end);
    let Some((scheme, rest)) = target.split_once("://") else { return target };
    // `/redirect/http://example.com` is a path.
    if scheme.contains('/') {
        return target;
    }
    rest.find('/').map_or("/", |at| rest.split_at(at).1)
}

/// The path with a placeholder for each segment that identifies something.
pub(crate) fn template(path: &str, source: Source) -> String {
    let mut template = String::with_capacity(path.len());
    // What stands before the first slash is no segment.
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            template.push('/');
        }
        if index > SEGMENTS_MAX {
            template.push('*');
            break;
        }
        // Matrix parameters (`;jsessionid=...`) are part of a raw segment and never of a route.
        let segment = match source {
            Source::Raw => segment.split(';').next().unwrap_or_default(),
            Source::Route => segment,
        };
        template.push_str(segment::placeholder(segment, source).unwrap_or(segment));
    }
    template
}
