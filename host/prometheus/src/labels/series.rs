//! The labels of series after series: what many of them have in common is worked out once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use wasmeter_model::ValueRef;
use wasmeter_model::frame::{Frame, SetId, StringId, ValueId};

use super::{Label, LabelId, LabelTexts, Origin, settle, value_text};
use crate::TranslationStrategy;

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
    names: Names,
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

/// The names of labels, and of which all values so far were attributes that are text.
#[derive(Default)]
struct Names {
    /// By number.
    are_texts: Vec<bool>,
    by_name: HashMap<String, usize, RandomState>,
}

impl Names {
    /// The number of a name.
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        self.by_name.insert(name.to_owned(), self.are_texts.len());
        self.are_texts.push(true);
        self.are_texts.len() - 1
    }

    /// Takes down that a label of this name is something else.
    fn other(&mut self, name: &str) {
        let number = self.number(name);
        self.other_at(number);
    }

    fn other_at(&mut self, number: usize) {
        self.are_texts.get_mut(number).into_iter().for_each(|are_texts| *are_texts = false);
    }

    /// Whether a label of this name is certain to be new if its value has not been asked for: a frame has each text once. What is no text
    /// may be written like one.
    fn is_new(&mut self, number: usize, value: ValueRef<'_>) -> bool {
        if !matches!(value, ValueRef::String(_)) {
            self.other_at(number);
        }
        self.are_texts.get(number).is_some_and(|are_texts| *are_texts)
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
    /// The attribute at a place of the set, its name on the page, and the number of that name.
    Own(usize, String, usize),
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
            names: Names::default(),
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
        let Self { frame, strategy, shared, reserved, plans, pairs, sources, names, found } = self;
        let (keys, values) = frame.pair_ids(set);
        found.clear();
        let (number, plan) = plans.of(keys, || plan(frame, *strategy, shared, *reserved, keys, names, texts));
        let Some(Plan::Apart(parts)) = plan else {
            let own: Vec<Label<'_>> = frame
                .pairs(set)
                .map(|(key, value)| {
                    Label::new(crate::names::label(*strategy, key), key, Origin::Point, value)
                })
                .collect();
            let settled = settle(shared, &own, *reserved);
            for (name, value) in &settled {
                names.other(name);
                found.push(texts.id(name, value));
            }
            return Found { labels: found, group: None };
        };
        for part in parts {
            let (place, name, number) = match part {
                Part::Own(place, name, number) => (*place, name, *number),
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
                    let of_frame = frame.values.get(*value, &frame.strings);
                    let is_new = names.is_new(number, of_frame) && known.is_none();
                    let (text, known_before) = (value_text(of_frame), texts.len());
                    let label = (!text.is_empty())
                        .then(|| if is_new { texts.push(name, &text) } else { texts.id(name, &text) });
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
    names: &mut Names,
    texts: &mut LabelTexts,
) -> Plan {
    let own = keys.iter().map(|key| crate::names::label(strategy, frame.strings.get(*key)));
    let own = own.enumerate().map(|(place, name)| (name, Some(place)));
    let mut labels: Vec<(String, Option<usize>)> =
        shared.iter().map(|label| (label.name.clone(), None)).chain(own).collect();
    labels.sort();
    let collide = labels.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
    if collide || labels.iter().any(|(name, _)| reserved == Some(name)) {
        return Plan::Joined;
    }
    let part = |(name, place): (String, Option<usize>)| match place {
        Some(place) => {
            let number = names.number(&name);
            Some(Part::Own(place, name, number))
        }
        None => {
            names.other(&name);
            let label = shared.iter().find(|label| label.name == name && !label.value.is_empty())?;
            Some(Part::Shared(texts.id(&name, &label.value)))
        }
    };
    Plan::Apart(labels.into_iter().filter_map(part).collect())
}
