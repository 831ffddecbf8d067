//! What a received point costs in process, on one thread, from the bytes of a request to the state of its series, and from
//! there to the bytes of an export and the text of a page. `cargo xtask bench ingest` runs this.
//!
//! The points are cumulative, each series gets one in every round, and all series are known before the first round that
//! counts. Of each figure the fastest round counts: whatever else the machine does can only add to it.

mod collection;
mod page;
mod scaling;
mod stall;
mod state;
mod wasm;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use prost::Message;
use wasmeter_engine::{Engine, EngineConfig, NativeView, ReaderConfig, View, Views};
use wasmeter_model::frame::Frame;
use wasmeter_model::limits::Limits;
use wasmeter_model::{AttributeRule, ExemplarFilter, InstrumentKind, Number, Pattern, StreamSpec, Timestamp};
use wasmeter_otlp::decode::decode_protobuf;
use wasmeter_otlp::encode::encode_protobuf;
use wasmeter_otlp::messages::ExportMetricsServiceRequest;
use wasmeter_otlp::wire::Names;
use wasmeter_prometheus::{Draft, Format, Options, render};

use crate::requests::{self, Flow, Kind, Load, Requests, Shuffled};
pub(crate) use collection::Collecting;
pub(crate) use page::{markdown, table};
pub(crate) use scaling::Scaling;
pub(crate) use stall::Stall;
pub(crate) use state::{State, measure as state};

/// Series of the figures that do not say otherwise.
const SERIES: usize = 10_000;
/// Rounds of each figure.
const ROUNDS: usize = 60;
/// How often all figures of so many series are measured, one after the other, so that what slows the machine down for a while does not
/// slow down all that is measured of one.
const PASSES: usize = 5;
/// In how many orders points come where they come in any.
const ORDERS: u64 = 4;
/// Rounds where there are a million series.
const ROUNDS_OF_MANY: usize = 5;
/// What may be remembered by its encoding.
const NAMES_BYTES_MAX: usize = 1 << 30;

/// One line of the result, in nanoseconds per point.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) case: &'static str,
    /// From bytes to state.
    pub(crate) ours: f64,
    /// The same with the request decoded to messages first.
    pub(crate) decoded: Option<f64>,
    /// Only decoding to messages, by prost.
    pub(crate) prost: Option<f64>,
    pub(crate) target: Option<f64>,
}

/// All that is measured.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Figure>,
    pub(crate) state: State,
    pub(crate) bytes_per_point: f64,
    pub(crate) scaling: [Scaling; 2],
    pub(crate) collecting: Collecting,
    pub(crate) stalls: [Stall; 3],
}

/// An engine with one reader, and room for all series.
fn engine(series: usize, views: Vec<Arc<dyn View>>) -> Engine {
    engine_of(series, views, Limits::default().collection_threads_max)
}

/// The same, and how many threads collect at most.
fn engine_of(series: usize, views: Vec<Arc<dyn View>>, collection_threads_max: NonZeroUsize) -> Engine {
    let room = NonZeroU32::new(u32::try_from(series).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
    let cardinality_limits: HashMap<_, _> = InstrumentKind::ALL.map(|kind| (kind, room)).into();
    let reader = ReaderConfig { cardinality_limits, ..ReaderConfig::default() };
    let sources_max = series.max(Limits::default().sources_max);
    let limits = Limits { sources_max, collection_threads_max, ..Limits::default() };
    let config = EngineConfig { readers: vec![reader], limits, exemplar_filter: ExemplarFilter::default() };
    Engine::new(config, Views { base: views, ..Views::default() }, Timestamp(requests::START))
}

/// A View that removes an attribute which is not needed to tell the series apart.
fn removing() -> Arc<dyn View> {
    let spec = StreamSpec {
        attributes: vec![AttributeRule::Exclude(vec![Pattern::new("server.address")])],
        ..StreamSpec::default()
    };
    NativeView::new("remove server.address", |_| true, spec)
}

/// Nanoseconds per point of the fastest of many rounds; each is given all requests of the next point of every series.
fn fastest(
    requests: &mut Requests,
    rounds: usize,
    mut work: impl FnMut(&[u8], Timestamp) -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let bodies: Vec<Vec<u8>> = requests.next().map(<[u8]>::to_vec).collect();
        let now = Timestamp(requests.last().1);
        let begun = Instant::now();
        for body in &bodies {
            work(body, now)?;
        }
        best = best.min(begun.elapsed());
    }
    Ok(best.as_secs_f64() * 1e9 / requests.series() as f64)
}

/// Takes the next points of all series in, read where they lie.
fn read(requests: &mut Requests, rounds: usize, names: &Names, engine: &Engine) -> anyhow::Result<f64> {
    fastest(requests, rounds, |body, now| {
        let batch = names.read(body).context("a request is left to the decoder")?;
        engine.ingest_batch(&batch, now);
        Ok(())
    })
}

