//! Replacing all Views at once, without losing or doubling a measurement.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use wasmeter_model::frame::Frame;
use wasmeter_model::{Attributes, Timestamp};

use super::Inner;
use super::inner::{Control, Generation, faults_of_reader};
use crate::ReaderConfig;
use crate::instrument::Plan;
use crate::lock;
use crate::pipeline::{Pipeline, Pipelines};
use crate::report::SwapReport;
use crate::sync::Mutex;
use crate::views::{Composition, Fault, ViewFault, Views};

/// Views that were asked everything there was to ask, ready to be put into service, and the readers that come and go with
/// them. Readers that stay keep all they have.
pub struct PreparedSwap {
    composition: Composition,
    plans: HashMap<u64, Plan>,
    removed: Vec<usize>,
    added: Vec<ReaderConfig>,
}

impl PreparedSwap {
    /// Removes a reader, with everything that is kept for it alone. What it has not collected yet is in [`SwapReport::last`]: all
    /// that was counted before the swap, and the end of each series. A reader that does not exist has nothing there.
    pub fn remove_reader(&mut self, reader: usize) {
        self.removed.push(reader);
    }

    /// Adds a reader. Its number is in [`SwapReport::readers`]; no other reader of the engine ever has or had it. For it series of
    /// measurements begin with the swap, and what is current is so from the first collection on. Deltas of what callbacks report
    /// begin with what any reader was told last, where that is known, and with nothing otherwise.
    pub fn add_reader(&mut self, config: ReaderConfig) {
        self.added.push(config);
    }
}

impl std::fmt::Debug for PreparedSwap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedSwap").field("instruments", &self.plans.len()).finish_non_exhaustive()
    }
}

impl Inner {
    /// Asks every View everything, off to the side: a fault here costs nothing, and nobody waits.
    pub(crate) fn prepare_swap(&self, views: Views) -> Result<PreparedSwap, ViewFault> {
        let composition = Composition::new(views);
        let mut refuse = |fault: Fault| Err(fault.fault);
        let mut plans = HashMap::new();
        for entry in self.entries() {
            let sources: Vec<Attributes> = {
                let state = lock(&entry.state);
                state.sources.values().map(|source| source.attributes.clone()).collect()
            };
            let mut plan = Plan {
                resolved: composition.resolve(&entry.instrument, entry.form, &mut refuse)?,
                mapped: HashMap::default(),
            };
            for attributes in sources {
                let mapped = plan.resolved.map(&entry.instrument, &attributes, &mut refuse)?;
                plan.mapped.insert(attributes, mapped);
            }
            plans.insert(entry.id, plan);
        }
        Ok(PreparedSwap { composition, plans, removed: Vec::new(), added: Vec::new() })
    }

    /// Makes the new generation the current one. Each instrument takes its routes under its own lock: from here on or, if a
    /// measurement comes first, with that measurement. What has appeared since the Views were asked is asked about now.
    pub(crate) fn commit_swap(&self, prepared: PreparedSwap, now: Timestamp) -> SwapReport {
        // No collection sees half a swap, and swaps come one after the other.
        let mut control = lock(&self.control);
        let PreparedSwap { composition, plans, removed, added } = prepared;
        let before = self.current_generation();
        let number = before.number + 1;
        let swap = self.next(&mut control, now);
        let in_service = |number| before.pipelines.iter().find(|pipeline| pipeline.is(number)).cloned();
        let gone: Vec<_> = removed.into_iter().map(in_service).collect();
        let (pipelines, readers) =
            self.change_readers(&mut control, swap.number, &before.pipelines, &gone, added);
        drop(before);
        let plans = Mutex::new(plans);
        let generation = Arc::new(Generation { number, composition, swap, pipelines, plans });
        *self.generation.write().unwrap_or_else(PoisonError::into_inner) = generation.clone();
        let mut report = SwapReport { generation: number, readers, ..SwapReport::default() };
        for entry in self.entries() {
            let mut state = lock(&entry.state);
            let rerouted = self.bring_up_to_date(&entry, &mut state, swap.now);
            report.instruments += 1;
            report.kept += rerouted.kept;
            report.started += rerouted.started;
            report.ended += rerouted.ended;
        }
        lock(&generation.plans).clear();
        // Nothing leads there any more, so this is all there will ever be.
        report.last = gone
            .iter()
            .map(|reader| {
                reader
                    .as_ref()
                    .map_or_else(Frame::default, |reader| self.emit(reader, self.next(&mut control, now)))
            })
            .collect();
        for pipeline in generation.pipelines.iter() {
            pipeline.forget_dead();
        }
        report
    }

    /// The readers after a swap, each at its place, and the numbers of the added ones.
    fn change_readers(
        &self,
        control: &mut Control,
        came: u64,
        before: &[Arc<Pipeline>],
        gone: &[Option<Arc<Pipeline>>],
        added: Vec<ReaderConfig>,
    ) -> (Pipelines, Vec<usize>) {
        let mut pipelines = before.to_vec();
        // Not those of readers that go with this swap: see `Generation::pipelines`.
        let free = before.iter().enumerate().filter(|(_, pipeline)| pipeline.is_closed()).map(|(at, _)| at);
        let places: Vec<usize> = free.chain(before.len()..).take(added.len()).collect();
        let first = control.next_reader;
        control.next_reader += added.len();
        for ((number, place), config) in (first..).zip(places).zip(added) {
            faults_of_reader(number, &config).for_each(|fault| self.notice(&fault.instrument, fault.message));
            let pipeline = Arc::new(Pipeline::new(number, came, config));
            match pipelines.get_mut(place) {
                Some(closed) => *closed = pipeline,
                None => pipelines.push(pipeline),
            }
        }
        for pipeline in &mut pipelines {
            if gone.iter().flatten().any(|gone| Arc::ptr_eq(gone, pipeline)) {
                *pipeline = Arc::new(Pipeline::closed());
            }
        }
        (pipelines.into(), (first..control.next_reader).collect())
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
