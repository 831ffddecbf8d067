//! Observers: plugins that are asked, all at the same time, when metrics are collected.

mod complete;
mod ends;
mod series;
mod turn;

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use wasmeter_model::Timestamp;
use wasmeter_model::frame::Frame;

use crate::plugin::Plugin;
pub use series::{ObservedSeries, Taken};
use turn::Turn;
pub(crate) use turn::Turns;

/// An observer could not do its work: it is skipped in this collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObserverFault {
    /// Its name and version.
    pub observer: String,
    /// What happened and what to do.
    pub reason: String,
}

impl fmt::Display for ObserverFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { observer, reason } = self;
        write!(f, "observer `{observer}`: what it observed before stands: {reason}")
    }
}

/// The observers of one generation, in the order of their file names. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Observers(Arc<[Arc<Plugin>]>);

impl FromIterator<Arc<Plugin>> for Observers {
    fn from_iter<I: IntoIterator<Item = Arc<Plugin>>>(plugins: I) -> Self {
        Self(plugins.into_iter().collect())
    }
}

impl Observers {
    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plugins.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.0
    }

    /// True if this very plugin is among them.
    pub fn contains(&self, plugin: &Arc<Plugin>) -> bool {
        self.0.iter().any(|known| Arc::ptr_eq(known, plugin))
    }

    /// Those that are not among the others.
    pub fn without(&self, others: &Self) -> Self {
        self.0.iter().filter(|plugin| !others.contains(plugin)).cloned().collect()
    }

    /// Has each of them observe, at the same time, and waits for each at most for its `observe_wait_ms`; that one was not waited for
    /// is counted. `now` is the time of the collection. `ended` is called as soon as one has observed, on another thread: so none
    /// waits for another, and of one that is late it is called after this has returned. It is not called for an observation that is
    /// shared with another collection, which is waited for just so.
    pub fn observe(
        &self,
        now: Timestamp,
        ended: impl Fn(&Arc<Plugin>, Result<Frame, ObserverFault>) + Send + Sync + 'static,
    ) {
        let (ended, began) = (Arc::new(ended), Instant::now());
        for plugin in self.0.iter() {
            let Some(turn) = Turn::begin(plugin, now) else { continue };
            let ended = ended.clone();
            let observe = move || {
                let plugin = turn.observer(now);
                ended(plugin, ask(plugin, now));
                // Whoever hears that `ended` is gone may begin the next one.
                drop(turn);
            };
            // Without a thread the turn is over: there is the next collection.
            if let Err(error) = thread::Builder::new().name("observer".to_owned()).spawn(observe) {
                plugin.count_late();
                tracing::warn!(plugin = %plugin.label(), %error, "no thread to observe on");
            }
        }
        for plugin in self.0.iter() {
            if !plugin.turns().wait(began + plugin.observe_wait()) {
                plugin.count_late();
            }
        }
    }
}

fn ask(plugin: &Plugin, now: Timestamp) -> Result<Frame, ObserverFault> {
    plugin.ask_observe(now).map_err(|refusal| {
        plugin.count_fault(&refusal);
        ObserverFault { observer: plugin.label().to_owned(), reason: refusal.to_string() }
    })
}
