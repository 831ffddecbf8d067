//! The OTLP exporter with a real receiver on loopback.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver as Inbox, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TraceFlags;
use wasmeter_api::model::batch::Batch;
use wasmeter_api::model::frame::Frame;
use wasmeter_api::model::{AttributeRule, Number, Pattern, StreamSpec, Timestamp};
use wasmeter_api::{
    DiagnosticKind, MeterProvider, NativeView, OtlpCompression, OtlpError, OtlpExporter, OtlpExporterBuilder,
    OtlpProtocol, PeriodicReader, PushExporter,
};
use wasmeter_otlp::receive::{Accepted, Overloaded, ReceiveLimits, Receiver, Sink, Transport};

use crate::received::frame_of;
use crate::support::*;

/// Takes what it gets, or not.
struct Collected {
    /// What comes before `answer`, one for each request.
    first_answers: Arc<Mutex<VecDeque<Result<Accepted, Overloaded>>>>,
    frames: Mutex<Sender<(Transport, Frame)>>,
    answer: Arc<Mutex<Result<Accepted, Overloaded>>>,
}

impl Sink for Collected {
    fn accept(&self, batch: Batch<'static>, transport: Transport) -> Result<Accepted, Overloaded> {
        let first = self.first_answers.lock().unwrap().pop_front();
        let answer = first.unwrap_or_else(|| self.answer.lock().unwrap().clone());
        if answer.is_ok() {
            self.frames.lock().unwrap().send((transport, frame_of(&batch))).unwrap();
        }
        answer
    }
}

