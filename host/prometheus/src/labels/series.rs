//! The labels of series after series: what many of them have in common is worked out once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use wasmeter_model::frame::{Frame, SetId, StringId, ValueId};

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
    plans: Plans,
    /// By value: the key it was asked for with last, and that label, `None` if the value is empty.
    pairs: Vec<Option<(StringId, Option<LabelId>)>>,
    sources: Sources,
    /// Those of the series that was asked for last.
    found: Vec<LabelId>,
}

/// The labels of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// By name; see [`settle`].
    pub(crate) labels: &'a [LabelId],
    /// Other sets of the open metric that have the same number here have other labels. `None`: they may have the same.
    pub(crate) group: Option<usize>,
}

/// What labels were made of.
struct Sources {
    /// By label: the pair, if it was one.
    pairs: Vec<Option<(StringId, ValueId)>>,
    /// Whether no two pairs became the same label, and none became nothing.
    is_one_to_one: bool,
}

impl Sources {
    /// Takes down what a pair became; `known` labels were there before.
    fn add(&mut self, pair: (StringId, ValueId), label: Option<LabelId>, known: usize) {
        let place = label.map(|LabelId(id)| id as usize);
        if let Some(place) = place.filter(|place| *place >= known) {
            self.pairs.resize(place, None);
            return self.pairs.push(Some(pair));
        }
        let source = place.and_then(|place| *self.pairs.get(place)?);
        self.is_one_to_one &= source == Some(pair);
    }
}

/// What is done with sets of the same keys, in the open scope and metric.
#[derive(Default)]
struct Plans {
    all: Vec<(Vec<StringId>, Plan)>,
    by_keys: HashMap<Vec<StringId>, usize, RandomState>,
    /// The one that was asked for last: it mostly is the next one, too.
    recent: usize,
}

impl Plans {
    fn clear(&mut self) {
        *self = Self::default();
    }

    /// The plan for sets of these keys, made if it is new, with its number.
    fn of(&mut self, keys: &[StringId], make: impl FnOnce() -> Plan) -> (usize, Option<&Plan>) {
        if self.all.get(self.recent).is_none_or(|(known, _)| known != keys) {
            self.recent = match self.by_keys.get(keys) {
                Some(number) => *number,
                None => {
                    self.by_keys.insert(keys.to_vec(), self.all.len());
                    self.all.push((keys.to_vec(), make()));
                    self.all.len() - 1
                }
            };
        }
        (self.recent, self.all.get(self.recent).map(|(_, plan)| plan))
    }
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
        Self {
            frame,
            strategy,
            shared: Vec::new(),
            reserved: None,
            plans: Plans::default(),
            pairs: vec![None; frame.values.tags.len()],
            sources: Sources { pairs: Vec::with_capacity(frame.values.tags.len()), is_one_to_one: true },
            found: Vec::new(),
        }
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

    /// The labels of the series of a set.
    pub(crate) fn of(&mut self, set: SetId, texts: &mut LabelTexts) -> Found<'_> {
        let Self { frame, strategy, shared, reserved, plans, pairs, sources, found } = self;
        let (keys, values) = frame.pair_ids(set);
        found.clear();
        let (number, plan) = plans.of(keys, || plan(frame, *strategy, shared, *reserved, keys, texts));
        let Some(Plan::Apart(parts)) = plan else {
            let own: Vec<Label<'_>> = frame
                .pairs(set)
                .map(|(key, value)| Label::new(names::label(*strategy, key), key, Origin::Point, value))
                .collect();
            let settled = settle(shared, &own, *reserved);
            found.extend(settled.iter().map(|(name, value)| texts.id(name, value)));
            return Found { labels: found, group: None };
        };
        for part in parts {
            let (place, name) = match part {
                Part::Own(place, name) => (*place, name),
                Part::Shared(id) => {
                    found.push(*id);
                    continue;
                }
            };
            let (Some(key), Some(value)) = (keys.get(place), values.get(place)) else { continue };
            let Some(known) = pairs.get_mut(value.0 as usize) else { continue };
            let label = match known {
                Some((last, label)) if last == key => *label,
                _ => {
                    let (text, known_before) =
                        (value_text(frame.values.get(*value, &frame.strings)), texts.len());
                    let label = (!text.is_empty()).then(|| texts.id(name, &text));
                    sources.add((*key, *value), label, known_before);
                    *known = Some((*key, label));
                    label
                }
            };
            found.extend(label);
        }
        Found { labels: found, group: sources.is_one_to_one.then_some(number) }
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