/// Every series stands at the number of rounds, and there are as many as there should be.
fn check(engine: &Engine, requests: &Requests) -> anyhow::Result<Frame> {
    check_all(engine, requests.last(), requests.series())
}

/// So many series stand at the number of the last round.
fn check_all(engine: &Engine, (round, time): (u64, u64), all: usize) -> anyhow::Result<Frame> {
    let frame = engine.collect(0, Timestamp(time));
    let mut series = 0;
    for metric in frame.metrics() {
        for row in metric.numbers() {
            let expected = Some(Number::Int(round.cast_signed()));
            ensure!(row.value == expected, "found {:?}, expected {expected:?}", row.value);
            series += 1;
        }
        for row in metric.histograms() {
            let expected = (round, Some(round as f64 * 0.5));
            ensure!(
                (row.count, row.sum) == expected,
                "found {:?}, expected {expected:?}",
                (row.count, row.sum)
            );
            series += 1;
        }
    }
    ensure!(series == all, "found {series} series, expected {all}");
    Ok(frame)
}

/// What points of a kind cost on either way in; with the frame of their collection.
fn intake(
    case: &'static str,
    kind: Kind,
    views: impl Fn() -> Vec<Arc<dyn View>>,
) -> anyhow::Result<(Figure, Frame)> {
    let names = Names::new(NAMES_BYTES_MAX);
    let (mut requests, engine) =
        (Requests::new(Load::even(kind, Flow::Cumulative), 0..SERIES), self::engine(SERIES, views()));
    let first = read(&mut requests, 1, &names, &engine);
    first.context(case)?;
    let ours = read(&mut requests, ROUNDS, &names, &engine)?;
    let frame = check(&engine, &requests).context(case)?;

    let (mut requests, engine) =
        (Requests::new(Load::even(kind, Flow::Cumulative), 0..SERIES), self::engine(SERIES, views()));
    let decoded = fastest(&mut requests, ROUNDS, |body, now| {
        engine.ingest(&decode_protobuf(body)?.frame, now);
        Ok(())
    })?;
    check(&engine, &requests).with_context(|| format!("{case}, decoded"))?;
    let prost = fastest(&mut requests, ROUNDS, |body, _| {
        black_box(ExportMetricsServiceRequest::decode(body)?);
        Ok(())
    })?;
    Ok((Figure { case, ours, decoded: Some(decoded), prost: Some(prost), target: None }, frame))
}

/// What a point costs where there are so many series.
fn of_series(case: &'static str, series: usize, rounds: usize) -> anyhow::Result<Figure> {
    let names = Names::new(NAMES_BYTES_MAX);
    let (mut requests, engine) =
        (Requests::new(Load::even(Kind::Sum, Flow::Cumulative), 0..series), engine(series, Vec::new()));
    read(&mut requests, 1, &names, &engine)?;
    let ours = read(&mut requests, rounds, &names, &engine)?;
    check(&engine, &requests).context(case)?;
    Ok(Figure { case, ours, decoded: None, prost: None, target: None })
}

/// What a point costs whose sender has no order: each round is in another one than the one before.
fn in_any_order(case: &'static str, series: usize, what: Shuffled, rounds: usize) -> anyhow::Result<Figure> {
    let (names, engine) = (Names::new(NAMES_BYTES_MAX), engine(series, Vec::new()));
    let order = |seed| Requests::shuffled(Load::even(Kind::Sum, Flow::Cumulative), 0..series, what, seed);
    let mut orders: Vec<_> = (0..ORDERS).map(order).collect();
    let (mut round, mut best) = (0, f64::INFINITY);
    for _ in 0..rounds.div_ceil(orders.len()) {
        for requests in &mut orders {
            requests.go_on_from(round);
            let nanos = read(requests, 1, &names, &engine)?;
            // In the first one nothing is known yet.
            best = if round == 0 { best } else { best.min(nanos) };
            round = requests.last().0;
        }
    }
    check(&engine, orders.last().context("no order")?).context(case)?;
    Ok(Figure { case, ours: best, decoded: None, prost: None, target: None })
}

/// Nanoseconds per item of the fastest of many rounds.
fn repeated<T>(items: usize, mut work: impl FnMut() -> T) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    let best = (0..ROUNDS).map(round).min().unwrap_or(Duration::MAX);
    best.as_secs_f64() * 1e9 / items as f64
}

