//! The collection of problems while a configuration is read.

use std::cell::RefCell;
use std::sync::Arc;

use super::{PROBLEMS_MAX, Path, Problem};
use crate::yaml::Position;

/// Takes problems and warnings from every part of the reader; all of them are reported, up to [`PROBLEMS_MAX`] each.
pub(crate) struct Report {
    file: Arc<str>,
    problems: RefCell<Found>,
    warnings: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    kept: Vec<Problem>,
    more: usize,
}

impl Found {
    fn push(&mut self, problem: Problem) {
        if self.kept.len() < PROBLEMS_MAX {
            self.kept.push(problem);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// In the order of the file, as an operator works through them.
    fn into_sorted(mut self, file: Arc<str>) -> Vec<Problem> {
        self.kept.sort_by_key(|problem| (problem.line, problem.column));
        if self.more > 0 {
            self.kept.push(Problem {
                file,
                line: 0,
                column: 0,
                path: String::new(),
                found: format!("{} more like these", self.more),
                expected: String::new(),
                help: "correct the first ones and check again".to_owned(),
            });
        }
        self.kept
    }
}

impl Report {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.into(), problems: RefCell::default(), warnings: RefCell::default() }
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// True if no problem has been recorded.
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.borrow().kept.is_empty()
    }

    /// Records what makes the configuration unusable.
    pub(crate) fn problem(
        &self,
        at: Position,
        path: &Path,
        found: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = self.entry(at, path, found.into(), expected.into(), help.into());
        self.problems.borrow_mut().push(problem);
    }

    /// Records what the operator should know although it stops nothing.
    pub(crate) fn warning(
        &self,
        at: Position,
        path: &Path,
        found: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        let warning = self.entry(at, path, found.into(), expected.into(), help.into());
        self.warnings.borrow_mut().push(warning);
    }

    fn entry(&self, at: Position, path: &Path, found: String, expected: String, help: String) -> Problem {
        let path = path.as_str().to_owned();
        Problem {
            file: Arc::clone(&self.file),
            line: at.line,
            column: at.column,
            path,
            found,
            expected,
            help,
        }
    }

    /// The value with the warnings, or the problems if there are any.
    pub(crate) fn finish<T>(self, value: T) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        let problems = self.problems.into_inner();
        if problems.kept.is_empty() {
            Ok((value, self.warnings.into_inner().into_sorted(self.file)))
        } else {
            Err(problems.into_sorted(self.file))
        }
    }
}
