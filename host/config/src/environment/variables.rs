//! Single variables, read as one type or another.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::Lookup;
use crate::report::{Path, Report, quoted};
use crate::section::{MILLIS, MILLIS_MAX, nearest, one_of};
use crate::yaml::Position;

/// The environment, and where to report about it.
pub(super) struct Variables<'a> {
    pub(super) env: &'a Lookup<'a>,
    pub(super) report: &'a Report,
}

impl Variables<'_> {
    /// The value; empty counts as unset (environment variable specification, "Parsing empty value").
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The first of `names` that is set, with its name: the variable of the signal comes before that of all signals.
    pub(super) fn first<'n>(&self, names: &[&'n str]) -> Option<(&'n str, String)> {
        names.iter().find_map(|name| Some((*name, self.text(name)?)))
    }

    /// True for `true` in any case; whatever else is false, with a warning where it is not `false`.
    pub(super) fn boolean(&self, name: &str) -> bool {
        let Some(value) = self.text(name) else { return false };
        let is_true = value.eq_ignore_ascii_case("true");
        if !is_true && !value.eq_ignore_ascii_case("false") {
            self.warning(name, &value, "`true` or `false`", "`false` is used");
        }
        is_true
    }

    /// A number of `range`; anything else is ignored with a warning.
    pub(super) fn integer(&self, name: &str, what: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.text(name)?;
        match value.parse() {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let (least, most) = (range.start(), range.end());
                let expected = match *most {
                    MILLIS_MAX => format!("{what} of at least {least}, no more than a hundred years"),
                    _ => format!("{what} from {least} to {most}"),
                };
                self.warning(name, &value, &expected, "the default is used");
                None
            }
        }
    }

    pub(super) fn millis(&self, name: &str, least: u64) -> Option<Duration> {
        self.integer(name, MILLIS, least..=MILLIS_MAX).map(Duration::from_millis)
    }

    /// A timeout, where 0 means none: the outer `None` is unset, the inner one no limit.
    #[expect(clippy::option_option, reason = "unset and unlimited are different answers")]
    pub(super) fn timeout(&self, name: &str) -> Option<Option<Duration>> {
        self.millis(name, 0).map(|timeout| Some(timeout).filter(|timeout| !timeout.is_zero()))
    }

    /// One of the names of a closed set, in any case; anything else is ignored with a warning.
    pub(super) fn choice<T: Clone>(&self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.text(name)?;
        self.choice_of(name, &value, choices)
    }

    /// The same for a part of a variable.
    pub(super) fn choice_of<T: Clone>(&self, name: &str, value: &str, choices: &[(&str, T)]) -> Option<T> {
        if let Some((_, choice)) = choices.iter().find(|(known, _)| known.eq_ignore_ascii_case(value)) {
            return Some(choice.clone());
        }
        let names = choices.iter().map(|(known, _)| *known);
        let help = match nearest(value, names.clone()) {
            Some(near) => format!("it is ignored; did you mean `{near}`?"),
            None => "it is ignored".to_owned(),
        };
        self.warning(name, value, &one_of(names), &help);
        None
    }

    pub(super) fn warning(&self, name: &str, value: &str, expected: &str, help: &str) {
        let path = Path::default().key(name);
        self.report.warning(Position::default(), &path, format!("found {}", quoted(value)), expected, help);
    }

    pub(super) fn problem(&self, name: &str, value: &str, expected: &str, help: &str) {
        self.problem_found(name, &format!("found {}", quoted(value)), expected, help);
    }

    /// A problem with a variable that is not to be quoted.
    pub(super) fn problem_found(&self, name: &str, found: &str, expected: &str, help: &str) {
        self.report.problem(Position::default(), &Path::default().key(name), found, expected, help);
    }
}
