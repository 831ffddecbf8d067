//! Replacing all Views at once, without losing or doubling a measurement.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use wasmeter_model::{Attributes, Timestamp};

use super::Inner;
use super::inner::Generation;
use crate::instrument::Plan;
use crate::lock;
use crate::report::SwapReport;
use crate::sync::Mutex;
use crate::views::{Composition, Fault, ViewFault, Views};

/// Views that were asked everything there was to ask, ready to be put into service.
pub struct PreparedSwap {
    composition: Composition,
    plans: HashMap<u64, Plan>,
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
        Ok(PreparedSwap { composition, plans })
    }

    /// Makes the new generation the current one. Each instrument takes its routes under its own lock: from here on or, if a
    /// measurement comes first, with that measurement. What has appeared since the Views were asked is asked about now.
    pub(crate) fn commit_swap(&self, prepared: PreparedSwap, now: Timestamp) -> SwapReport {
        // No collection sees half a swap, and swaps come one after the other.
        let mut control = lock(&self.control);
        let PreparedSwap { composition, plans } = prepared;
        let number = self.current_generation().number + 1;
        let swap = control.next(now);
        let generation = Arc::new(Generation { number, composition, swap, plans: Mutex::new(plans) });
        *self.generation.write().unwrap_or_else(PoisonError::into_inner) = generation.clone();
        let mut report = SwapReport { generation: number, ..SwapReport::default() };
        for entry in self.entries() {
            let mut state = lock(&entry.state);
            let rerouted = self.bring_up_to_date(&entry, &mut state, swap.now);
            report.instruments += 1;
            report.kept += rerouted.kept;
            report.started += rerouted.started;
            report.ended += rerouted.ended;
        }
        lock(&generation.plans).clear();
        for pipeline in &self.pipelines {
            pipeline.forget_dead();
        }
        report
    }
}
