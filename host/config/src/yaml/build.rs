//! From parser events to the tree: anchors, duplicate keys, bounds.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::open::{Built, Items, Key, Open};
use super::substitute::{Failure, substitute};
use super::{
    Content, DEPTH_MAX, EXPANDED_BYTES_MAX, Entry, FILE_BYTES_MAX, NODE_BYTES, Node, Position, scalar, tag,
};
use crate::Lookup;
use crate::report::{Path, Report, printable, quoted};

/// The longest explanation of the YAML parser that is passed on, in characters.
const SCAN_ERROR_CHARS_MAX: usize = 200;

/// The tree of `text`; `None` if it is empty or a problem leaves no tree worth checking further.
pub(crate) fn parse(text: &str, env: &Lookup<'_>, report: &Report) -> Option<Node> {
    let start = Position { line: 1, column: 1 };
    if text.len() > FILE_BYTES_MAX {
        let found = format!("the file has {} bytes", text.len());
        report.problem(start, &Path::default(), found, format!("at most {FILE_BYTES_MAX}"), "");
        return None;
    }
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut builder = Builder {
        env,
        report,
        open: Vec::new(),
        anchors: HashMap::new(),
        spent: 0,
        root: None,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.take(event, position(span.start)).ok()?,
            Err(error) => {
                let at = position(*error.marker());
                let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
                report.problem(
                    at,
                    &builder.path(),
                    printable(&error.info(), SCAN_ERROR_CHARS_MAX),
                    "",
                    syntax_help(line),
                );
                return None;
            }
        }
    }
    builder.root
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col().saturating_add(1) }
}

/// What mostly goes wrong on a line that is not YAML.
fn syntax_help(line: &str) -> &'static str {
    if line.contains("${") && line.contains(['{', '[']) {
        "inside `{}` and `[]` write a reference in quotes: \"${NAME}\""
    } else if line.contains('\t') {
        "indent with spaces, not tabs"
    } else {
        ""
    }
}

/// Reading cannot go on; why has been reported.
struct Stop;

