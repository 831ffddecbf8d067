//! The keeper: what a changed folder makes of the plugins in service. Waits for what the service is told.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wasmeter_engine::{SwapReport, View, ViewFault};
use wasmeter_model::Attributes;
use wasmeter_runtime::{Directory, Generation, Keeper, RestartPolicy, Runtime, RuntimeConfig, Service};

use crate::guest::Guest;
use crate::support::{Folder, quick, runtime, runtime_with};

/// Far longer than anything here takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a service hears.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Swap(Vec<String>),
    Refused(String),
    Failed(String),
}

type Serving = Arc<Mutex<Vec<Arc<dyn View>>>>;

/// Serves all but one plugin, which cannot answer.
struct Listener {
    heard: Sender<Heard>,
    serving: Serving,
    /// How often it swaps before it is gone.
    swaps_left: u32,
}

/// The plugin that cannot answer.
const BAD: &str = "bad 1.0.0";

impl Service for Listener {
    fn swap(&mut self, generation: &Generation) -> Result<Option<SwapReport>, ViewFault> {
        let plugins = generation.views();
        if plugins.iter().any(|plugin| plugin.name() == BAD) {
            return Err(ViewFault { view: BAD.into(), reason: "no answer".to_owned() });
        }
        let Some(left) = self.swaps_left.checked_sub(1) else { return Ok(None) };
        self.swaps_left = left;
        let names = plugins.iter().map(|plugin| plugin.name().to_owned()).collect();
        *self.serving.lock().unwrap() = plugins;
        self.heard.send(Heard::Swap(names)).unwrap();
        Ok(Some(SwapReport::default()))
    }

    fn refused(&mut self, message: &str) {
        self.heard.send(Heard::Refused(message.to_owned())).unwrap();
    }

    fn failed(&mut self, message: &str) {
        self.heard.send(Heard::Failed(message.to_owned())).unwrap();
    }
}

/// The keeper of a folder in which `a` serves.
struct Setup {
    folder: Folder,
    keeper: Keeper<Listener>,
    heard: Receiver<Heard>,
    serving: Serving,
}

fn setup(watches: bool, swaps_left: u32) -> Setup {
    setup_with(runtime(), watches, swaps_left, &Guest::named("a", "1.0.0"))
}

/// The View `a`, which traps on the empty set and drops all others.
fn traps_or_drops() -> Guest {
    let map = "(if (i32.eqz (local.get $len)) (then unreachable)) i32.const 8";
    Guest { map, ..Guest::named("a", "1.0.0") }
}

fn setup_with(runtime: Arc<Runtime>, watches: bool, swaps_left: u32, guest: &Guest) -> Setup {
    let folder = Folder::new();
    folder.put_guest("a.wasm", guest);
    let directory = Arc::new(Directory::new(folder.path(), runtime));
    let (sender, heard) = channel();
    let serving = Serving::default();
    let service = Listener { heard: sender, serving: serving.clone(), swaps_left };
    let keeper = Keeper::start(Some(directory), watches, service).unwrap();
    if !watches {
        keeper.rescan();
    }
    let setup = Setup { folder, keeper, heard, serving };
    assert_eq!(setup.next(), swap(&["a 1.0.0"]));
    setup
}

impl Setup {
    fn next(&self) -> Heard {
        self.heard.recv_timeout(PATIENCE).expect("something is heard")
    }

    /// Waits for a message that says `part`.
    #[track_caller]
    fn expect_message(&self, sort: fn(String) -> Heard, part: &str) {
        let heard = self.next();
        let (Heard::Refused(message) | Heard::Failed(message)) = &heard else { panic!("{heard:?}") };
        assert!(heard == sort(message.clone()) && message.contains(part), "{heard:?}");
    }

