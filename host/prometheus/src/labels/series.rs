//! The labels of series after series: what many of them have in common is worked out once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use wasmeter_model::frame::{Frame, SetId, StringId};

use super::{Label, LabelId, LabelTexts, Origin, settle, value_text};
use crate::{TranslationStrategy, names};

/// Finds the labels of the series of a frame.
pub(crate) struct SeriesLabels<'a> {
    frame: &'a Frame,
    strategy: TranslationStrategy,
    /// What every series of the open scope carries.
    shared: Vec<Label<'a>>,
    /// The label that the type of the open metric adds itself.
    reserved: Option<&'static str>,
    /// What is done with sets of the same keys, in the open scope and metric.
    plans: HashMap<Vec<StringId>, Plan, RandomState>,
    /// By value: the key it was asked for with last, and that label, `None` if the value is empty.
    pairs: Vec<Option<(StringId, Option<LabelId>)>>,
    /// Those of the series that was asked for last.
    found: Vec<LabelId>,
}

/// What is done with sets of certain keys.
enum Plan {
    /// No two labels have a name in common, and none is reserved: they stand one by one, by name.
    Apart(Vec<Part>),
    /// Names collide, so values decide.
    Joined,
}

enum Part {
    Shared(LabelId),
    /// The attribute at a place of the set, and its name on the page.
    Own(usize, String),
}

impl<'a> SeriesLabels<'a> {
    pub(crate) fn new(frame: &'a Frame, strategy: TranslationStrategy) -> Self {
        let (plans, pairs) = (HashMap::default(), vec![None; frame.values.tags.len()]);
        Self { frame, strategy, shared: Vec::new(), reserved: None, plans, pairs, found: Vec::new() }
    }

    /// Opens a scope, with what all of its series carry.
    pub(crate) fn open_scope(&mut self, shared: Vec<Label<'a>>) {
        self.shared = shared;
        self.plans.clear();
    }

    /// Opens a metric of the open scope, whose type adds a label of its own.
    pub(crate) fn open_metric(&mut self, reserved: Option<&'static str>) {
        if self.reserved != reserved {
            self.reserved = reserved;
            self.plans.clear();
        }
    }

    /// The labels of the series of a set, by name; see [`settle`].
    pub(crate) fn of(&mut self, set: SetId, texts: &mut LabelTexts) -> &[LabelId] {
        let Self { frame, strategy, shared, reserved, plans, pairs, found } = self;
        let (keys, values) = frame.pair_ids(set);
        found.clear();
        if !plans.contains_key(keys) {
            plans.insert(keys.to_vec(), plan(frame, *strategy, shared, *reserved, keys, texts));
        }
        match plans.get(keys) {
            Some(Plan::Apart(parts)) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Shared(id) => Some(*id),
                Part::Own(place, name) => {
                    let (key, value) = (*keys.get(*place)?, *values.get(*place)?);
                    let known = pairs.get_mut(value.0 as usize)?;
                    if let Some((_, label)) = known.filter(|(known, _)| *known == key) {
                        return label;
                    }
                    let value = value_text(frame.values.get(value, &frame.strings));
                    let label = (!value.is_empty()).then(|| texts.id(name, &value));
                    *known = Some((key, label));
                    label
                }
            })),
            Some(Plan::Joined) | None => {
                let own: Vec<Label<'_>> = frame
                    .pairs(set)
                    .map(|(key, value)| Label::new(names::label(*strategy, key), key, Origin::Point, value))
                    .collect();
                let settled = settle(shared, &own, *reserved);
                found.extend(settled.iter().map(|(name, value)| texts.id(name, value)));
            }
        }
        found
    }
}

fn plan(
    frame: &Frame,
    strategy: TranslationStrategy,
    shared: &[Label<'_>],
    reserved: Option<&str>,
    keys: &[StringId],
    texts: &mut LabelTexts,
) -> Plan {
    let names = keys.iter().map(|key| names::label(strategy, frame.strings.get(*key)));
    let own = names.enumerate().map(|(place, name)| (name, Some(place)));
    let mut labels: Vec<(String, Option<usize>)> =
        shared.iter().map(|label| (label.name.clone(), None)).chain(own).collect();
    labels.sort();
    let collide = labels.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
    if collide || labels.iter().any(|(name, _)| reserved == Some(name)) {
        return Plan::Joined;
    }
    let part = |(name, place): (String, Option<usize>)| match place {
        Some(place) => Some(Part::Own(place, name)),
        None => {
            let label = shared.iter().find(|label| label.name == name && !label.value.is_empty())?;
            Some(Part::Shared(texts.id(&name, &label.value)))
        }
    };
    Plan::Apart(labels.into_iter().filter_map(part).collect())
}
