//! The `wasmeter` binary: reads the configuration, puts the parts together, runs until told to stop.

mod check;
mod clock;
mod command;
mod log;
mod plugin;
mod run;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use command::{Command, CommandLine};

/// The exit status for a configuration or plugins that cannot be used.
const EXIT_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    wasmeter_allocator::tune();
    let arguments = CommandLine::parse();
    match arguments.command {
        Command::Run(options) => match settings::load(&options) {
            Ok(settings) => run::run(settings),
            Err(problems) => {
                settings::print_problems(&problems);
                ExitCode::from(EXIT_CONFIGURATION)
            }
        },
        Command::Check(options) => check::check(&options),
        Command::Plugin(command) => plugin::run(&command),
    }
}
