//! What the environment says (specification, "Environment Variable Specification").

use std::time::Duration;

use wasmeter_model::ExemplarFilter;

use crate::resource::{self, Pair};

/// The variables that a provider understands, checked. What is not valid is left out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Environment {
    pub(crate) resource: Vec<Pair>,
    pub(crate) export_interval: Option<Duration>,
    /// [`Duration::MAX`] for none.
    pub(crate) export_timeout: Option<Duration>,
    pub(crate) is_disabled: bool,
    pub(crate) exemplar_filter: Option<ExemplarFilter>,
    /// What is left out, and why.
    pub(crate) problems: Vec<String>,
}

impl Environment {
    /// Reads what it says about the resource.
    pub(crate) fn of_resource(variable: impl Fn(&str) -> Option<String>) -> Self {
        let (resource, problem) = resource::from_environment(variable);
        Self { resource, problems: problem.into_iter().collect(), ..Self::default() }
    }

    /// Reads everything.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut environment = Self::of_resource(&variable);
        let mut millis = |name: &str, least: u64| match text(&variable, name)?.parse() {
            Ok(millis) if millis >= least => Some(Duration::from_millis(millis)),
            _ => {
                let message = format!(
                    "{name} is ignored: expected a number of milliseconds, a whole one of at least {least}"
                );
                environment.problems.push(message);
                None
            }
        };
        environment.export_interval = millis("OTEL_METRIC_EXPORT_INTERVAL", 1);
        let timeout = millis("OTEL_METRIC_EXPORT_TIMEOUT", 0);
        environment.export_timeout =
            timeout.map(|timeout| if timeout.is_zero() { Duration::MAX } else { timeout });
        let disabled = text(&variable, "OTEL_SDK_DISABLED");
        environment.is_disabled = disabled.as_ref().is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if disabled.is_some_and(|text| !environment.is_disabled && !text.eq_ignore_ascii_case("false")) {
            let message = "OTEL_SDK_DISABLED is taken for `false`: expected `true` or `false`".to_owned();
            environment.problems.push(message);
        }
        environment.read_exemplar_filter(text(&variable, "OTEL_METRICS_EXEMPLAR_FILTER"));
        environment
    }

    fn read_exemplar_filter(&mut self, text: Option<String>) {
        let Some(text) = text else { return };
        let filters = [
            ("always_on", ExemplarFilter::AlwaysOn),
            ("always_off", ExemplarFilter::AlwaysOff),
            ("trace_based", ExemplarFilter::TraceBased),
        ];
        self.exemplar_filter =
            filters.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, filter)| filter);
        if self.exemplar_filter.is_none() {
            let message = "OTEL_METRICS_EXEMPLAR_FILTER is ignored: expected `always_on`, `always_off` or `trace_based`";
            self.problems.push(message.to_owned());
        }
    }
}

/// The value; one that is empty counts as unset.
fn text(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasmeter_model::ExemplarFilter;

    use super::Environment;

    fn read(variables: &[(&str, &str)]) -> Environment {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Environment::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn n3_intervals_and_timeouts_are_whole_milliseconds() {
        let read = |interval, timeout| {
            let variables =
                [("OTEL_METRIC_EXPORT_INTERVAL", interval), ("OTEL_METRIC_EXPORT_TIMEOUT", timeout)];
            let found = read(&variables);
            (found.export_interval, found.export_timeout, found.problems.len())
        };
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(read("5000", " 7000 "), (millis(5000), millis(7000), 0));
        assert_eq!(read("1", "0"), (millis(1), Some(Duration::MAX), 0), "a timeout of 0 is none");
        assert_eq!(read("", ""), (None, None, 0));
        for invalid in ["-1", "1.5", "10s", "99999999999999999999"] {
            assert_eq!(read(invalid, invalid), (None, None, 2), "{invalid}");
        }
        assert_eq!(read("0", "1"), (None, millis(1), 1));
    }

    #[test]
    fn only_true_disables() {
        let read = |value| {
            let found = read(&[("OTEL_SDK_DISABLED", value)]);
            (found.is_disabled, found.problems.len())
        };
        assert_eq!(read("TRUE"), (true, 0));
        assert_eq!(read("false"), (false, 0));
        assert_eq!(read(""), (false, 0));
        assert_eq!(read("yes"), (false, 1));
    }

    #[test]
    fn m3_the_exemplar_filter_is_one_of_three() {
        let read = |value| {
            let found = read(&[("OTEL_METRICS_EXEMPLAR_FILTER", value)]);
            (found.exemplar_filter, found.problems.len())
        };
        assert_eq!(read("always_on"), (Some(ExemplarFilter::AlwaysOn), 0));
        assert_eq!(read("ALWAYS_OFF"), (Some(ExemplarFilter::AlwaysOff), 0));
        assert_eq!(read(" trace_based "), (Some(ExemplarFilter::TraceBased), 0));
        assert_eq!(read(""), (None, 0));
        assert_eq!(read("with_sampled_trace"), (None, 1));
    }

    #[test]
    fn the_resource_is_read_too() {
        let found = read(&[("OTEL_SERVICE_NAME", "shop"), ("OTEL_RESOURCE_ATTRIBUTES", "broken")]);
        assert_eq!((found.resource.len(), found.problems.len()), (1, 1));
    }
}