struct Builder<'a> {
    env: &'a Lookup<'a>,
    report: &'a Report,
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    /// What the tree and the anchored copies cost so far, in bytes.
    spent: usize,
    root: Option<Node>,
    documents: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents = self.documents.saturating_add(1);
                if self.documents > 1 {
                    self.refuse(at, "a second YAML document begins here", "one document", "remove the `---`");
                    return Err(Stop);
                }
            }
            Event::Scalar(text, style, anchor, tag) if self.expects_key() => {
                self.spend(at, text.len())?;
                let is_null = style == ScalarStyle::Plain && matches!(scalar::resolve(&text), Content::Null);
                if is_null || anchor != 0 || tag.is_some() {
                    self.refuse_key(at, "an empty, anchored or tagged key");
                } else {
                    self.take_key(text.into_owned(), at);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let content = self.scalar(&text, style, tag.as_deref(), at);
                let bytes = match &content {
                    Content::String(text) => text.len(),
                    _ => 0,
                };
                self.spend(at, bytes)?;
                let bytes = bytes.saturating_add(NODE_BYTES);
                self.place(Built { node: Node { at, content }, bytes, height: 0 }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", at);
                self.begin(at, anchor, Items::Sequence(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", at);
                let items = Items::Mapping { entries: Vec::new(), seen: HashMap::new(), key: Key::Expected };
                self.begin(at, anchor, items)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Alias(anchor) => self.alias(anchor, at)?,
            Event::UnresolvedAlias(name) => {
                let found = format!("no anchor {} before this alias", quoted(&format!("&{name}")));
                self.refuse(at, found, "", "define the anchor above its use");
                self.place(invalid(at), 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Content {
        let substituted = match substitute(text, self.env, EXPANDED_BYTES_MAX.saturating_sub(self.spent)) {
            Ok(substituted) => substituted,
            Err(Failure::Invalid { found, expected }) => {
                self.refuse(at, found, expected, "write `$$` for a dollar sign");
                return Content::Invalid;
            }
            Err(Failure::TooLong) => {
                self.refuse(at, "the variables substituted here are too long", size_expected(), "");
                return Content::Invalid;
            }
        };
        let text = substituted.as_deref().unwrap_or(text);
        tag::resolve(text, style, tag).unwrap_or_else(|found| {
            self.refuse(at, found, "no tag, or that of the value's type", "");
            Content::Invalid
        })
    }

    fn check_collection_tag(&self, tag: Option<&Tag>, kind: &str, at: Position) {
        if let Err(found) = tag::check_collection(tag, kind) {
            self.refuse(at, found, "no tag", "");
        }
    }

    fn begin(&mut self, at: Position, anchor: usize, items: Items) -> Result<(), Stop> {
        self.spend(at, 0)?;
        if self.open.len() >= DEPTH_MAX {
            self.refuse(at, "the nesting is too deep", format!("at most {DEPTH_MAX} levels"), "");
            return Err(Stop);
        }
        self.open.push(Open { at, anchor, items, bytes: NODE_BYTES, height: 0 });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = match open.items {
            Items::Sequence(items) => Content::Sequence(items),
            Items::Mapping { entries, .. } => Content::Mapping(entries),
        };
        let height = open.height.saturating_add(1);
        self.place(Built { node: Node { at: open.at, content }, bytes: open.bytes, height }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Stop> {
        let Some(built) = self.anchors.get(&anchor) else {
            self.refuse(at, "an alias inside what it stands for", "", "repeat what is meant");
            return self.place(invalid(at), 0);
        };
        if self.open.len().saturating_add(built.height) > DEPTH_MAX {
            let expected = format!("at most {DEPTH_MAX} levels");
            self.refuse(at, "the nesting is too deep with this alias expanded", expected, "");
            return Err(Stop);
        }
        let bytes = built.bytes;
        self.spend(at, bytes)?;
        let Some(built) = self.anchors.get(&anchor).cloned() else { return Err(Stop) };
        self.place(built, 0)
    }

    /// Puts a complete node where it belongs.
    fn place(&mut self, built: Built, anchor: usize) -> Result<(), Stop> {
        if anchor != 0 {
            self.spend(built.node.at, built.bytes)?;
            self.anchors.insert(anchor, built.clone());
        }
        if self.expects_key() {
            self.refuse_key(built.node.at, "a list, a mapping or an alias as key");
            return Ok(());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(built.node);
            return Ok(());
        };
        parent.bytes = parent.bytes.saturating_add(built.bytes);
        parent.height = parent.height.max(built.height);
        match &mut parent.items {
            Items::Sequence(items) => items.push(built.node),
            Items::Mapping { entries, key, .. } => {
                if let Key::Given(key, key_at) = std::mem::replace(key, Key::Expected) {
                    parent.bytes = parent.bytes.saturating_add(key.len()).saturating_add(NODE_BYTES);
                    entries.push(Entry { key, key_at, value: built.node });
                }
            }
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { items: Items::Mapping { key: Key::Expected, .. }, .. }))
    }

    fn take_key(&mut self, text: String, at: Position) {
        let Some(Open { items: Items::Mapping { seen, key, .. }, .. }) = self.open.last_mut() else { return };
        let first = match seen.entry(text.clone()) {
            Slot::Vacant(slot) => {
                slot.insert(at);
                *key = Key::Given(text, at);
                return;
            }
            Slot::Occupied(slot) => *slot.get(),
        };
        *key = Key::Refused;
        let path = self.path().key(&text);
        let found = format!("the key stands here a second time, first on line {}", first.line);
        self.report.problem(at, &path, found, "", "remove one of the two");
    }

    fn refuse_key(&mut self, at: Position, found: &str) {
        self.refuse(at, found, "a key of plain text", "");
        if let Some(Open { items: Items::Mapping { key, .. }, .. }) = self.open.last_mut() {
            *key = Key::Refused;
        }
    }

    /// Charges a node with `bytes` of text, or a copy of that size.
    fn spend(&mut self, at: Position, bytes: usize) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(bytes).saturating_add(NODE_BYTES);
        if self.spent > EXPANDED_BYTES_MAX {
            self.refuse(at, "with its aliases and variables the file is too large", size_expected(), "");
            return Err(Stop);
        }
        Ok(())
    }

    fn refuse(
        &self,
        at: Position,
        found: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report.problem(at, &self.path(), found, expected, help);
    }

    /// The path of the node that comes next.
    fn path(&self) -> Path {
        self.open.iter().fold(Path::default(), |path, open| match &open.items {
            Items::Sequence(items) => path.index(items.len()),
            Items::Mapping { key: Key::Given(key, _), .. } => path.key(key),
            Items::Mapping { .. } => path,
        })
    }
}

fn invalid(at: Position) -> Built {
    Built { node: Node { at, content: Content::Invalid }, bytes: NODE_BYTES, height: 0 }
}

fn size_expected() -> String {
    format!("at most {EXPANDED_BYTES_MAX} bytes in all")
}
