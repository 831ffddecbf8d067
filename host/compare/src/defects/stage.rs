//! What a case runs on: an engine, and an ear for what it warns of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::metrics::Meter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::{Engine, Setup, Side, text};

pub(super) struct Stage {
    engine: Arc<dyn Engine>,
    warnings: Arc<AtomicU64>,
}

impl Stage {
    /// Runs a case on a new engine whose warnings are heard on this thread.
    pub(super) fn with(side: Side, setup: &Setup, run: fn(&Self) -> String) -> String {
        let warnings = Arc::new(AtomicU64::new(0));
        tracing::subscriber::with_default(Ear(warnings.clone()), || {
            run(&Self { engine: side.build(setup), warnings })
        })
    }

    pub(super) fn meter(&self) -> Meter {
        self.engine.meter()
    }

    /// What the first reader gives out, or why it does not.
    pub(super) fn collect(&self) -> String {
        self.collect_from(0)
    }

    pub(super) fn collect_from(&self, reader: usize) -> String {
        match self.engine.collect(reader) {
            Ok(rows) => text(&rows),
            Err(error) => format!("collecting fails: {error}"),
        }
    }

    /// Whether anything was warned of so far.
    pub(super) fn warned(&self) -> &'static str {
        if self.warnings.load(Ordering::Relaxed) > 0 { "with a warning" } else { "without a warning" }
    }
}

/// Counts warnings and errors, whoever they are from.
struct Ear(Arc<AtomicU64>);

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
