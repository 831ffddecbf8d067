//! What the View of `examples/views` costs in each language: size, load, calls and memory. `cargo xtask bench views` runs this.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use wasmeter_engine::View;
use wasmeter_machine::Machine;
use wasmeter_model::{
    Advisory, AttributeRule, Attributes, Instrument, InstrumentKind, NumberKind, Origin, Resource, Scope,
    Value,
};
use wasmeter_runtime::{Plugin, Runtime, RuntimeConfig};

/// The languages, with the folder of `target/plugins` each is built into.
const LANGUAGES: [(&str, &str); 5] =
    [("rust", "examples"), ("c", "views"), ("javascript", "views"), ("python", "views"), ("go", "views")];
/// How often a load is timed.
const LOADS: usize = 3;
/// How long calls of one kind are made; their mean counts.
const CALLS_TIME: Duration = Duration::from_secs(1);

/// What one language costs.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    language: &'static str,
    component_bytes: u64,
    /// From the file to a plugin that has answered its probe.
    compiled: Duration,
    /// The same with the machine code from the cache.
    cached: Duration,
    streams: Duration,
    map_attributes: Duration,
    /// The linear memory of the instance after all calls.
    memory_bytes: usize,
}

/// Measures every language. `components` is the folder that `cargo xtask build-plugins` and `build-views` fill.
///
/// # Errors
///
/// A component is missing or does not load, or two of them answer differently.
pub(crate) fn run(components: &Path, mut tell: impl FnMut(&Row)) -> anyhow::Result<Vec<Row>> {
    let folder = std::env::temp_dir().join(format!("wasmeter-views-{}", std::process::id()));
    let mut first = None;
    let rows = LANGUAGES.iter().map(|(language, built)| {
        let file = components.join(built).join(format!("routes-{language}.wasm"));
        let row = measure(language, &file, &folder.join(language), &mut first)
            .with_context(|| format!("the View in {language}"))?;
        tell(&row);
        Ok(row)
    });
    let rows = rows.collect();
    // What is left of it is in the system's folder for such things.
    let _removed = fs::remove_dir_all(&folder);
    rows
}

/// What a View says about the instrument and the attribute set of the measurement.
type Answers = (Vec<AttributeRule>, Option<Attributes>);

fn measure(
    language: &'static str,
    file: &Path,
    cache: &Path,
    first: &mut Option<Answers>,
) -> anyhow::Result<Row> {
    let component_bytes = fs::metadata(file)
        .with_context(|| format!("`{}`; `cargo xtask build-views` makes it", file.display()))?
        .len();
    let (mut compiled, mut cached) = (Vec::new(), Vec::new());
    for round in 0..LOADS {
        let folder = cache.join(round.to_string());
        fs::create_dir_all(cache)?;
        compiled.push(load(file, &folder, false)?.1);
        cached.push(load(file, &folder, true)?.1);
    }
    let plugin = load(file, &cache.join("0"), true)?.0;
    let (asked, set) = (instrument(), attributes());
    let streams = plugin.streams(&asked).map_err(|fault| anyhow!("{fault}"))?.unwrap_or_default();
    let rules: Vec<_> = streams.into_iter().flat_map(|stream| stream.attributes).collect();
    let [AttributeRule::Computed(tag)] = rules[..] else {
        return Err(anyhow!("found the rules {rules:?}, expected a computed one"));
    };
    let mapped = plugin.map_attributes(tag, &set).map_err(|fault| anyhow!("{fault}"))?;
    let answers = (rules, mapped);
    let expected = first.get_or_insert_with(|| answers.clone());
    ensure!(
        answers == *expected,
        "found the answers {answers:?}, expected {expected:?} as in other languages"
    );
    Ok(Row {
        language,
        component_bytes,
        compiled: median(&mut compiled),
        cached: median(&mut cached),
        streams: mean(|| plugin.streams(&asked).is_ok())?,
        map_attributes: mean(|| plugin.map_attributes(tag, &set).is_ok())?,
        memory_bytes: plugin.info().memory_bytes,
    })
}

