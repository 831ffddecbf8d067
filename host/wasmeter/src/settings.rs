//! From the command line, the file and the environment to one checked configuration.

use std::path::PathBuf;

use wasmeter_config::{Config, PrometheusExporter, Reader};

use crate::command::Options;

/// The configuration, and what it was made from, to read it again.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) options: Options,
}

/// Reads everything there is to read.
///
/// # Errors
///
/// Every problem, each a line for the operator.
pub(crate) fn load(options: &Options) -> Result<Settings, Vec<String>> {
    let env = |name: &str| std::env::var(name).ok();
    // An empty variable counts as unset (specification, "Environment variable").
    let given = options.config.clone().filter(|path| !path.as_os_str().is_empty());
    let file = given.or_else(|| wasmeter_config::config_file(&env).map(PathBuf::from));
    let loaded = match &file {
        Some(path) => {
            let text = std::fs::read(path).map_err(|error| {
                vec![format!("{}: cannot read the configuration file: {error}", path.display())]
            })?;
            let text = String::from_utf8(text).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                vec![format!("{}: not UTF-8 text from byte {at} on; save the file as UTF-8", path.display())]
            })?;
            wasmeter_config::load_file(&path.display().to_string(), &text, &env)
        }
        None => wasmeter_config::from_environment(&env),
    };
    let mut config =
        loaded.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    apply(options, &mut config);
    Ok(Settings { config, options: options.clone() })
}

/// Flags win over the file and the environment.
fn apply(options: &Options, config: &mut Config) {
    if let Some(directory) = &options.plugins {
        config.plugins.directory = Some(directory.clone());
    }
    if let Some(address) = options.otlp_grpc {
        config.receivers.otlp_grpc = address.0;
    }
    if let Some(address) = options.otlp_http {
        config.receivers.otlp_http = address.0;
    }
    let Some(address) = options.prometheus else { return };
    let Some(address) = address.0 else {
        return config.readers.retain(|reader| !matches!(reader, Reader::Pull(_)));
    };
    let pull = config.readers.iter_mut().find_map(|reader| match reader {
        Reader::Pull(pull) => Some(pull),
        Reader::Periodic(_) => None,
    });
    match pull {
        Some(pull) => pull.exporter.address = address,
        None => config.readers.push(Reader::Pull(wasmeter_config::PullReader {
            exporter: PrometheusExporter { address, ..PrometheusExporter::default() },
            cardinality_limits: wasmeter_config::CardinalityLimits::default(),
        })),
    }
}

/// Tells all problems, one line each.
#[expect(clippy::print_stderr, reason = "the command line's answer; there is no log yet")]
pub(crate) fn print_problems(problems: &[String]) {
    for problem in problems {
        eprintln!("error: {problem}");
    }
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    eprintln!("{} {noun} found; nothing was started", problems.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Address;

    fn environment_defaults(options: &Options) -> Config {
        let mut config = wasmeter_config::from_environment(&|_| None).unwrap();
        apply(options, &mut config);
        config
    }

    #[test]
    fn flags_win_and_off_switches_off() {
        let options = Options {
            otlp_grpc: Some(Address(None)),
            otlp_http: Some(Address("127.0.0.1:0".parse().ok())),
            prometheus: Some(Address(None)),
            ..Options::default()
        };
        let config = environment_defaults(&options);
        assert_eq!(config.receivers.otlp_grpc, None);
        assert_eq!(config.receivers.otlp_http, "127.0.0.1:0".parse().ok());
        assert!(config.readers.is_empty());
    }

    #[test]
    fn without_flags_the_page_is_on_its_standard_port() {
        let config = environment_defaults(&Options::default());
        let [Reader::Pull(pull)] = &config.readers[..] else {
            panic!("one page expected: {:?}", config.readers)
        };
        assert_eq!(pull.exporter.address, "127.0.0.1:9464".parse().unwrap());
    }
}
