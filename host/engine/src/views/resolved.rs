//! The answer of all Views about one instrument: its streams, with everything the Views leave open still open.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};

use thin_vec::ThinVec;
use wasmeter_model::{
    Aggregation, AttributeRule, Attributes, Combine, Instrument, InstrumentKind, Origin, Resource, StreamSpec,
};

use super::view::ask;
use super::{View, ViewFault};
use crate::exemplar::Choice;
use crate::stream::overflow_attributes;

/// A View's fault, and what is done without it.
pub(crate) struct Fault {
    pub(crate) fault: ViewFault,
    /// For messages.
    pub(crate) passed_over: &'static str,
}

impl From<ViewFault> for Fault {
    fn from(fault: ViewFault) -> Self {
        Self { fault, passed_over: "the view is passed over" }
    }
}

/// What to do about a View that cannot answer, or whose answer means nothing: give up with the fault, or pass it over.
pub(crate) type OnFault<'a> = &'a mut dyn FnMut(Fault) -> Result<(), ViewFault>;

/// One step of an attribute chain with the View that answers it if it is computed.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) view: Arc<dyn View>,
    pub(crate) rule: AttributeRule,
}

/// One stream of an instrument.
#[derive(Clone, Default)]
pub(crate) struct ResolvedStream {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) unit: Option<Arc<str>>,
    pub(crate) attributes: Vec<Step>,
    pub(crate) resource: Vec<Step>,
    pub(crate) aggregation: Aggregation,
    /// As in [`StreamSpec::approximate_buckets`], of the View whose aggregation it is.
    pub(crate) approximate_buckets: bool,
    pub(crate) combine: Option<Combine>,
    pub(crate) cardinality_limit: Option<NonZeroU32>,
    pub(crate) reservoirs: Choice,
}

/// All streams of an instrument, with the resource each of them belongs to.
#[derive(Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) streams: Box<[(Arc<ResolvedStream>, Arc<Resource>)]>,
    /// What the Views asked for and cannot have.
    pub(crate) notices: ThinVec<String>,
    /// There are none as its Meter is disabled.
    pub(crate) is_disabled: bool,
}

/// How a stream aggregates, with nothing left open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Aggregator {
    /// Nothing: one reader drops the kind of instrument, others may not.
    Drop,
    Sum,
    LastValue,
    Explicit {
        boundaries: Option<Arc<[f64]>>,
        record_min_max: bool,
        /// Whether received buckets that others lie across are counted as if their values were in the middle.
        approximate: bool,
    },
    Exponential {
        max_size: u32,
        max_scale: i8,
        record_min_max: bool,
    },
}

impl ResolvedStream {
    /// Where no View says anything, as for most instruments, it is one for all.
    pub(crate) fn shared(self) -> Arc<Self> {
        static NOTHING: LazyLock<Arc<ResolvedStream>> = LazyLock::new(Arc::default);
        if self.is_nothing() { NOTHING.clone() } else { Arc::new(self) }
    }

    fn is_nothing(&self) -> bool {
        let Self { name, description, unit, attributes, resource, .. } = self;
        let Self { aggregation, combine, cardinality_limit, reservoirs, .. } = self;
        [name, description, unit].iter().all(|text| text.is_none())
            && [attributes, resource].iter().all(|steps| steps.is_empty())
            && *aggregation == Aggregation::Default
            && combine.is_none()
            && cardinality_limit.is_none()
            && *reservoirs == Choice::default()
    }

    /// Lays a View's answer over what the Views before it said: the last one to speak about an aspect wins, attribute
    /// rules are chained, and an aggregation is taken or left as a whole (conformance row F6).
    pub(crate) fn overlay(&mut self, view: &Arc<dyn View>, spec: &StreamSpec) {
        let replace = |mine: &mut Option<Arc<str>>, theirs: &Option<Arc<str>>| {
            if theirs.is_some() {
                mine.clone_from(theirs);
            }
        };
        replace(&mut self.name, &spec.name);
        replace(&mut self.description, &spec.description);
        replace(&mut self.unit, &spec.unit);
        let steps = |rules: &[AttributeRule]| -> Vec<Step> {
            rules.iter().map(|rule| Step { view: view.clone(), rule: rule.clone() }).collect()
        };
        self.attributes.extend(steps(&spec.attributes));
        self.resource.extend(steps(&spec.resource));
        if spec.aggregation != Aggregation::Default {
            self.aggregation = spec.aggregation.clone();
            self.approximate_buckets = spec.approximate_buckets;
        }
        self.combine = spec.combine.or(self.combine);
        self.cardinality_limit = spec.cardinality_limit.or(self.cardinality_limit);
        if let Some(choice) = Choice::of(view, spec.exemplar_reservoir) {
            self.reservoirs = choice;
        }
    }

