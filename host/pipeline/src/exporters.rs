//! The exporters of the plugin directory: a reader for each, which comes and goes with it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use wasmeter_engine::{PreparedSwap, ReaderConfig};
use wasmeter_runtime::Exporter;

use crate::Collected;

/// How the reader of an exporter hears of changes. It is periodic, and whoever starts it runs it.
pub trait ExportReader {
    /// Another build serves from now on. It prefers what the one before does, which is flushed and shut down beside it.
    fn succeed(&self, successor: Exporter);

    /// The reader is to export this and to end, and its exporter with it.
    fn end(&self, last: Collected);
}

impl<R: ExportReader> ExportReader for Arc<R> {
    fn succeed(&self, successor: Exporter) {
        (**self).succeed(successor);
    }

    fn end(&self, last: Collected) {
        (**self).end(last);
    }
}

/// The readers at work, by the file of the exporter. A build whose preference is that of the one before goes on with its
/// reader and loses nothing; one that wants something else gets another reader, and the series of that begin with it.
#[derive(Debug)]
pub struct Exporters<R> {
    running: BTreeMap<PathBuf, Running<R>>,
}

#[derive(Debug)]
struct Running<R> {
    exporter: Exporter,
    /// The reader's number in the engine.
    number: usize,
    reader: R,
}

/// What is to change with a swap.
#[derive(Debug, Default)]
pub struct Plan {
    starting: Vec<Exporter>,
    succeeding: Vec<Exporter>,
    /// Files and the numbers of their readers.
    ending: Vec<(PathBuf, usize)>,
}

impl Plan {
    /// What the engine needs to know of the readers that come, in their order.
    pub fn added(&self) -> Vec<ReaderConfig> {
        self.starting.iter().map(reader_config).collect()
    }

    /// Has the readers come and go with a swap.
    pub fn prepare(&self, swap: &mut PreparedSwap) {
        self.added().into_iter().for_each(|reader| swap.add_reader(reader));
        self.ending.iter().for_each(|(_, number)| swap.remove_reader(*number));
    }
}

fn reader_config(exporter: &Exporter) -> ReaderConfig {
    let preference = exporter.preference();
    ReaderConfig {
        temporality: preference.temporality,
        aggregations: preference.aggregations,
        ..ReaderConfig::default()
    }
}

impl<R> Default for Exporters<R> {
    fn default() -> Self {
        Self { running: BTreeMap::new() }
    }
}

impl<R: ExportReader> Exporters<R> {
    /// What has to change for these to be the ones that export.
    pub fn plan(&self, wanted: Vec<Exporter>) -> Plan {
        let mut plan = Plan::default();
        let stays = |file: &PathBuf, running: &Running<R>| {
            let wanted = wanted.iter().find(|exporter| exporter.file() == file);
            wanted.is_some_and(|wanted| wanted.preference() == running.exporter.preference())
        };
        let ending = self.running.iter().filter(|(file, running)| !stays(file, running));
        plan.ending = ending.map(|(file, running)| (file.clone(), running.number)).collect();
        for exporter in wanted {
            match self.running.get(exporter.file()) {
                Some(running) if running.exporter.is(&exporter) => {}
                Some(running) if running.exporter.preference() == exporter.preference() => {
                    plan.succeeding.push(exporter);
                }
                _ => plan.starting.push(exporter),
            }
        }
        plan
    }

    /// Carries out a plan. `numbers` are those of the readers that were added, `last` what those that go have collected at
    /// last, both in the plan's order. `start` puts the reader of an exporter to work, which has this number.
    pub fn carry_out(
        &mut self,
        plan: Plan,
        numbers: impl IntoIterator<Item = usize>,
        last: impl IntoIterator<Item = Collected>,
        mut start: impl FnMut(&Exporter, usize) -> R,
    ) {
        for ((file, _), last) in plan.ending.into_iter().zip(last) {
            if let Some(running) = self.running.remove(&file) {
                running.reader.end(last);
            }
        }
        for exporter in plan.succeeding {
            if let Some(running) = self.running.get_mut(exporter.file()) {
                running.exporter = exporter.clone();
                running.reader.succeed(exporter);
            }
        }
        for (exporter, number) in plan.starting.into_iter().zip(numbers) {
            let reader = start(&exporter, number);
            self.running.insert(exporter.file().to_owned(), Running { exporter, number, reader });
        }
    }

    /// The readers at work.
    pub fn readers(&self) -> impl Iterator<Item = &R> {
        self.running.values().map(|running| &running.reader)
    }
}