/// A receiver at work on both transports; ends with the value.
struct Collector {
    grpc: String,
    http: String,
    received: Inbox<(Transport, Frame)>,
    first_answers: Arc<Mutex<VecDeque<Result<Accepted, Overloaded>>>>,
    answer: Arc<Mutex<Result<Accepted, Overloaded>>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Collector {
    fn start() -> Self {
        let (sender, received) = channel();
        let answer = Arc::new(Mutex::new(Ok(Accepted::default())));
        let first_answers = Arc::<Mutex<VecDeque<_>>>::default();
        let sink = Collected {
            first_answers: first_answers.clone(),
            frames: Mutex::new(sender),
            answer: answer.clone(),
        };
        let receiver = Receiver::new(Arc::new(sink), ReceiveLimits::default());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bind = || runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (grpc, http) = (bind(), bind());
        let (grpc_at, http_at) = (grpc.local_addr().unwrap(), http.local_addr().unwrap());
        let other = receiver.clone();
        runtime.spawn(async move { other.serve_grpc(grpc, std::future::pending()).await });
        runtime.spawn(async move { receiver.serve_http(http, std::future::pending()).await });
        let http = format!("http://{http_at}/v1/metrics");
        Self {
            grpc: format!("http://{grpc_at}"),
            http,
            received,
            first_answers,
            answer,
            runtime: Some(runtime),
        }
    }

    fn next(&self) -> (Transport, Vec<String>) {
        let (transport, frame) = self.next_frame();
        (transport, rows(&frame))
    }

    fn next_frame(&self) -> (Transport, Frame) {
        self.received.recv_timeout(AGES).expect("something is received")
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A builder that the developer's own environment does not reach.
fn exporter() -> OtlpExporterBuilder {
    OtlpExporter::builder().with_variables(|_| None)
}

/// A provider that exports only when told to.
fn provider_of(exporter: OtlpExporter) -> MeterProvider {
    let (builder, _, _) = builder();
    builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap()
}

fn count(provider: &MeterProvider, value: u64) {
    provider.meter("shop").u64_counter("orders").build().add(value, &[KeyValue::new("a", "x")]);
}

const ONE: &str = "orders{a=x} sum+ cum 1 @1..1";

#[test]
fn every_protocol_arrives() {
    let collector = Collector::start();
    for (protocol, endpoint, transport) in [
        (OtlpProtocol::Grpc, &collector.grpc, Transport::Grpc),
        (OtlpProtocol::HttpProtobuf, &collector.http, Transport::Http),
        (OtlpProtocol::HttpJson, &collector.http, Transport::Http),
    ] {
        for compression in [OtlpCompression::None, OtlpCompression::Gzip, OtlpCompression::Zstd] {
            let exporter =
                exporter().with_protocol(protocol).with_endpoint(endpoint).with_compression(compression);
            let provider = provider_of(exporter.with_header("x-tenant", "shop").build().unwrap());
            count(&provider, 1);
            provider.force_flush(AGES).unwrap();
            assert_eq!(collector.next(), (transport, vec![ONE.to_owned()]));
            provider.shutdown(AGES).unwrap();
            assert_eq!(collector.next().0, transport, "the last export");
            assert_eq!(provider.counts().exports_succeeded, 2);
        }
    }
}

#[test]
fn an_exemplar_arrives_with_its_span_and_with_what_a_view_removed() {
    let collector = Collector::start();
    let (trace, span) = (0x0123_4567_89ab_cdef_fedc_ba98_7654_3210, 0x0f1e_2d3c_4b5a_6978);
    for (protocol, endpoint) in [
        (OtlpProtocol::Grpc, &collector.grpc),
        (OtlpProtocol::HttpProtobuf, &collector.http),
        (OtlpProtocol::HttpJson, &collector.http),
    ] {
        let exclude = AttributeRule::Exclude(vec![Pattern::new("user")]);
        let spec = StreamSpec { attributes: vec![exclude], ..StreamSpec::default() };
        let exporter = exporter().with_protocol(protocol).with_endpoint(endpoint).build().unwrap();
        let (builder, time, _) = builder();
        let provider = builder
            .with_view(NativeView::new("remove", |_| true, spec))
            .with_reader(PeriodicReader::new(exporter, AGES, AGES))
            .build()
            .unwrap();
        let meter = provider.meter("shop");
        let attributes = [KeyValue::new("a", "x"), KeyValue::new("user", "b")];
        time.set(5);
        {
            let _span = enter(trace, span, TraceFlags::SAMPLED);
            meter.u64_counter("orders").build().add(3, &attributes);
            meter.f64_histogram("duration").build().record(7.5, &attributes);
        }
        time.set(9);
        // In no span: it counts, and is no exemplar.
        meter.f64_histogram("duration").build().record(0.5, &attributes);
        provider.shutdown(AGES).unwrap();
        let frame = collector.next_frame().1;
        let points = frame.metrics().flat_map(|metric| {
            let histograms = metric.histograms().map(|row| row.point);
            metric.numbers().map(|row| row.point).chain(histograms).collect::<Vec<_>>()
        });
        let exemplars = points.flat_map(|point| point.exemplars().collect::<Vec<_>>());
        let found: Vec<_> = exemplars
            .map(|row| {
                let pairs = row.pairs().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>();
                (row.value, row.time, row.trace_id, row.span_id, pairs.join(","))
            })
            .collect();
        let of =
            |value| (Some(value), Timestamp::from_secs(5), trace, span, r#"user=String("b")"#.to_owned());
        assert_eq!(found, [of(Number::Int(3)), of(Number::Double(7.5))], "{protocol:?}");
    }
}

/// Builds, exports, flushes, shuts down and drops on a thread that belongs to a runtime.
async fn all_of_it(http: String) {
    let provider = provider_of(exporter().with_endpoint(&http).build().unwrap());
    count(&provider, 1);
    provider.force_flush(AGES).unwrap();
    provider.shutdown(AGES).unwrap();
    drop(provider);
    // An exporter in the program's own hands, too.
    let exporter = exporter().with_endpoint(&http).build().unwrap();
    exporter.export(&frame(), Instant::now() + AGES).unwrap();
}

fn frame() -> Frame {
    let Setup { provider, reader, .. } = setup(CUMULATIVE);
    count(&provider, 1);
    reader.collect().unwrap()
}

#[test]
fn it_works_inside_of_either_runtime_of_an_application() {
    let collector = Collector::start();
    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    current.block_on(all_of_it(collector.http.clone()));
    let http = collector.http.clone();
    // Spawned, as the thread that waits for a runtime is not one of its own.
    multi.block_on(async { tokio::spawn(all_of_it(http)).await.unwrap() });
    let received = std::iter::from_fn(|| collector.received.try_recv().ok()).count();
    assert_eq!(received, 6, "a flush, a shutdown and a direct export, twice");
}

#[test]
fn the_environment_says_what_the_program_does_not() {
    let collector = Collector::start();
    let endpoint = collector.grpc.clone();
    let variables = move |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.clone()),
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL" => Some("grpc".to_owned()),
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" => Some("delta".to_owned()),
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION" => {
            Some("base2_exponential_bucket_histogram".to_owned())
        }
        _ => None,
    };
    let provider = provider_of(OtlpExporter::builder().with_variables(variables.clone()).build().unwrap());
    count(&provider, 1);
    provider.meter("shop").f64_histogram("duration").build().record(0.5, &[]);
    provider.shutdown(AGES).unwrap();
    let expected = ["duration{} expo delta n=1 @1..1", "orders{a=x} sum+ delta 1 @1..1"];
    assert_eq!(collector.next(), (Transport::Grpc, expected.map(str::to_owned).to_vec()));

    // What the program says wins, even where the environment could not be used.
    let wrong = move |name: &str| match name {
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" => Some("ftp://nowhere".to_owned()),
        "OTEL_EXPORTER_OTLP_METRICS_HEADERS" => Some("not a header".to_owned()),
        name => variables(name),
    };
    let exporter = OtlpExporter::builder()
        .with_variables(wrong)
        .with_protocol(OtlpProtocol::HttpJson)
        .with_endpoint(&collector.http)
        .with_header("a", "b")
        .with_temporality(CUMULATIVE);
    let provider = provider_of(exporter.build().unwrap());
    count(&provider, 1);
    provider.shutdown(AGES).unwrap();
    assert_eq!(collector.next(), (Transport::Http, vec![ONE.to_owned()]));
}

#[test]
fn what_cannot_be_used_is_refused_with_what_to_do() {
    let refused = |builder: OtlpExporterBuilder| builder.build().unwrap_err();
    let error = refused(exporter().with_endpoint("https://collector"));
    assert!(matches!(&error, OtlpError::Setting(text) if text.contains("expected `http`")), "{error}");
    let error = refused(exporter().with_header("a b", "secret"));
    assert!(matches!(&error, OtlpError::Setting(text) if text.contains("`a b`")), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    let variables = |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "nowhere".to_owned());
    let error = refused(OtlpExporter::builder().with_variables(variables));
    let OtlpError::Environment(text) = &error else { panic!("{error}") };
    assert!(text.contains("OTEL_EXPORTER_OTLP_ENDPOINT: found `nowhere`, expected"), "{text}");
}

#[test]
fn undelivered_delta_frames_are_kept_and_sent_first() {
    let collector = Collector::start();
    let (builder, _, told) = builder();
    let exporter = exporter().with_endpoint(&collector.http).with_temporality(DELTA).build().unwrap();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    // One attempt each, as the receiver does not want to be asked again before the deadline.
    *collector.answer.lock().unwrap() = Err(Overloaded { retry_after: AGES * 2 });
    for value in [1, 2] {
        count(&provider, value);
        provider.force_flush(AGES).unwrap_err();
    }
    assert!(
        told.take().iter().all(|(kind, text)| {
            *kind == DiagnosticKind::Export && text.contains("not delivered in time")
        })
    );
    *collector.answer.lock().unwrap() = Ok(Accepted::default());
    count(&provider, 4);
    provider.shutdown(AGES).unwrap();
    let received: Vec<String> = (0..3).flat_map(|_| collector.next().1).collect();
    let value = |value| format!("orders{{a=x}} sum+ delta {value} @1..1");
    assert_eq!(received, [value(1), value(2), value(4)]);
    assert!(collector.received.try_recv().is_err(), "nothing twice");
}

#[test]
fn requests_have_a_bounded_number_of_points_and_what_is_left_when_one_fails_is_kept() {
    let collector = Collector::start();
    let (builder, _, told) = builder();
    let exporter = exporter().with_endpoint(&collector.http).with_temporality(DELTA).build().unwrap();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        let counter = provider.meter("shop").u64_counter(name).build();
        (0..1900_i64).for_each(|series| counter.add(1, &[KeyValue::new("i", series)]));
    }
    let refused = Ok(Accepted { rejected_points: 1, message: "too old".to_owned() });
    let later = || Err(Overloaded { retry_after: AGES * 2 });
    // Each flush sends what was kept once more.
    let answers = [Ok(Accepted::default()), later(), later(), later(), later(), refused];
    collector.first_answers.lock().unwrap().extend(answers);
    provider.force_flush(AGES).unwrap_err();
    let (_, first) = collector.next();
    assert_eq!(first.len(), 8192);
    // Still refused: what is new waits behind what is left.
    count(&provider, 1);
    provider.force_flush(AGES).unwrap_err();
    assert!(collector.received.try_recv().is_err());
    // Refused for good is no reason to keep what is behind it.
    provider.force_flush(AGES).unwrap_err();
    let [rest, new] = [collector.next().1, collector.next().1];
    assert_eq!((rest.len(), new), (1308, vec!["orders{a=x} sum+ delta 1 @1..1".to_owned()]));
    let mut all = [first, rest].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 9500, "nothing twice");
    provider.shutdown(AGES).unwrap();
    assert!(collector.received.try_recv().is_err());
    let (_, text) = told.take().pop().expect("it was told");
    assert!(text.ends_with("the receiver rejected 1 points: too old"), "{text}");
}