    /// What becomes of a point's attributes; `None`: its measurements are dropped from this stream.
    fn map(
        &self,
        instrument: &Instrument,
        attributes: &Attributes,
        on_fault: OnFault<'_>,
    ) -> Result<Option<Attributes>, ViewFault> {
        if self.attributes.is_empty() {
            // The advice counts only where no View says anything (conformance row E3).
            return Ok(Some(match (&instrument.advisory.attributes, instrument.origin) {
                (Some(advised), Origin::Recorded) => {
                    attributes.filter(|key| advised.iter().any(|kept| **kept == *key))
                }
                _ => attributes.clone(),
            }));
        }
        run(&self.attributes, attributes, on_fault)
    }

    /// The combination of states where several sources become one series.
    pub(crate) fn combine_of(&self, kind: InstrumentKind, aggregator: &Aggregator) -> Combine {
        self.combine.unwrap_or(match (aggregator, kind) {
            (
                Aggregator::LastValue,
                InstrumentKind::UpDownCounter | InstrumentKind::ObservableUpDownCounter,
            )
            | (Aggregator::Sum, _) => Combine::Sum,
            _ => Combine::Last,
        })
    }
}

/// Applies a chain of steps, each to the result of the one before. A step that cannot answer keeps the set, if `on_fault`
/// permits.
pub(crate) fn run(
    steps: &[Step],
    attributes: &Attributes,
    on_fault: OnFault<'_>,
) -> Result<Option<Attributes>, ViewFault> {
    let mut set = attributes.clone();
    for step in steps {
        set = match &step.rule {
            AttributeRule::Include(patterns) => {
                set.filter(|key| patterns.iter().any(|pattern| pattern.matches(key)))
            }
            AttributeRule::Exclude(patterns) => {
                set.filter(|key| !patterns.iter().any(|pattern| pattern.matches(key)))
            }
            AttributeRule::Computed(tag) => {
                match ask(step.view.as_ref(), |view| view.map_attributes(*tag, &set)) {
                    Ok(Some(mapped)) => mapped,
                    Ok(None) => return Ok(None),
                    Err(fault) => {
                        on_fault(fault.into())?;
                        set
                    }
                }
            }
        };
    }
    Ok(Some(set))
}

/// True if there is an attribute without a key, which is none (common specification, "Attribute"). Keys are in order, so it
/// is the first.
pub(crate) fn has_empty_key(attributes: &Attributes) -> bool {
    attributes.iter().next().is_some_and(|(key, _)| key.is_empty())
}

impl Resolved {
    /// The streams without any View: the instrument as it is.
    pub(crate) fn unviewed(instrument: &Instrument) -> Self {
        let streams = [(ResolvedStream::default().shared(), instrument.resource.clone())];
        Self { streams: streams.into(), ..Self::default() }
    }

    /// What becomes of a set in each of the streams.
    pub(crate) fn map(
        &self,
        instrument: &Instrument,
        attributes: &Attributes,
        on_fault: OnFault<'_>,
    ) -> Result<Vec<Option<Attributes>>, ViewFault> {
        // What stands for many sets is none that a View could say anything about.
        if attributes == overflow_attributes() {
            return Ok(vec![Some(attributes.clone()); self.streams.len()]);
        }
        let without;
        let mut attributes = attributes;
        if has_empty_key(attributes) {
            without = attributes.filter(|key| !key.is_empty());
            attributes = &without;
        }
        self.streams.iter().map(|(stream, _)| stream.map(instrument, attributes, on_fault)).collect()
    }
}
