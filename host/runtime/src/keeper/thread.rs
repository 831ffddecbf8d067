//! What the keeper's thread does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmeter_engine::{SwapReport, View, ViewFault};

use super::Service;
use super::orders::{Change, Order, Orders};
use crate::directory::{Directory, Generation, Rejection};

/// How long a new plugin is watched: if it stops answering within this time, the one before returns.
const PROBATION: Duration = Duration::from_secs(60);
/// How often newcomers, and plugins that wait to be started again, are looked at.
const LOOK: Duration = Duration::from_millis(500);

pub(super) struct Thread<S> {
    directory: Option<Arc<Directory>>,
    service: S,
    orders: Arc<Orders<S>>,
    probation: Option<(Arc<Generation>, Instant)>,
}

impl<S: Service> Thread<S> {
    pub(super) fn new(directory: Option<Arc<Directory>>, service: S, orders: Arc<Orders<S>>) -> Self {
        Self { directory, service, orders, probation: None }
    }

    /// Until it is told to stop. `watches`: what changes in the directory is ordered to be looked at.
    pub(super) fn run(mut self, watches: bool) {
        // The watcher compares with what it saw at its own start: look once more for what changed before. Where nobody watches, nothing is
        // taken into service that nobody asked for.
        if watches {
            self.rescan();
        }
        let patience = self.directory.as_ref().map(|_| LOOK);
        loop {
            match self.orders.next(patience) {
                None => {
                    self.look_after_newcomers();
                    self.look_after_those_in_backoff();
                }
                Some(Order::Rescan) => {
                    self.rescan();
                }
                Some(Order::Renew(change)) => self.renew(change),
                Some(Order::Stop) => return,
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.orders.is_stopped()
    }

    /// Takes into service what has changed in the directory; true if there was a swap.
    fn rescan(&mut self) -> bool {
        let Some(directory) = self.directory.clone().filter(|_| !self.is_stopped()) else { return false };
        let scan = directory.rescan();
        // What has changed since the stop is nobody's business here.
        if self.is_stopped() {
            return false;
        }
        scan.tell(|failure| self.service.failed(&failure.to_string()));
        scan.generation.is_some_and(|generation| self.take_into_service(&directory, generation))
    }

    /// Changes the service and takes into service what has changed in the directory, with one swap.
    fn renew(&mut self, change: Change<S>) {
        change(&mut self.service);
        if self.rescan() || self.is_stopped() {
            return;
        }
        let current = self.directory.as_ref().map(|directory| directory.current());
        // The plugins are those in service, so none of them has to go for what it cannot answer now.
        match self.service.swap(&current.unwrap_or_else(Generation::without_plugins)) {
            Ok(Some(report)) => tell(&report),
            Ok(None) => self.orders.give(Order::Stop),
            Err(fault) => self.service.refused(&format!("{fault}; the change waits for the next swap")),
        }
    }

    /// Swaps a generation in. If one of its plugins cannot answer about the instruments there are, it goes back to what
    /// it was and the rest is tried again. True if there was a swap.
    fn take_into_service(&mut self, directory: &Directory, mut generation: Arc<Generation>) -> bool {
        while !self.is_stopped() {
            match self.service.swap(&generation) {
                Ok(Some(report)) => {
                    tell(&report);
                    self.probation = Some((generation, Instant::now()));
                    return true;
                }
                Ok(None) => {
                    self.orders.give(Order::Stop);
                    return false;
                }
                Err(fault) => match self.reject(directory, &generation, &fault) {
                    Some(next) => generation = next,
                    None => return false,
                },
            }
        }
        false
    }

    /// Takes a plugin out of a generation; the next generation to try, if there is one.
    fn reject(
        &mut self,
        directory: &Directory,
        generation: &Generation,
        fault: &ViewFault,
    ) -> Option<Arc<Generation>> {
        let (next, failure) = match directory.reject(generation, &fault.view, fault) {
            Rejection::Try { generation, failure } => (Some(generation), failure),
            Rejection::Back { failure, .. } => (None, failure),
            Rejection::Stale(current) => (Some(current), None),
        };
        match failure {
            Some(failure) => self.service.refused(&failure.to_string()),
            None => self.service.refused(&fault.to_string()),
        }
        next
    }

    /// Starts plugins again whose wait is over, and has everything asked again that was asked of them in vain: others could have
    /// asked since, and a series that began without them would go on so.
    fn look_after_those_in_backoff(&mut self) {
        let Some(directory) = self.directory.clone() else { return };
        let generation = directory.current();
        let revived: Vec<_> = generation.plugins().iter().filter(|plugin| plugin.revive()).collect();
        if revived.is_empty() || self.is_stopped() {
            return;
        }
        for plugin in revived {
            tracing::info!(plugin = %plugin.name(), "plugin started again; what it was asked in vain is asked again");
        }
        let probation = self.probation.take();
        self.take_into_service(&directory, generation);
        // The newcomers among them are no newer for it.
        let goes_on = |began: &(Arc<Generation>, Instant)| {
            self.probation.as_ref().is_some_and(|(now, _)| now.number() == began.0.number())
        };
        if probation.as_ref().is_some_and(goes_on) || probation.is_none() {
            self.probation = probation;
        }
    }

    /// Takes back a new plugin that stops answering.
    fn look_after_newcomers(&mut self) {
        let Some((generation, since)) = self.probation.clone() else { return };
        let Some(directory) = self.directory.clone() else { return };
        if directory.current().number() != generation.number() {
            self.probation = None;
            return;
        }
        if since.elapsed() > PROBATION {
            generation.plugins().iter().for_each(|plugin| plugin.settle());
            self.probation = None;
            return;
        }
        let stopped = generation.plugins().iter().find_map(|plugin| Some((plugin, plugin.gives_up()?)));
        let Some((plugin, reason)) = stopped else { return };
        let fault = ViewFault { view: plugin.name().into(), reason };
        self.probation = None;
        let next = self.reject(&directory, &generation, &fault).unwrap_or_else(|| directory.current());
        self.take_into_service(&directory, next);
        // What serves now has served before.
        self.probation = None;
    }
}

fn tell(report: &SwapReport) {
    tracing::info!(
        generation = report.generation,
        instruments = report.instruments,
        series_kept = report.kept,
        series_started = report.started,
        series_ended = report.ended,
        "plugins swapped"
    );
}
