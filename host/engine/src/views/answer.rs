//! What Views answer about an instrument, without the settings that mean nothing for it.

use std::sync::Arc;

use wasmeter_model::{Aggregation, ExemplarReservoir, Instrument, StreamSpec};

use super::resolved::{Fault, OnFault};
use super::validity::{aggregation_name, aggregation_problem, can_become, name_problem, reservoir_problem};
use super::view::ask;
use super::{Mode, View, ViewFault};
use crate::instrument::Form;

/// A View's answer with the View, to call it back for computed attributes.
pub(super) type Answer<'a> = (&'a Arc<dyn View>, Vec<StreamSpec>);

/// What to do where buckets could be had approximately.
pub(crate) const ALLOW: &str = "set `approximate_buckets` if an approximation will do";

/// What Views are asked about.
pub(super) struct Question<'a> {
    pub(super) instrument: &'a Instrument,
    pub(super) form: Form,
    /// Where it is told what a View asked for and cannot have.
    pub(super) notices: &'a mut Vec<String>,
}

impl Question<'_> {
    /// The answers of the Views that have one.
    ///
    /// With a setting that means nothing, such as descending boundaries, an independent View is passed over as a whole. Of
    /// one that composes only the setting is, so that the View before it has its say (metrics SDK, "Measurement processing").
    pub(super) fn ask<'v>(
        &mut self,
        views: &'v [Arc<dyn View>],
        mode: Mode,
        on_fault: OnFault<'_>,
    ) -> Result<Vec<Answer<'v>>, ViewFault> {
        let mut answers = Vec::new();
        for view in views {
            let answer = match ask(view.as_ref(), |view| view.streams(self.instrument)) {
                Ok(answer) => answer,
                Err(fault) => {
                    on_fault(fault.into())?;
                    None
                }
            };
            let Some(mut specs) = answer else { continue };
            let checked = match mode {
                Mode::Independent => self.check_whole(view, &specs, on_fault)?,
                Mode::Composable => {
                    specs.iter_mut().try_for_each(|spec| check_each(view, spec, on_fault))?;
                    true
                }
            };
            if !checked {
                continue;
            }
            specs.iter_mut().for_each(|spec| self.grant(spec));
            if specs.is_empty() {
                specs.push(StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() });
            }
            answers.push((view, specs));
        }
        Ok(answers)
    }

    /// False if something in the answer means nothing.
    fn check_whole(
        &self,
        view: &Arc<dyn View>,
        specs: &[StreamSpec],
        on_fault: OnFault<'_>,
    ) -> Result<bool, ViewFault> {
        let problem = specs.iter().find_map(|spec| {
            let problem = name_problem(spec).or_else(|| aggregation_problem(&spec.aggregation));
            problem.or_else(|| reservoir_problem(spec))
        });
        let Some(reason) = problem else { return Ok(true) };
        on_fault(ViewFault { view: view.name().into(), reason }.into())?;
        Ok(false)
    }

    /// Takes back what received points cannot become; they stay as received, unless an earlier View asks for something else.
    fn grant(&mut self, spec: &mut StreamSpec) {
        if !can_become(self.form, &spec.aggregation, spec.approximate_buckets) {
            let (form, wanted) = (self.form.name(), aggregation_name(&spec.aggregation));
            let notice = if can_become(self.form, &spec.aggregation, true) {
                format!("the received {form} cannot become {wanted} exactly; it stays as received: {ALLOW}")
            } else {
                format!("the received {form} cannot become {wanted}; it stays as received")
            };
            self.notices.push(notice);
            spec.aggregation = Aggregation::Default;
        }
    }
}

/// Takes out the settings that mean nothing.
fn check_each(view: &Arc<dyn View>, spec: &mut StreamSpec, on_fault: OnFault<'_>) -> Result<(), ViewFault> {
    let fault =
        |reason, passed_over| Fault { fault: ViewFault { view: view.name().into(), reason }, passed_over };
    if let Some(reason) = name_problem(spec) {
        on_fault(fault(reason, "its stream name is passed over"))?;
        spec.name = None;
    }
    if let Some(reason) = aggregation_problem(&spec.aggregation) {
        on_fault(fault(reason, "its aggregation is passed over"))?;
        spec.aggregation = Aggregation::Default;
    }
    if let Some(reason) = reservoir_problem(spec) {
        on_fault(fault(reason, "its exemplar reservoir is passed over"))?;
        spec.exemplar_reservoir = ExemplarReservoir::Default;
    }
    Ok(())
}
