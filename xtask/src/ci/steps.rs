//! Steps with a name, an outcome and a time.

use std::time::{Duration, Instant};

use anyhow::bail;

struct Step {
    name: &'static str,
    passed: bool,
    took: Duration,
}

/// The steps so far.
pub(super) struct Steps {
    only: Vec<String>,
    done: Vec<Step>,
    skipped: Vec<&'static str>,
}

impl Steps {
    /// No steps yet; of those to come only the ones of these names are run, all of them if there are none.
    pub(super) const fn new(only: Vec<String>) -> Self {
        Self { only, done: Vec::new(), skipped: Vec::new() }
    }

    /// Runs one step and remembers how it went; false if it failed.
    pub(super) fn run(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<()>) -> bool {
        if !self.only.is_empty() && !self.only.iter().any(|only| only == name) {
            self.skipped.push(name);
            return true;
        }
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = work();
        if let Err(error) = &outcome {
            eprintln!("{name} failed: {error:#}");
        }
        let passed = outcome.is_ok();
        self.done.push(Step { name, passed, took: start.elapsed() });
        passed
    }

    /// Prints the table.
    ///
    /// # Errors
    ///
    /// The names of the steps that failed.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let known = |name: &str| self.done.iter().any(|step| step.name == name);
        if let Some(unknown) = self.only.iter().find(|name| !known(name)) {
            bail!("found step `{unknown}`, expected one of: {}", self.skipped.join(", "));
        }
        println!("\n=== summary");
        let line = |name: &str, outcome: &str, took: Duration| {
            let secs = took.as_secs();
            println!("{name:<22}{outcome:<6}{:>4} min {:>2} s", secs / 60, secs % 60);
        };
        for step in &self.done {
            line(step.name, if step.passed { "ok" } else { "FAIL" }, step.took);
        }
        line("total", "", self.done.iter().map(|step| step.took).sum());
        let failed: Vec<&str> = self.done.iter().filter(|step| !step.passed).map(|step| step.name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}
