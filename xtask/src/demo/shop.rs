//! The running shop.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// A running shop; ends with the value, and with this task however that ends, since its input ends then.
pub(super) struct Shop {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What the shop says it has recorded since its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded {
    pub(super) orders: i64,
    pub(super) requests: i64,
    pub(super) carts: i64,
}

impl Shop {
    /// Starts it with this number of workers.
    pub(super) fn start(binary: &Path, endpoint: &str, workers: u16) -> anyhow::Result<Self> {
        let mut command = Command::new(binary);
        command.args(["--endpoint", endpoint, "--workers", &workers.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("`{}` cannot be started", binary.display()))?;
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("the shop's output is piped")?);
        Ok(Self { child, commands, answers })
    }

    fn ask(&mut self, command: &str) -> anyhow::Result<Value> {
        let commands = self.commands.as_mut().context("the shop was stopped")?;
        writeln!(commands, "{command}").context("the shop has ended")?;
        let mut line = String::new();
        if self.answers.read_line(&mut line).context("the shop's answer")? == 0 {
            bail!("the shop ended instead of an answer to `{command}`");
        }
        let answer: Value = serde_json::from_str(&line).with_context(|| format!("the shop said `{line}`"))?;
        match answer.get("error") {
            Some(error) => bail!("the shop cannot `{command}`: {error}"),
            None => Ok(answer),
        }
    }

    /// Stops the traffic; what was recorded, all of it exported.
    pub(super) fn pause(&mut self) -> anyhow::Result<Recorded> {
        let answer = self.ask("pause")?;
        let number = |key: &str| {
            answer.get(key).and_then(Value::as_i64).with_context(|| format!("no `{key}` in `{answer}`"))
        };
        Ok(Recorded { orders: number("orders")?, requests: number("requests")?, carts: number("carts")? })
    }

    /// Lets the traffic flow again.
    pub(super) fn resume(&mut self) -> anyhow::Result<()> {
        self.ask("resume").map(drop)
    }

    /// Ends it.
    pub(super) fn stop(mut self) -> anyhow::Result<ExitStatus> {
        drop(self.commands.take());
        self.child.wait().context("the shop's end")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
