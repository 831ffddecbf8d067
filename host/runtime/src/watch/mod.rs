//! Says when a plugin folder is worth another look.
//!
//! The folder is watched and not its files, because replacing a file by renaming takes the watch with the old one. Where
//! events do not arrive (network file systems, some container mounts), a comparison every two seconds finds the change.

mod debounce;
mod snapshot;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use debounce::Debounce;
use snapshot::Snapshot;

/// How often the folder is compared with what it was.
const POLL: Duration = Duration::from_secs(2);

/// Watches a folder on a thread of its own until it is dropped.
pub struct Watcher {
    stopped: Arc<AtomicBool>,
    wake: SyncSender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Calls `on_change` after the folder changed and was then quiet for 200 ms, or after two seconds of unrest. The
    /// folder need not exist yet and may be replaced by another of the same name. Changes that were there at the start
    /// are not reported.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread. Lack of file system events is no error: the comparison remains.
    pub fn start(path: impl Into<PathBuf>, on_change: impl Fn() + Send + 'static) -> io::Result<Self> {
        let path = path.into();
        let stopped = Arc::new(AtomicBool::new(false));
        // One place: an event that finds it taken has nothing to add to the one that took it.
        let (wake, woken) = sync_channel::<()>(1);
        // Both before the thread starts, so that what happens after this function returns is seen.
        let seen = Snapshot::of(&path);
        let mut watch = Watch { path, events: wake.clone(), armed: None, reported: false };
        watch.arm(&seen);
        let is_stopped = stopped.clone();
        let thread = std::thread::Builder::new()
            .name("plugin-watch".into())
            .spawn(move || run(watch, seen, &woken, &is_stopped, &on_change))?;
        Ok(Self { stopped, wake, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // Full means that the thread is about to wake anyway, disconnected that it has ended.
        self.wake.try_send(()).ok();
        if let Some(thread) = self.thread.take()
            // `on_change` may hold the last reference to this watcher; a thread cannot wait for itself.
            && thread.thread().id() != std::thread::current().id()
        {
            // It only fails if `on_change` panicked, which has been reported where it happened.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

/// The subscription to file system events, renewed when the folder becomes another one.
struct Watch {
    path: PathBuf,
    events: SyncSender<()>,
    armed: Option<(RecommendedWatcher, snapshot::FolderId)>,
    reported: bool,
}

impl Watch {
    /// Subscribes to the folder that is there now, unless that is the one already subscribed to.
    fn arm(&mut self, now: &Snapshot) {
        let Some(folder) = now.folder() else {
            self.armed = None;
            return;
        };
        if self.armed.as_ref().is_some_and(|(_, armed)| *armed == folder) {
            return;
        }
        self.armed = None;
        match subscribe(&self.path, self.events.clone()) {
            Ok(watcher) => self.armed = Some((watcher, folder)),
            Err(error) if !self.reported => {
                self.reported = true;
                tracing::warn!(
                    "no file system events for the plugin directory, it is compared every {POLL:?} instead: {error}"
                );
            }
            Err(_) => {}
        }
    }
}

fn subscribe(path: &Path, events: SyncSender<()>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // An error may hide a change.
        if event.map_or(true, |event| matters(event.kind)) {
            events.try_send(()).ok();
        }
    })?;
    watcher.watch(path, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Reading is not a change: otherwise every look at the folder would cause the next.
fn matters(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

fn run(
    mut watch: Watch,
    mut seen: Snapshot,
    woken: &Receiver<()>,
    stopped: &AtomicBool,
    on_change: &impl Fn(),
) {
    let started = Instant::now();
    let mut debounce = Debounce::default();
    let mut poll_at = POLL;
    loop {
        let now = started.elapsed();
        let wake_at = debounce.due_at().map_or(poll_at, |due| due.min(poll_at));
        let woke = woken.recv_timeout(wake_at.saturating_sub(now));
        if stopped.load(Ordering::Acquire) {
            return;
        }
        let now = started.elapsed();
        match woke {
            Ok(()) => debounce.event(now),
            Err(RecvTimeoutError::Timeout) => {}
            // Nothing wakes or stops this thread any more.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if now >= poll_at {
            poll_at = now.saturating_add(POLL);
            let found = Snapshot::of(&watch.path);
            watch.arm(&found);
            if found != seen {
                debounce.event(now);
            }
        }
        if debounce.take(now) {
            seen = Snapshot::of(&watch.path);
            watch.arm(&seen);
            on_change();
        }
    }
}
