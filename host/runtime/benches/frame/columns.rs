//! The columns of the plugin contract, through the host as it is in service; where the time goes, by plugins that do a part of the
//! work.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmeter_model::frame::Frame;
use wasmeter_runtime::{Directory, Processed, Runtime, RuntimeConfig};

use super::points::{KEY, POINTS};
use super::{ROUNDS, per_point};

/// A component in service, alone.
pub(crate) struct Columns {
    runtime: Arc<Runtime>,
    directory: Directory,
    _folder: tempfile::TempDir,
}

/// Nanoseconds for a point: the fastest of the rounds.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// All that the host does with a frame.
    pub(crate) whole: f64,
    /// The call alone, by the clock of the host's own metrics: arguments in, the plugin's work, the result out.
    pub(crate) call: f64,
}

/// The parts of what a frame costs, in nanoseconds for a point.
pub(crate) struct Parts {
    /// The arguments, into the plugin's memory and its types.
    pub(crate) arguments: f64,
    pub(crate) read: Cost,
    pub(crate) remove: Cost,
    /// The smaller frame out of the plugin's memory.
    pub(crate) result: f64,
    /// The model's check of the smaller frame: a part of what is around the call.
    pub(crate) check: f64,
}

impl Columns {
    pub(crate) fn load(component: &Path, task: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::copy(component, folder.path().join("columns.wasm")).expect("the component is built");
        std::fs::write(folder.path().join("columns.toml"), format!("[config]\n{task}\n"))
            .expect("the directory is writable");
        let runtime = Arc::new(Runtime::new(RuntimeConfig::default()).expect("a runtime"));
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, []);
        Self { runtime, directory, _folder: folder }
    }

    pub(crate) fn process(&self, frame: Frame) -> Frame {
        match self.directory.current().processors().process(frame, |fault| panic!("{fault}")) {
            Processed::Frame(frame) => frame,
            other => panic!("expected a frame, found {other:?}"),
        }
    }

    /// How long calls took until now.
    fn busy(&self) -> Duration {
        self.runtime.totals().iter().map(|totals| totals.busy).sum()
    }

    fn cost(&self, frame: &Frame) -> Cost {
        let mut cost = Cost { whole: f64::INFINITY, call: f64::INFINITY };
        for _ in 0..ROUNDS {
            let (frame, busy) = (frame.clone(), self.busy());
            let start = Instant::now();
            let output = self.process(frame);
            let took = start.elapsed();
            drop(black_box(output));
            cost.whole = cost.whole.min(per_point(took));
            cost.call = cost.call.min(per_point(self.busy() - busy));
        }
        cost
    }
}

/// Proves that the component yields these points, then measures it.
pub(crate) fn parts(component: &Path, frame: &Frame, expected: &super::Rows) -> Parts {
    assert_eq!(frame.point_count(), POINTS);
    let removing = Columns::load(component, &format!("task = \"remove\"\nkey = \"{KEY}\""));
    let smaller = removing.process(frame.clone());
    assert_eq!(&super::points::of_frame(&smaller), expected, "columns");
    let [ignoring, reading, echoing] =
        ["ignore", "read", "echo"].map(|task| Columns::load(component, &format!("task = \"{task}\"")));
    for plugin in [&ignoring, &reading, &echoing] {
        assert_eq!(&plugin.process(frame.clone()), frame);
    }
    Parts {
        arguments: ignoring.cost(frame).call,
        read: reading.cost(frame),
        remove: removing.cost(frame),
        result: echoing.cost(&smaller).call - ignoring.cost(&smaller).call,
        check: super::fastest(|| (), |()| smaller.check()),
    }
}
