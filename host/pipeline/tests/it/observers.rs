//! Swaps that come while observers observe.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use wasmeter_engine::{Engine, EngineConfig, ReaderConfig, Views};
use wasmeter_model::{Resource, Timestamp};
use wasmeter_pipeline::{Attached, Pipeline};
use wasmeter_runtime::{Directory, Runtime, RuntimeConfig};

/// Two builds of `hostile-observer` that behave, each with a metric of its name.
struct Scene {
    runtime: Arc<Runtime>,
    directory: Directory,
    pipeline: Pipeline,
    times: Cell<u64>,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let components = std::env::var_os("WASMETER_HOSTILE").map(PathBuf::from);
        let components =
            components.expect("where components are is not set: run the tests with `cargo xtask test`");
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            let component = components.join("hostile-observer.wasm");
            fs::copy(component, folder.path().join(format!("{name}.wasm"))).unwrap();
            put_settings(&folder, name, name);
        }
        let runtime = Arc::new(Runtime::new(RuntimeConfig::default()).unwrap());
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, []);
        let config = EngineConfig { readers: vec![ReaderConfig::default()], ..EngineConfig::default() };
        let engine = Engine::new(config, Views::default(), Timestamp::from_secs(1));
        let attached = Attached::of(&directory.current());
        let pipeline = Pipeline::new(engine, attached, Resource::default(), |plugin, news| {
            panic!("{}: {news:?}", plugin.file().display());
        });
        Self { runtime, directory, pipeline, times: Cell::new(1), folder }
    }

    /// Each time is later than the one before.
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.times.replace(self.times.get() + 1))
    }

    /// Puts another build of `b` into service, whose metric has this name.
    fn swap(&self, metric: &str) {
        put_settings(&self.folder, "b", metric);
        assert_eq!(self.directory.rescan().failures, []);
        let prepared = self.pipeline.engine().prepare_swap(Views::default()).unwrap();
        self.pipeline.commit_swap(prepared, Attached::of(&self.directory.current()), || self.now());
    }

    /// The names of the metrics of a collection, sorted, since observers answer at the same time. `meanwhile` is called each time that
    /// observers are about to be asked, and before the frame is made.
    fn collect(&self, meanwhile: impl Fn()) -> Vec<String> {
        let clock = || {
            meanwhile();
            self.now()
        };
        let collected = self.pipeline.collect(clock, |now| self.pipeline.engine().collect(0, now));
        let mut names: Vec<_> = collected.frame.metrics().map(|metric| metric.name().to_owned()).collect();
        names.sort();
        names
    }

    /// How often the builds in service have been asked anything.
    fn questions(&self) -> [u64; 2] {
        let generation = self.directory.current();
        [0, 1].map(|at| generation.plugins()[at].info().stats.questions)
    }

    /// How many observations of each were dropped because another build served by then.
    fn replaced(&self) -> Vec<u64> {
        self.runtime.totals().iter().map(|totals| totals.observations_replaced).collect()
    }
}

fn put_settings(folder: &tempfile::TempDir, name: &str, metric: &str) {
    // As long as it takes: no test is about being late.
    let settings =
        format!("observe_wait_ms = 60000\nobserve_deadline_ms = 60000\n[config]\nmetric = \"{metric}\"\n");
    fs::write(folder.path().join(format!("{name}.toml")), settings).unwrap();
}

#[test]
fn observers_that_come_with_a_swap_in_a_collection_observe_in_it_and_no_others_again() {
    let scene = Scene::new();
    let [of_a, of_b] = scene.questions();
    let swaps = RefCell::new(vec!["c"]);
    // The swap comes from within, which it cannot wait for.
    let metrics = scene.collect(|| {
        let next = swaps.borrow_mut().pop();
        next.into_iter().for_each(|metric| scene.swap(metric));
    });
    assert_eq!(metrics, ["a", "c"], "what the build said that went counts no more");
    assert_eq!(scene.questions(), [of_a + 1, of_b + 1], "one question for each that serves");
    assert_eq!(scene.replaced(), [0, 1]);
}

#[test]
fn a_swap_between_collections_has_nobody_observe_twice() {
    let scene = Scene::new();
    let [of_a, of_b] = scene.questions();
    assert_eq!(scene.collect(|| ()), ["a", "b"]);
    scene.swap("c");
    // The series of the build that went ends once, as those of the next one begin.
    assert_eq!(scene.collect(|| ()), ["a", "b", "c"]);
    assert_eq!(scene.collect(|| ()), ["a", "c"]);
    assert_eq!(scene.questions(), [of_a + 3, of_b + 2]);
    assert_eq!(scene.replaced(), [0, 0]);
}
