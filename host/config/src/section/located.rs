//! A node with its path, read as one type or another.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Section;
use crate::report::{Path, Report, quoted};
use crate::yaml::{Content, Node, Position};

/// How an integer of milliseconds is called in problems.
pub(crate) const MILLIS: &str = "a whole number of milliseconds";

/// The longest duration accepted, in milliseconds: a hundred years, so that adding it to any time cannot overflow.
pub(crate) const MILLIS_MAX: u64 = 100 * 366 * 24 * 3600 * 1000;

/// A value of the file, where it stands, and where to report about it.
#[derive(Clone)]
pub(crate) struct Located<'a> {
    pub(super) node: &'a Node,
    pub(super) path: Path,
    pub(super) report: &'a Report,
    /// Whether the value must not be quoted.
    pub(super) secret: bool,
}

impl<'a> Located<'a> {
    pub(crate) fn root(node: &'a Node, report: &'a Report) -> Self {
        Self { node, path: Path::default(), report, secret: false }
    }

    /// The same, never to be quoted in a problem.
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(crate) fn at(&self) -> Position {
        self.node.at
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> &'a str {
        self.report.file()
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.node.content, Content::Null)
    }

    pub(crate) fn content(&self) -> &'a Content {
        &self.node.content
    }

    /// Reports that the value is not what was expected.
    pub(crate) fn reject(&self, expected: impl Into<String>) {
        self.reject_with_help(expected, "");
    }

    pub(crate) fn reject_with_help(&self, expected: impl Into<String>, help: impl Into<String>) {
        self.reject_found(format!("found {}", self.found()), expected, help);
    }

    /// Reports a problem with the value in full.
    pub(crate) fn reject_found(
        &self,
        found: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        if !matches!(self.node.content, Content::Invalid) {
            self.report.problem(self.at(), &self.path, found, expected, help);
        }
    }

    /// Warns that the value is accepted but changes nothing.
    pub(crate) fn warn(&self, found: impl Into<String>, help: impl Into<String>) {
        self.report.warning(self.at(), &self.path, found, "", help);
    }

    /// The value in words.
    fn found(&self) -> String {
        let shown = |kind: &str, text: String| {
            if self.secret { kind.to_owned() } else { format!("{kind} {}", quoted(&text)) }
        };
        match &self.node.content {
            Content::Null => "nothing".to_owned(),
            Content::Bool(value) => shown("the boolean", value.to_string()),
            Content::Int(value) => shown("the number", value.to_string()),
            Content::Float(value) => shown("the number", format!("{value:?}")),
            Content::String(text) if text.is_empty() => "empty text".to_owned(),
            Content::String(text) => shown("the text", text.clone()),
            Content::Sequence(_) => "a list".to_owned(),
            Content::Mapping(_) => "a mapping".to_owned(),
            Content::Invalid => "an invalid value".to_owned(),
        }
    }

    /// The keys of a mapping.
    pub(crate) fn section(&self) -> Option<Section<'a>> {
        match &self.node.content {
            Content::Mapping(entries) => Some(Section::new(self, entries)),
            Content::Null => {
                self.reject_with_help("a mapping", "give it entries or remove the key");
                None
            }
            _ => {
                self.reject("a mapping");
                None
            }
        }
    }

    /// The keys of a mapping where nothing means a mapping without keys.
    pub(crate) fn section_or_empty(&self) -> Option<Section<'a>> {
        if self.is_null() { Some(Section::new(self, &[])) } else { self.section() }
    }

    /// The elements of a list that may be empty.
    pub(crate) fn list(&self) -> Option<Vec<Self>> {
        match &self.node.content {
            Content::Sequence(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, node)| Self {
                        node,
                        path: self.path.index(index),
                        report: self.report,
                        secret: self.secret,
                    })
                    .collect(),
            ),
            _ => {
                self.reject_with_help(
                    "a list",
                    if self.is_null() { "give it entries or remove the key" } else { "" },
                );
                None
            }
        }
    }

    /// The elements of a list that has at least one.
    pub(crate) fn entries(&self) -> Vec<Self> {
        let items = self.list();
        if items.as_ref().is_some_and(Vec::is_empty) {
            self.reject_found(
                "found an empty list",
                "at least one entry",
                "give it entries or remove the key",
            );
        }
        items.unwrap_or_default()
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        match &self.node.content {
            Content::String(text) => Some(text),
            Content::Bool(_) | Content::Int(_) | Content::Float(_) => {
                self.reject_with_help("text", "put it in quotes");
                None
            }
            _ => {
                self.reject("text");
                None
            }
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        if let Content::Bool(value) = self.node.content {
            return Some(value);
        }
        self.reject("`true` or `false`");
        None
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match self.node.content {
            #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
            Content::Int(value) => Some(value as f64),
            Content::Float(value) => Some(value),
            _ => {
                self.reject("a number");
                None
            }
        }
    }

    /// An integer of `range`; `what` names it in a problem.
    pub(crate) fn integer(&self, what: &str, range: RangeInclusive<i64>) -> Option<i64> {
        match self.node.content {
            Content::Int(value) if range.contains(&value) => Some(value),
            _ => {
                let (least, most) = (range.start(), range.end());
                self.reject(match (*least, *most) {
                    (i64::MIN, i64::MAX) => what.to_owned(),
                    (_, i64::MAX) => format!("{what} of at least {least}"),
                    _ => format!("{what} from {least} to {most}"),
                });
                None
            }
        }
    }

    /// A size or count that fits the address space.
    pub(crate) fn size(&self, what: &str, least: i64) -> Option<usize> {
        self.integer(what, least..=i64::MAX).and_then(|value| usize::try_from(value).ok())
    }

    /// A whole number of milliseconds.
    pub(crate) fn millis(&self, least: i64) -> Option<Duration> {
        let millis = u64::try_from(self.integer(MILLIS, least..=i64::MAX)?).ok()?;
        if millis > MILLIS_MAX {
            self.reject("no more than a hundred years");
            return None;
        }
        Some(Duration::from_millis(millis))
    }

    /// A timeout in milliseconds, where 0 means none: the outer `None` is a problem, the inner one no limit.
    #[expect(clippy::option_option, reason = "absent and unlimited are different answers")]
    pub(crate) fn timeout(&self) -> Option<Option<Duration>> {
        self.millis(0).map(|timeout| Some(timeout).filter(|timeout| !timeout.is_zero()))
    }

    /// One of the names of a closed set.
    pub(crate) fn choice<T: Clone>(&self, choices: &[(&str, T)]) -> Option<T> {
        self.choice_by(|text| text, choices)
    }

    /// The same for what `name` makes of the text.
    pub(crate) fn choice_by<T: Clone>(
        &self,
        name: impl Fn(&str) -> &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = match &self.node.content {
            Content::String(text) => name(text),
            _ => "",
        };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(choice.clone());
        }
        let names = choices.iter().map(|(name, _)| *name);
        let help = nearest(text, names.clone()).map(|near| format!("did you mean `{near}`?"));
        self.reject_with_help(one_of(names), help.unwrap_or_default());
        None
    }
}

/// `one of a, b, c` with backticks.
pub(crate) fn one_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {}", names.join(", ")),
    }
}

/// The known name most like `text`, if any is.
pub(crate) fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const ALIKE: f64 = 0.75;
    // Comparing costs the product of the lengths.
    if text.is_empty() || text.len() > 100 {
        return None;
    }
    let lower = text.to_ascii_lowercase().replace('-', "_");
    names
        .map(|name| (name, alike(&lower, &name.to_ascii_lowercase())))
        .filter(|(_, alike)| *alike >= ALIKE)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(name, _)| name)
}

/// From 0 to 1. A name without its `/development` suffix, or with one too many, is surely meant; one that begins like another,
/// such as `dir` for `directory`, probably.
fn alike(text: &str, name: &str) -> f64 {
    let stable = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
    if stable(text) == stable(name) {
        return 0.99;
    }
    let edited = strsim::normalized_damerau_levenshtein(text, name);
    let begins = text.len() >= 3 && (name.starts_with(text) || text.starts_with(name));
    if begins { edited.mul_add(0.1, 0.8).max(edited) } else { edited }
}
