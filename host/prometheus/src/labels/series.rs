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
    names: Names,
    made: Made,
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

/// The labels that attributes have become, by their names and values.
struct Made {
    /// By value: the first name it had, and that label; `None` if the value is empty.
    first: Vec<Option<(NameId, Option<LabelId>)>>,
    /// Of other names that the same value had.
    further: HashMap<(NameId, ValueId), Option<LabelId>, RandomState>,
    /// Whether no two values of a name became the same label, and none became nothing.
    is_one_to_one: bool,
}

impl Made {
    /// The label of a value under a name, made by `make` if it is asked for the first time; `None` if it has none.
    #[inline]
    fn label(
        &mut self,
        name: NameId,
        value: ValueId,
        make: impl FnOnce() -> (Option<LabelId>, IsNew),
    ) -> Option<LabelId> {
        let first = self.first.get_mut(value.0 as usize)?;
        if let Some((known, label)) = first
            && *known == name
        {
            return *label;
        }
        if first.is_some()
            && let Some(label) = self.further.get(&(name, value))
        {
            return *label;
        }
        let (label, IsNew(is_new)) = make();
        self.is_one_to_one &= is_new;
        match first {
            None => *first = Some((name, label)),
            Some(_) => {
                self.further.insert((name, value), label);
            }
        }
        label
    }
}

/// Whether a label was not there before.
struct IsNew(bool);

/// The number of a label's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NameId(u32);

/// The names of labels, and of which all values so far were attributes that are text.
#[derive(Default)]
struct Names {
    /// By number.
    are_texts: Vec<bool>,
    by_name: HashMap<String, NameId, RandomState>,
}

impl Names {
    /// The number of a name.
    fn number(&mut self, name: &str) -> NameId {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        // A frame numbers its keys with 32 bits too, and there are few other names.
        let number = NameId(u32::try_from(self.are_texts.len()).unwrap_or(u32::MAX));
        self.by_name.insert(name.to_owned(), number);
        self.are_texts.push(true);
        number
    }

    /// Takes down that a label of this name is something else, before it is looked for.
    fn other(&mut self, name: &str, texts: &mut LabelTexts) {
        let number = self.number(name);
        self.other_at(number, texts);
    }

    fn other_at(&mut self, number: NameId, texts: &mut LabelTexts) {
        if self.are_texts.get_mut(number.0 as usize).is_some_and(std::mem::take) {
            texts.find_all();
        }
    }

    /// The label of a value that has not been asked for under this name. A frame has each text once, so that as long as there is nothing but
    /// texts it need not be looked for; what is no text may be written like one.
    fn label(
        &mut self,
        number: NameId,
        name: &str,
        value: ValueRef<'_>,
        texts: &mut LabelTexts,
    ) -> (Option<LabelId>, IsNew) {
        if !matches!(value, ValueRef::String(_)) {
            self.other_at(number, texts);
        }
        let text = value_text(value);
        if text.is_empty() {
            return (None, IsNew(false));
        }
        if self.are_texts.get(number.0 as usize).is_some_and(|are_texts| *are_texts) {
            return (Some(texts.push(name, &text)), IsNew(true));
        }
        let known = texts.len();
        let label = texts.id(name, &text);
        (Some(label), IsNew(label.0 as usize >= known))
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
    Own(usize, String, NameId),
}

impl<'a> SeriesLabels<'a> {
    pub(crate) fn new(frame: &'a Frame, strategy: TranslationStrategy) -> Self {
        Self {
            frame,
            strategy,
            shared: Vec::new(),
            reserved: None,
            plans: Plans::default(),
            names: Names::default(),
            made: Made {
                first: vec![None; frame.values.tags.len()],
                further: HashMap::default(),
                is_one_to_one: true,
            },
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
        let Self { frame, strategy, shared, reserved, plans, names, made, found } = self;
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
                names.other(name, texts);
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
            let Some(value) = values.get(place) else { continue };
            let make = || names.label(number, name, frame.values.get(*value, &frame.strings), texts);
            found.extend(made.label(number, *value, make));
        }
        Found { labels: found, group: made.is_one_to_one.then_some(number) }
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
            names.other(&name, texts);
            let label = shared.iter().find(|label| label.name == name && !label.value.is_empty())?;
            Some(Part::Shared(texts.id(&name, &label.value)))
        }
    };
    Plan::Apart(labels.into_iter().filter_map(part).collect())
}
