//! What the environment says. Each test runs itself again as a process that has the variables.

use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::frame::Frame;
use wasmeter_api::{DiagnosticKind, ExportError, ManualReader, PeriodicReader, PushExporter};

use crate::support::*;

/// Says to a process that it is the second one.
const CHILD: &str = "WASMETER_API_TEST_CHILD";

/// Runs the test of this name again with `variables`; false in the process that has them.
#[track_caller]
fn is_done_with(test: &str, variables: &[(&str, &str)]) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return false;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}

/// Tells how long it is given for each export.
struct Patient(Mutex<Sender<Duration>>);

impl PushExporter for Patient {
    fn export(&self, _: &Frame, deadline: Instant) -> Result<(), ExportError> {
        self.0.lock().unwrap().send(deadline - Instant::now()).map_err(|_| ExportError::AlreadyShutdown)
    }
}

#[test]
fn n3_interval_and_timeout_are_those_of_the_environment_unless_the_program_says() {
    const HOUR: Duration = Duration::from_secs(3600);
    let variables = [("OTEL_METRIC_EXPORT_INTERVAL", "1"), ("OTEL_METRIC_EXPORT_TIMEOUT", "36000000")];
    let name = "environment::n3_interval_and_timeout_are_those_of_the_environment_unless_the_program_says";
    if is_done_with(name, &variables) {
        return;
    }
    let ((tell, told), (tell_other, other)) = (channel(), channel());
    let (builder, _, _) = builder();
    let provider = builder
        .with_periodic_exporter(Patient(Mutex::new(tell)))
        .with_reader(PeriodicReader::new(Patient(Mutex::new(tell_other)), AGES, HOUR))
        .with_environment()
        .build()
        .unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    // Nobody flushes: the first comes by itself.
    let given = told.recv_timeout(AGES).unwrap();
    assert!(given > 9 * HOUR && given <= 10 * HOUR, "{given:?}");
    assert!(other.try_recv().is_err());
    provider.shutdown(AGES).unwrap();
    assert!(other.recv_timeout(AGES).unwrap() <= HOUR);
}

#[test]
fn values_that_are_not_valid_are_told_and_the_rest_counts() {
    let variables =
        [("OTEL_METRIC_EXPORT_INTERVAL", "often"), ("OTEL_SDK_DISABLED", "1"), ("OTEL_SERVICE_NAME", "shop")];
    if is_done_with("environment::values_that_are_not_valid_are_told_and_the_rest_counts", &variables) {
        return;
    }
    let setup = setup_with(CUMULATIVE, |builder| builder.with_environment());
    setup.provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    let frame = setup.reader.collect().unwrap();
    let resource = frame.metrics().next().unwrap().scope().resource().attributes();
    assert!(
        frame
            .pairs(resource)
            .any(|(key, value)| key == "service.name" && format!("{value:?}").contains("shop"))
    );
    let told = setup.told.take();
    assert!(told.iter().all(|(kind, _)| *kind == DiagnosticKind::Environment), "{told:?}");
    let expected = "OTEL_METRIC_EXPORT_INTERVAL is ignored: expected a number of milliseconds, a whole one of at least 1";
    assert_eq!(told[0].1, expected);
    assert_eq!(told[1].1, "OTEL_SDK_DISABLED is taken for `false`: expected `true` or `false`");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_provider_that_the_environment_disables_does_nothing() {
    let variables = [("OTEL_SDK_DISABLED", "true"), ("OTEL_METRIC_EXPORT_INTERVAL", "1")];
    if is_done_with("environment::a_provider_that_the_environment_disables_does_nothing", &variables) {
        return;
    }
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let calls = exporter.calls.clone();
    let reader = ManualReader::new(CUMULATIVE);
    let (builder, _, told) = builder();
    let provider = builder
        .with_reader(&reader)
        .with_periodic_exporter(Arc::new(exporter))
        .with_environment()
        .build()
        .unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    let _gauge = provider.meter("shop").u64_observable_gauge("g").with_callback(|_| unreachable!()).build();
    assert_eq!(reader.collect().unwrap().point_count(), 0);
    provider.force_flush(AGES).unwrap();
    provider.shutdown(AGES).unwrap();
    assert!(exported.try_recv().is_err());
    assert!(calls.lock().unwrap().is_empty());
    assert_eq!(told.take(), []);
}