/// What a frame of known series costs on its way out.
fn out(frame: &Frame) -> anyhow::Result<[Figure; 2]> {
    let points = frame.point_count();
    let bytes = encode_protobuf(frame);
    ensure!(decode_protobuf(&bytes)?.frame.point_count() == points, "not all points are encoded");
    let whole = render(frame, Format::Text, &Options::default()).text;
    let samples = whole.lines().filter(|line| line.starts_with("http_server_requests")).count();
    ensure!(samples == points, "found {samples} samples, expected {points}");
    // What serves the page sends each part and lets go of it.
    let page = || {
        let draft = Draft::new(Cow::Borrowed(frame), Format::Text, &Options::default());
        draft.map(|part| black_box(part).len()).sum::<usize>()
    };
    ensure!(page() == whole.len(), "the parts are {} bytes, the page {}", page(), whole.len());
    let figure = |case, ours| Figure { case, ours, decoded: None, prost: None, target: None };
    Ok([
        figure("encode to OTLP", repeated(points, || encode_protobuf(frame))),
        figure("text of the Prometheus page, in parts as it is served", repeated(points, page)),
    ])
}

/// All figures of [`SERIES`] and fewer.
fn pass(plugin: &Arc<dyn View>) -> anyhow::Result<[Figure; 9]> {
    let (sum, frame) = intake("sum", Kind::Sum, Vec::new)?;
    let any = in_any_order("sum, each round in another order", SERIES, Shuffled::Points, ROUNDS)?;
    let (native, _) = intake("sum, a native View removes an attribute", Kind::Sum, || vec![removing()])?;
    let in_wasm = || vec![plugin.clone()];
    let (in_wasm, _) = intake("sum, a View in wasm removes an attribute", Kind::Sum, in_wasm)?;
    let (histogram, _) = intake("histogram of 16 buckets", Kind::Histogram, Vec::new)?;
    let few = of_series("sum, a thousand series", 1000, ROUNDS)?;
    let any_of_few =
        in_any_order("sum, a thousand series, each round in another order", 1000, Shuffled::Points, ROUNDS)?;
    let [encoded, page] = out(&frame)?;
    Ok([sum, any, native, in_wasm, histogram, few, any_of_few, encoded, page])
}

impl Figure {
    /// Takes what was faster of another pass.
    fn improve(&mut self, other: &Self) {
        let faster = |mine: &mut Option<f64>, theirs: Option<f64>| {
            *mine = mine.zip(theirs).map(|(mine, theirs)| mine.min(theirs));
        };
        self.ours = self.ours.min(other.ours);
        faster(&mut self.decoded, other.decoded);
        faster(&mut self.prost, other.prost);
    }
}

/// Measures everything. `components` is the folder of the project's own plugins.
///
/// # Errors
///
/// A component is missing or does not load, a total is wrong, or the two ways in do not say the same.
pub(crate) fn run(components: &Path) -> anyhow::Result<Outcome> {
    let state = state::measure_apart()?;
    let plugin = wasm::removing(components)?;
    let mut figures = pass(&plugin)?;
    for _ in 1..PASSES {
        let again = pass(&plugin)?;
        figures.iter_mut().zip(&again).for_each(|(figure, again)| figure.improve(again));
    }
    let [mut sum, any, mut native, mut in_wasm, mut histogram, few, any_of_few, mut encoded, mut page] =
        figures;
    let mut many = of_series("sum, a million series", 1_000_000, ROUNDS_OF_MANY)?;
    let of_many = |case, what| in_any_order(case, 1_000_000, what, ROUNDS_OF_MANY);
    let requests = |and_points| Shuffled::Requests { and_points };
    let mut in_turn = of_many("sum, a million series, requests in another order", requests(false))?;
    let mut inside = of_many("sum, a million series, requests and the points in each", requests(true))?;
    let mixed = of_many("sum, a million series, points of any request", Shuffled::Points)?;
    sum.target = Some(100.0);
    native.target = Some(sum.ours * 1.1);
    in_wasm.target = native.target;
    histogram.target = Some(200.0);
    many.target = Some(few.ours * 3.0);
    in_turn.target = many.target;
    inside.target = Some(any_of_few.ours * 3.0);
    encoded.target = Some(60.0);
    page.target = Some(150.0);
    let figures = vec![
        sum, any, native, in_wasm, histogram, few, any_of_few, many, in_turn, inside, mixed, encoded, page,
    ];
    let bytes_per_point = Requests::new(Load::even(Kind::Sum, Flow::Cumulative), 0..SERIES).bytes_per_point();
    let scaling = [
        scaling::measure("of two services, which are streams of their own", ["shop", "depot"])?,
        scaling::measure("of one service, which are one stream", ["shop", "shop"])?,
    ];
    let stalls = [stall::measure(10_000)?, stall::measure(100_000)?, stall::measure(1_000_000)?];
    let collecting = collection::measure()?;
    Ok(Outcome { figures, state, bytes_per_point, scaling, collecting, stalls })
}
