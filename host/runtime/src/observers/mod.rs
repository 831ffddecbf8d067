//! Observers: plugins that are asked, all at the same time, when metrics are collected.

mod complete;
mod ends;
mod series;
mod turn;

use std::fmt;
use std::sync::Arc;
use std::thread;

use wasmeter_model::Timestamp;
use wasmeter_model::frame::Frame;

use crate::plugin::Plugin;
pub use series::{ObservedSeries, Taken};
pub(crate) use turn::Turn;

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

    /// True if they are the very same plugins.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|plugin| other.contains(plugin))
    }

    /// Has each of them observe, at the same time, and waits for all; each takes at most its deadline. `now` is the time of the
    /// collection. `ended` is called as soon as one has observed, on its thread, so that none waits for another; not for one
    /// whose observation is shared with another collection, which has ended for that one by then.
    pub fn observe(&self, now: Timestamp, ended: impl Fn(&Arc<Plugin>, Result<Frame, ObserverFault>) + Sync) {
        let observe = |plugin: &Arc<Plugin>| {
            plugin.observe_in_turn(now, |answer| {
                let answer = answer.map_err(|refusal| {
                    plugin.count_fault(&refusal);
                    ObserverFault { observer: plugin.label().to_owned(), reason: refusal.to_string() }
                });
                ended(plugin, answer);
            });
        };
        let Some((first, others)) = self.0.split_first() else { return };
        thread::scope(|scope| {
            let mut without_thread = Vec::new();
            for plugin in others {
                let thread = thread::Builder::new().name("observer".to_owned());
                if thread.spawn_scoped(scope, || observe(plugin)).is_err() {
                    without_thread.push(plugin);
                }
            }
            observe(first);
            // The system gives no more threads: late is better than never.
            without_thread.into_iter().for_each(observe);
        });
    }
}
