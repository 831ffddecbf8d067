//! `wasmeter plugin`: what operators and authors ask about single components.

mod json;
mod text;

use std::process::ExitCode;
use std::sync::Arc;

use crate::EXIT_CONFIGURATION;
use crate::command::{InspectOptions, Options, PluginCommand};
use crate::run::start_runtime;
use crate::settings::{load, print_problems};

/// Runs one of the commands.
pub(crate) fn run(command: &PluginCommand) -> ExitCode {
    match command {
        PluginCommand::Inspect(options) => inspect(options),
    }
}

/// Tells all about one component, also where it could not be put to work.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the command's answer")]
fn inspect(options: &InspectOptions) -> ExitCode {
    let settings = load(&Options { config: options.config.clone(), ..Options::default() });
    let runtime = settings
        .and_then(|settings| start_runtime(&settings.config.plugins).map_err(|problem| vec![problem]));
    let runtime = match runtime {
        Ok(runtime) => Arc::new(runtime),
        Err(problems) => {
            print_problems(&problems);
            return ExitCode::from(EXIT_CONFIGURATION);
        }
    };
    let inspection = runtime.inspect(&options.file);
    if options.json {
        println!("{:#}", json::of(&inspection));
    } else {
        print!("{}", text::of(&inspection));
    }
    match &inspection.failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            if !options.json {
                eprintln!("error: {failure}");
            }
            ExitCode::from(EXIT_CONFIGURATION)
        }
    }
}
