//! `wasmeter check`: everything that can be found wrong before anything is started.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use wasmeter_config::Config;

use crate::EXIT_CONFIGURATION;
use crate::command::Options;
use crate::run::start_runtime;
use crate::settings::{load, print_problems};

/// Checks configuration and plugins.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub(crate) fn check(options: &Options) -> ExitCode {
    let (config, mut problems) = match load(options) {
        Ok(settings) => (Some(settings.config), Vec::new()),
        Err(problems) => (None, problems),
    };
    if let Some(config) = &config {
        for warning in &config.warnings {
            println!("warning: {warning}");
        }
        problems.extend(crate::run::exporter_problems(config));
    }
    // Plugins are checked even where the file is wrong, if the command line says where they are.
    let fallback = wasmeter_config::Plugins::default();
    let plugins = config.as_ref().map_or(&fallback, |config| &config.plugins);
    if let Some(directory) = plugins.directory.as_deref().or(options.plugins.as_deref()) {
        problems.extend(check_plugins(directory, plugins));
    }
    if !problems.is_empty() {
        print_problems(&problems);
        return ExitCode::from(EXIT_CONFIGURATION);
    }
    if let Some(config) = &config {
        describe(config);
    }
    println!("all is well");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn check_plugins(directory: &Path, settings: &wasmeter_config::Plugins) -> Vec<String> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            return vec![format!("{}: cannot read the plugin directory: {error}", directory.display())];
        }
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    let runtime = match start_runtime(settings) {
        Ok(runtime) => Arc::new(runtime),
        Err(problem) => return vec![problem],
    };
    let mut problems = Vec::new();
    for file in files {
        match runtime.load(&file).map(|plugin| plugin.info()) {
            Ok(info) => println!("plugin {} {}: {}", info.name, info.version, info.description),
            Err(failure) => problems.push(failure.to_string()),
        }
    }
    problems
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn describe(config: &Config) {
    let address =
        |address: &Option<std::net::SocketAddr>| address.map_or("off".to_owned(), |at| at.to_string());
    println!("receives OTLP/gRPC on {}", address(&config.receivers.otlp_grpc));
    println!("receives OTLP/HTTP on {}", address(&config.receivers.otlp_http));
    println!("{} readers, {} views", config.readers.len(), config.views.len());
}
