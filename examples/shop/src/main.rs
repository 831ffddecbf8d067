//! A shop of several workers, each an OTLP client of its own, as the processes of one service are.
//!
//! Commands come on the standard input and answers go to the standard output, a line each; see the README.

mod client;
mod random;
mod report;
mod service;

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use client::{Client, Command, Settings};
use service::Totals;

/// A simulated shop: several workers that serve requests and send cumulative metrics over OTLP/gRPC.
///
/// It reads commands from the standard input: `pause`, `resume`, `quit`. It ends when the input does.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    /// Where OTLP/gRPC is received.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4317")]
    endpoint: String,
    /// How many workers there are.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// How many requests a second each of them serves.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    requests_per_sec: u32,
    /// How many different orders there are, and with them raw paths.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    orders: u32,
    /// Milliseconds between two exports of a worker.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    interval_ms: u64,
    /// The seed of what is random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How many commands may wait; whoever sends more waits with them.
const COMMANDS_MAX: usize = 16;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut workers = Vec::new();
    for number in 0..arguments.workers {
        match Client::new(number, &settings(&arguments)) {
            Ok(client) => {
                let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
                tokio::spawn(client.run(inbox));
                workers.push(commands);
            }
            Err(error) => {
                complain(&error.to_string());
                return ExitCode::from(2);
            }
        }
    }
    match serve(&workers).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn settings(arguments: &Arguments) -> Settings {
    Settings {
        endpoint: arguments.endpoint.clone(),
        requests_per_sec: arguments.requests_per_sec,
        orders: arguments.orders,
        interval: Duration::from_millis(arguments.interval_ms),
        seed: arguments.seed,
    }
}

/// Obeys the standard input until it ends.
async fn serve(workers: &[mpsc::Sender<Command>]) -> std::io::Result<()> {
    let mut commands = commands();
    while let Some(command) = commands.recv().await {
        match command?.trim() {
            "" => {}
            "pause" => answer(&pause(workers).await)?,
            "resume" => {
                tell(workers, || Command::Resume).await;
                answer(&json!({"resumed": true}))?;
            }
            "quit" => break,
            other => answer(&json!({
                "error": format!("found `{other}`, expected `pause`, `resume` or `quit`")
            }))?,
        }
    }
    Ok(())
}

/// The lines of the standard input. A thread reads them, since a read cannot be given up and must not keep the workers.
fn commands() -> mpsc::Receiver<std::io::Result<String>> {
    let (lines, inbox) = mpsc::channel(COMMANDS_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            // Nobody listens any more: the program is about to end.
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    inbox
}

async fn tell(workers: &[mpsc::Sender<Command>], command: impl Fn() -> Command) {
    for worker in workers {
        if worker.send(command()).await.is_err() {
            complain("a worker has ended");
        }
    }
}

/// Stops all workers, lets each export what it has, and adds up what they recorded.
async fn pause(workers: &[mpsc::Sender<Command>]) -> serde_json::Value {
    let mut replies = Vec::new();
    for worker in workers {
        let (reply, answer) = oneshot::channel();
        // A worker that has ended drops the reply, which is noticed below.
        drop(worker.send(Command::Pause(reply)).await);
        replies.push(answer);
    }
    let mut totals = Totals::default();
    for reply in replies {
        match reply.await {
            Ok(Ok(recorded)) => totals.add(recorded),
            Ok(Err(error)) => return json!({"error": error}),
            Err(_) => return json!({"error": "a worker has ended"}),
        }
    }
    json!({"orders": totals.orders, "requests": totals.requests, "carts": totals.carts})
}

fn answer(answer: &serde_json::Value) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{answer}")?;
    output.flush()
}

/// Tells an error.
#[expect(clippy::print_stderr, reason = "the standard output is for answers")]
fn complain(error: &str) {
    eprintln!("shop: {error}");
}
