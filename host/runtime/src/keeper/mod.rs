//! Keeps what serves equal to a plugin directory, on a thread of its own: look, load, swap, watch over the newcomers. A
//! failure at any step leaves in service what was in service.
//!
//! What a swap is, the keeper does not know: that is its [`Service`]'s business.

mod orders;
mod service;
mod thread;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use service::Service;

use crate::directory::Directory;
use crate::watch::Watcher;
use orders::{Order, Orders};
use thread::Thread;

/// A handle on the thread, which ends when it is dropped.
pub struct Keeper<S> {
    orders: Arc<Orders<S>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<S: Service> Keeper<S> {
    /// Starts the thread. `service` serves what the directory's current generation is. If `watches`, what has changed since is taken into
    /// service first of all, and the directory is looked at whenever it changes ([`Watcher`]); otherwise only by [`Keeper::rescan`] and
    /// [`Keeper::renew`]. Without a directory the thread does only what [`Keeper::renew`] brings.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread.
    pub fn start(directory: Option<Arc<Directory>>, watches: bool, service: S) -> io::Result<Self> {
        let orders = Arc::<Orders<S>>::default();
        let watcher = match &directory {
            Some(directory) if watches => {
                let orders = orders.clone();
                Some(Watcher::start(directory.path(), move || orders.give(Order::Rescan))?)
            }
            _ => None,
        };
        let thread = Thread::new(directory, service, orders.clone());
        let handle = std::thread::Builder::new().name("plugins".into()).spawn(move || {
            thread.run(watches);
            // Here, as it waits for a thread of its own.
            drop(watcher);
        })?;
        Ok(Self { orders, thread: Mutex::new(Some(handle)) })
    }

    /// Has the directory looked at soon.
    pub fn rescan(&self) {
        self.orders.give(Order::Rescan);
    }

    /// Has `change` done to the service, on the thread, and then the directory looked at: one swap for both, and one also if nothing
    /// has changed in the directory. Of several changes that wait only the last one is made.
    pub fn renew(&self, change: impl FnOnce(&mut S) + Send + 'static) {
        self.orders.give(Order::Renew(Box::new(change)));
    }

    /// Ends the thread and waits for it. False if it had panicked.
    pub fn stop(&self) -> bool {
        self.request_stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.is_none_or(|thread| thread.join().is_ok())
    }
}

impl<S> Keeper<S> {
    /// Has the thread end, and does not wait for it: a plugin that is being loaded is loaded to its end, but no swap begins any
    /// more.
    pub fn request_stop(&self) {
        self.orders.give(Order::Stop);
    }
}

impl<S> Drop for Keeper<S> {
    fn drop(&mut self) {
        self.request_stop();
    }
}

impl<S> fmt::Debug for Keeper<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}
