//! The rows: what `docs/conformance-rows.toml` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use toml::Table;

use crate::workspace;

/// How strictly the specification says something.
const LEVELS: [&str; 4] = ["MUST", "SHOULD", "MAY", "DEV"];

/// A row's name, such as `D2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) section: char,
    number: u8,
}

/// One requirement.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) level: String,
    /// The crate that has to show it: a folder below `host`.
    pub(super) owner: String,
    pub(super) text: String,
    /// What is known to be missing.
    pub(super) gap: Option<String>,
}

/// The whole file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) sections: BTreeMap<char, String>,
    pub(super) rows: BTreeMap<Id, Row>,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.section, self.number)
    }
}

impl FromStr for Id {
    type Err = anyhow::Error;

    /// A letter of either case and a number without leading zeros.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut letters = text.chars();
        let section = letters.next().map(|letter| letter.to_ascii_uppercase());
        let number = letters.as_str();
        match (section, number.parse()) {
            (Some(section @ 'A'..='Z'), Ok(parsed))
                if !number.starts_with(['0', '+']) && number.len() <= 2 =>
            {
                Ok(Self { section, number: parsed })
            }
            _ => bail!("`{text}` is no row; expected a letter and a number, such as D2"),
        }
    }
}

impl File {
    /// The crates that own rows, each once.
    pub(super) fn owners(&self) -> BTreeSet<&str> {
        self.rows.values().map(|row| row.owner.as_str()).collect()
    }
}

/// Reads the file.
pub(super) fn read() -> anyhow::Result<File> {
    let path = workspace::root().join("docs/conformance-rows.toml");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    parse(&text).with_context(|| format!("in `{}`", path.display()))
}

fn parse(text: &str) -> anyhow::Result<File> {
    let file: Table = text.parse()?;
    let table =
        |name: &str| file.get(name).and_then(toml::Value::as_table).with_context(|| format!("no [{name}]"));
    let mut sections = BTreeMap::new();
    for (key, title) in table("sections")? {
        let letter = key.chars().next().context("a section without a letter")?;
        sections.insert(letter, title.as_str().context("a section's title is no text")?.to_owned());
    }
    let mut rows = BTreeMap::new();
    for (key, value) in table("rows")? {
        let id: Id = key.parse()?;
        let of = |name: &str| value.get(name).and_then(toml::Value::as_str).map(str::to_owned);
        let needed = |name: &str| of(name).with_context(|| format!("row {id} has no `{name}`"));
        let row =
            Row { level: needed("level")?, owner: needed("owner")?, text: needed("text")?, gap: of("gap") };
        if !LEVELS.contains(&row.level.as_str()) {
            bail!("row {id}: found level `{}`, expected one of {}", row.level, LEVELS.join(", "));
        }
        if !sections.contains_key(&id.section) {
            bail!("row {id}: there is no section {}", id.section);
        }
        rows.insert(id, row);
    }
    Ok(File { sections, rows })
}

#[cfg(test)]
mod tests {
    use super::{Id, parse, read};

    #[test]
    fn ids_are_a_letter_and_a_number() {
        for text in ["d2", "D2", "j10"] {
            assert_eq!(text.parse::<Id>().unwrap().to_string(), text.to_uppercase());
        }
        for text in ["", "d", "2", "d0", "d02", "d+2", "d2x", "d100", "two"] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
        assert!("j9".parse::<Id>().unwrap() < "j10".parse().unwrap());
    }

    #[test]
    fn the_rows_of_this_project_are_sound() {
        let file = read().unwrap();
        assert!(file.rows.len() > 100);
        assert!(file.owners().contains("engine"));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let error =
            |row: &str| format!("{:#}", parse(&format!("[sections]\nA = 'a'\n[rows]\n{row}")).unwrap_err());
        assert!(error("A1 = { level = 'MUST', owner = 'x' }").contains("row A1 has no `text`"));
        assert!(error("A1 = { level = 'must', owner = 'x', text = '' }").contains("found level `must`"));
        assert!(error("B1 = { level = 'MUST', owner = 'x', text = '' }").contains("no section B"));
    }
}
