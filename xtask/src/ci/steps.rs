//! Steps with a name, an outcome and a time.

use std::time::{Duration, Instant};

use anyhow::bail;

struct Step {
    name: &'static str,
    passed: bool,
    took: Duration,
}

/// The steps so far.
#[derive(Default)]
pub(super) struct Steps(Vec<Step>);

impl Steps {
    /// Runs one step and remembers how it went.
    pub(super) fn run(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<()>) {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = work();
        if let Err(error) = &outcome {
            eprintln!("{name} failed: {error:#}");
        }
        self.0.push(Step { name, passed: outcome.is_ok(), took: start.elapsed() });
    }

    /// Prints the table.
    ///
    /// # Errors
    ///
    /// The names of the steps that failed.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        println!("\n=== summary");
        let line = |name: &str, outcome: &str, took: Duration| {
            let secs = took.as_secs();
            println!("{name:<22}{outcome:<6}{:>4} min {:>2} s", secs / 60, secs % 60);
        };
        for step in &self.0 {
            line(step.name, if step.passed { "ok" } else { "FAIL" }, step.took);
        }
        line("total", "", self.0.iter().map(|step| step.took).sum());
        let failed: Vec<&str> = self.0.iter().filter(|step| !step.passed).map(|step| step.name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}
