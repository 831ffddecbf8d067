//! A mapping whose keys are all accounted for.

use super::Located;
use super::located::{nearest, one_of};
use crate::report::{Path, Report, quoted};
use crate::yaml::{Entry, Position};

/// What merges mappings in YAML 1.1.
const MERGE_KEY: &str = "<<";

/// A mapping while it is read. What was asked for is what is known: [`Section::finish`] reports every other key.
pub(crate) struct Section<'a> {
    entries: &'a [Entry],
    at: Position,
    path: Path,
    report: &'a Report,
    secret: bool,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(of: &Located<'a>, entries: &'a [Entry]) -> Self {
        let Located { node, path, report, secret } = of;
        Self { entries, at: node.at, path: path.clone(), report, secret: *secret, known: Vec::new() }
    }

    fn locate(&self, entry: &'a Entry) -> Located<'a> {
        Located {
            node: &entry.value,
            path: self.path.key(&entry.key),
            report: self.report,
            secret: self.secret,
        }
    }

    /// The value of `key`, which may be null.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Located<'a>> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| self.locate(entry))
    }

    /// The value of `key` where null means the default, as if the key were absent.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Located<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The value of `key`, which has to be there, though it may be null.
    pub(crate) fn required(&mut self, key: &'static str) -> Option<Located<'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.report.problem(self.at, &self.path, format!("the key `{key}` is missing"), "", "");
        }
        value
    }

    /// The one key that is there, of `choices`, and its value, which may be null. Keys not of `choices` are left to
    /// [`Section::finish`].
    pub(crate) fn exactly_one(&mut self, choices: &[&'static str]) -> Option<(&'static str, Located<'a>)> {
        let mut chosen = None;
        let mut count = 0_usize;
        for choice in choices {
            if let Some(value) = self.get(choice) {
                count = count.saturating_add(1);
                chosen = Some((*choice, value));
            }
        }
        let expected = || format!("exactly one key, {}", one_of(choices.iter().copied()));
        if count > 1 {
            let keys: Vec<&str> = self.entries.iter().map(|entry| entry.key.as_str()).collect();
            let found = format!("found {} keys: {}", keys.len(), quoted(&keys.join(", ")));
            self.report.problem(self.at, &self.path, found, expected(), "");
            return None;
        }
        if self.entries.is_empty() {
            self.report.problem(self.at, &self.path, "found an empty mapping", expected(), "");
        }
        chosen
    }

    /// Warns about each of `keys` that is there: understood, but without effect here.
    pub(crate) fn without_effect(&mut self, keys: &[&'static str]) {
        for key in keys {
            self.known.push(key);
            for entry in self.entries.iter().filter(|entry| entry.key == *key) {
                let path = self.path.key(key);
                self.report.warning(entry.key_at, &path, "has no effect in wasmeter", "", "");
            }
        }
    }

    /// The entries nobody asked for, as values; the caller says what becomes of them.
    pub(crate) fn others(&mut self) -> Vec<(&'a str, Position, Located<'a>)> {
        let known = std::mem::take(&mut self.known);
        let others: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
            .map(|entry| (entry.key.as_str(), entry.key_at, self.locate(entry)))
            .collect();
        self.known = known;
        others
    }

    /// The known key most like `key`.
    pub(crate) fn nearest(&self, key: &str) -> Option<&'static str> {
        nearest(key, self.known.iter().copied())
    }

    pub(crate) fn report_unknown(&self, key: &str, key_at: Position) {
        let help = match self.nearest(key) {
            Some(near) => format!("did you mean `{near}`?"),
            None if key == MERGE_KEY => "YAML 1.2 has no merge keys: repeat the entries".to_owned(),
            None if self.known.is_empty() => "no key is known here".to_owned(),
            None => format!("known here: {}", self.known.join(", ")),
        };
        self.report.problem(key_at, &self.path.key(key), "unknown key", "", help);
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(mut self) {
        for (key, key_at, _) in self.others() {
            self.report_unknown(key, key_at);
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn report(&self) -> &'a Report {
        self.report
    }
}