fn load(file: &Path, cache: &Path, expects_cached: bool) -> anyhow::Result<(Arc<Plugin>, Duration)> {
    let cache_directory = Some(PathBuf::from(cache));
    let runtime = Arc::new(Runtime::new(RuntimeConfig { cache_directory, ..RuntimeConfig::default() })?);
    let begun = Instant::now();
    let plugin = runtime.load(file).map_err(|failure| anyhow!("{failure}"))?;
    let took = begun.elapsed();
    let is_cached = plugin.info().is_cached;
    ensure!(is_cached == expects_cached, "from the cache: {is_cached}, expected {expects_cached}");
    Ok((plugin, took))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The mean time of a call, over as many as fit into [`CALLS_TIME`].
fn mean(call: impl Fn() -> bool) -> anyhow::Result<Duration> {
    let mut calls = 0_u32;
    let begun = Instant::now();
    loop {
        for _ in 0..100 {
            ensure!(call(), "call {calls} was not answered");
            calls += 1;
        }
        let took = begun.elapsed();
        if took >= CALLS_TIME {
            return Ok(took / calls);
        }
    }
}

fn instrument() -> Instrument {
    Instrument {
        name: "http.server.request.duration".into(),
        description: "Duration of HTTP server requests.".into(),
        unit: "s".into(),
        kind: InstrumentKind::Histogram,
        number: NumberKind::Double,
        origin: Origin::Received,
        scope: Arc::new(Scope { name: "bench".into(), ..Scope::default() }),
        resource: Arc::new(Resource {
            attributes: Attributes::from_iter([("service.name", "shop"), ("service.instance.id", "1")]),
            ..Resource::default()
        }),
        advisory: Advisory::default(),
    }
}

fn attributes() -> Attributes {
    Attributes::from_iter([
        ("http.request.method", Value::from("GET")),
        ("http.response.status_code", Value::from(200)),
        ("network.protocol.version", Value::from("1.1")),
        ("server.address", Value::from("shop.example.com")),
        ("url.path", Value::from("/orders/84321")),
    ])
}

/// What kind of host was measured.
const BUILD: &str = if cfg!(debug_assertions) {
    "a host built for development, which is slower than one that is installed"
} else {
    "a release build of the host"
};

const HEADS: [&str; 7] = [
    "language",
    "component, bytes",
    "load compiled, ms",
    "load from cache, ms",
    "`streams`, ns",
    "`map-attributes`, ns",
    "memory, KiB",
];

fn cells(row: &Row) -> [String; 7] {
    let millis = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
    [
        row.language.to_owned(),
        row.component_bytes.to_string(),
        millis(row.compiled),
        millis(row.cached),
        row.streams.as_nanos().to_string(),
        row.map_attributes.as_nanos().to_string(),
        (row.memory_bytes / 1024).to_string(),
    ]
}

/// A row for a terminal; without one, the head.
pub(crate) fn table(row: Option<&Row>) -> String {
    let cells = row.map_or_else(|| HEADS.map(str::to_owned), cells);
    let columns = cells.iter().map(|cell| format!("{cell:>22}"));
    columns.collect::<String>().trim_end().to_owned()
}

/// The page.
pub(crate) fn markdown(rows: &[Row], machine: &Machine) -> String {
    let mut page = format!(
        "# The same View in five languages\n\n\
         What the View of [examples/views](../examples/views/README.md) costs, by the language it is written in. Written by\n\n\
         ```sh\ncargo xtask bench views --markdown docs/languages.md\n```\n\n\
         Machine: {machine}; {BUILD}.\n\n\
         All five must answer alike before one is timed. A load is from the file to a plugin that has answered its probe, the\n\
         median of {LOADS}, each in a runtime of its own; with `cache_directory` only the first start compiles. A call is the mean\n\
         over a second, an instrument with two resource attributes, and a set of five attributes. Calls are made once per\n\
         instrument and once per distinct set, never per measurement: a slow language costs at most when series are new.\n\n"
    );
    // A `String` takes all text.
    let mut line = |cells: [String; 7]| {
        let _infallible = writeln!(page, "| {} |", cells.join(" | "));
    };
    line(HEADS.map(str::to_owned));
    line(HEADS.map(|head| if head == "language" { "---".to_owned() } else { "---:".to_owned() }));
    rows.iter().for_each(|row| line(cells(row)));
    page
}