#[test]
fn rejected_points_are_told_and_not_sent_again() {
    let collector = Collector::start();
    let (builder, _, told) = builder();
    let exporter = exporter().with_endpoint(&collector.http).with_temporality(DELTA).build().unwrap();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    *collector.answer.lock().unwrap() = Ok(Accepted { rejected_points: 1, message: "too old".to_owned() });
    count(&provider, 1);
    provider.force_flush(AGES).unwrap_err();
    let [(_, text)] = &told.take()[..] else { panic!("told once") };
    assert!(text.ends_with("the receiver rejected 1 points: too old"), "{text}");
    provider.shutdown(AGES).unwrap();
    assert_eq!(collector.received.try_iter().count(), 1);
}

#[test]
fn a_receiver_that_never_answers_costs_no_more_than_the_deadline() {
    // Connections are taken by the operating system, and nobody reads them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    for protocol in [OtlpProtocol::Grpc, OtlpProtocol::HttpProtobuf] {
        let exporter =
            exporter().with_protocol(protocol).with_endpoint(&endpoint).with_timeout(Duration::ZERO);
        let exporter = exporter.build().unwrap();
        // Without a deadline this would not return.
        let error = exporter.export(&frame(), Instant::now() + Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("not delivered in time"), "{error}");
    }
}