    /// Waits until the thread has ended and taken the service along.
    fn expect_end(&self) {
        assert_eq!(self.heard.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    }
}

fn swap(names: &[&str]) -> Heard {
    Heard::Swap(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn what_changes_in_the_folder_is_taken_into_service() {
    let setup = setup(true, 9);
    setup.folder.put_guest("a.wasm", &Guest::named("a", "2.0.0"));
    assert_eq!(setup.next(), swap(&["a 2.0.0"]));
    setup.folder.put("a.wasm", "nonsense");
    setup.expect_message(Heard::Failed, "plugin `a`");
    setup.folder.remove("a.wasm");
    assert_eq!(setup.next(), swap(&[]));
    assert!(setup.keeper.stop());
    setup.expect_end();
}

#[test]
fn a_plugin_that_cannot_answer_stays_out_and_the_others_come_in() {
    let setup = setup(false, 9);
    setup.folder.put_guest("bad.wasm", &Guest::named("bad", "1.0.0"));
    setup.folder.put_guest("c.wasm", &Guest::named("c", "1.0.0"));
    setup.keeper.rescan();
    setup.expect_message(Heard::Refused, "plugin `bad` 1.0.0");
    assert_eq!(setup.next(), swap(&["a 1.0.0", "c 1.0.0"]));
    // It is not tried again until it changes.
    setup.keeper.rescan();
    setup.folder.put_guest("bad.wasm", &Guest::named("bad", "2.0.0"));
    setup.keeper.rescan();
    assert_eq!(setup.next(), swap(&["a 1.0.0", "bad 2.0.0", "c 1.0.0"]));
}

#[test]
fn a_newcomer_that_stops_answering_is_taken_back() {
    let setup = setup(false, 9);
    setup
        .folder
        .put_guest("a.wasm", &Guest { name: "a", version: "2.0.0", map: "unreachable", ..Guest::default() });
    setup.keeper.rescan();
    assert_eq!(setup.next(), swap(&["a 2.0.0"]));
    let newcomer = setup.serving.lock().unwrap()[0].clone();
    for _ in 0..3 {
        newcomer.map_attributes(0, &Attributes::empty()).unwrap_err();
    }
    setup.expect_message(Heard::Refused, "plugin `a` 2.0.0");
    assert_eq!(setup.next(), swap(&["a 1.0.0"]));
}

#[test]
fn what_a_plugin_was_asked_in_vain_is_asked_again_once_it_is_back() {
    let restart = RestartPolicy { at_once: 0, backoff: Duration::from_secs(1), ..RestartPolicy::default() };
    let setup = setup_with(runtime_with(RuntimeConfig { restart, ..quick() }), false, 9, &traps_or_drops());
    // It settles, as it was there before.
    setup.folder.put_guest("b.wasm", &Guest::named("b", "1.0.0"));
    setup.keeper.rescan();
    assert_eq!(setup.next(), swap(&["a 1.0.0", "b 1.0.0"]));
    let plugin = setup.serving.lock().unwrap()[0].clone();
    let (deadly, set) = (Attributes::empty(), Attributes::from_iter([("a", 1i64)]));
    // The first is what it fails on, the second it cannot be asked.
    assert_eq!(plugin.map_attributes(0, &deadly), Ok(Some(deadly.clone())));
    assert_eq!(plugin.map_attributes(0, &set), Ok(Some(set.clone())));
    assert_eq!(setup.next(), swap(&["a 1.0.0", "b 1.0.0"]));
    assert_eq!(plugin.map_attributes(0, &set), Ok(None));
    // Whatever it fails on again is asked twice in all, or it would be for ever.
    assert_eq!(plugin.map_attributes(0, &deadly), Ok(Some(deadly.clone())));
    assert_eq!(plugin.map_attributes(0, &set), Ok(Some(set.clone())));
    assert_eq!(setup.next(), swap(&["a 1.0.0", "b 1.0.0"]));
    for _ in 0..3 {
        assert_eq!(plugin.map_attributes(0, &deadly), Ok(Some(deadly.clone())));
        assert_eq!(plugin.map_attributes(0, &set), Ok(None));
    }
    // A new generation asks anew.
    setup.folder.remove("b.wasm");
    setup.keeper.rescan();
    assert_eq!(setup.next(), swap(&["a 1.0.0"]));
    assert_eq!(plugin.map_attributes(0, &deadly), Ok(Some(deadly)));
    assert_eq!(plugin.map_attributes(0, &set), Ok(Some(set)));
}

#[test]
fn a_change_of_the_service_and_of_the_folder_are_one_swap() {
    let setup = setup(false, 9);
    let renew = |change| setup.keeper.renew(move |service: &mut Listener| service.failed(change));
    setup.folder.remove("a.wasm");
    renew("changed");
    assert_eq!(setup.next(), Heard::Failed("changed".to_owned()));
    assert_eq!(setup.next(), swap(&[]));
    // And one where the folder has not changed, also if what has changed there cannot be put to work.
    setup.folder.put_guest("bad.wasm", &Guest::named("bad", "1.0.0"));
    renew("again");
    assert_eq!(setup.next(), Heard::Failed("again".to_owned()));
    setup.expect_message(Heard::Refused, "plugin `bad` 1.0.0");
    assert_eq!(setup.next(), swap(&[]));
    assert!(setup.keeper.stop());
    setup.expect_end();
}

#[test]
fn it_ends_with_its_handle_and_when_nothing_is_served_any_more() {
    let Setup { keeper, heard, .. } = setup(true, 9);
    drop(keeper);
    assert_eq!(heard.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));

    let setup = setup(false, 1);
    setup.folder.remove("a.wasm");
    setup.keeper.rescan();
    setup.expect_end();
}
