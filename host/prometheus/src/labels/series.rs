//! The labels of series after series: what many of them have in common is worked out once, and what each has of its own is read from the
//! frame when it is written.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use wasmeter_model::frame::{Frame, Pairs, SetId};
use wasmeter_model::{Attribute, EncodedKey, ValueRef};

use super::{Label, Origin, push, push_bare, push_value, settle, value_text};
use crate::TranslationStrategy;
use crate::out::Out;

/// The labels of all series of a page.
#[derive(Debug)]
pub(crate) struct SeriesLabels {
    strategy: TranslationStrategy,
    plans: Vec<Plan>,
    /// What every series of the open scope carries.
    shared: Arc<[Label<'static>]>,
    /// The label that the type of the open metric adds itself.
    reserved: Option<&'static str>,
    /// The plans of the open scope and metric, by the keys they are for.
    open: HashTable<usize>,
    /// The one that was asked for last: it mostly is the next one, too.
    recent: Option<usize>,
    hasher: RandomState,
}

/// The labels of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelsId {
    plan: u32,
    set: SetId,
}

/// What is known of the labels of a series before they are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) labels: LabelsId,
    /// Other sets of the open metric that have the same number here have other labels. `None`: they may have the same.
    pub(crate) group: Option<usize>,
}

/// What is done with sets of the same keys in one scope and metric.
#[derive(Debug)]
struct Plan {
    keys: Vec<Key>,
    /// Whether sets that differ have labels that differ, as far as they have been seen.
    is_one_to_one: bool,
    way: Way,
}

/// A key, by its place in the set.
#[derive(Debug)]
struct Key {
    key: EncodedKey,
    /// What its values have been so far.
    kind: Kind,
}

/// Values that are written alike are equal if they are of the same kind, but for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// That is not empty.
    Text,
    Int,
    Bool,
    Other,
}

impl Kind {
    #[inline]
    fn of(attribute: Attribute<'_>) -> Self {
        match attribute.text_bytes() {
            Some([]) => Self::Other,
            Some(_) => Self::Text,
            None => match attribute.value() {
                ValueRef::Int(_) => Self::Int,
                ValueRef::Bool(_) => Self::Bool,
                _ => Self::Other,
            },
        }
    }
}

/// How labels are made of a set.
#[derive(Debug)]
enum Way {
    /// No two labels have a name in common, and none is reserved: they stand one by one, by name.
    Apart(Vec<Part>),
    /// Names collide, so values decide.
    Joined { shared: Arc<[Label<'static>]>, reserved: Option<&'static str> },
}

/// Each begins with a comma.
#[derive(Debug)]
enum Part {
    /// All of the label.
    Shared(Out),
    Own(Own),
}

/// The attribute at a place of the set.
#[derive(Debug)]
struct Own {
    place: usize,
    key: EncodedKey,
    /// What comes before its value.
    before: String,
}

impl Part {
    fn shared(name: &str, value: &str) -> Self {
        let mut text = Out::default();
        text.push(',');
        push_bare(&mut text, name, value);
        Self::Shared(text)
    }
}

impl Plan {
    /// True if it is for a set, of which it takes notice then.
    #[inline]
    fn takes(&mut self, set: &Pairs<'_>) -> bool {
        if self.keys.len() != set.len() {
            return false;
        }
        let mut is_one_to_one = self.is_one_to_one;
        for (place, known) in self.keys.iter().enumerate() {
            let kind = match set.text(place, &known.key) {
                Some([]) => Kind::Other,
                Some(_) => Kind::Text,
                None => match set.attribute(place) {
                    Some(other) if other.key_bytes() == known.key.as_str().as_bytes() => Kind::of(other),
                    _ => return false,
                },
            };
            is_one_to_one &= kind == known.kind;
        }
        self.is_one_to_one = is_one_to_one;
        true
    }
}

impl SeriesLabels {
    pub(crate) fn new(strategy: TranslationStrategy) -> Self {
        Self {
            strategy,
            plans: Vec::new(),
            shared: Arc::default(),
            reserved: None,
            open: HashTable::new(),
            recent: None,
            hasher: RandomState::default(),
        }
    }

    /// Opens a scope, with what all of its series carry.
    pub(crate) fn open_scope(&mut self, shared: Vec<Label<'_>>) {
        self.shared = shared.into_iter().map(Label::into_owned).collect();
        self.close();
    }

    /// Opens a metric of the open scope, whose type adds a label of its own.
    pub(crate) fn open_metric(&mut self, reserved: Option<&'static str>) {
        if self.reserved != reserved {
            self.reserved = reserved;
            self.close();
        }
    }

    fn close(&mut self) {
        self.open.clear();
        self.recent = None;
    }

    /// The labels of the series of a set.
    #[inline]
    pub(crate) fn of(&mut self, frame: &Frame, set: SetId) -> Found {
        let pairs = frame.pairs(set);
        let plans = &mut self.plans;
        let recent =
            self.recent.filter(|recent| plans.get_mut(*recent).is_some_and(|plan| plan.takes(&pairs)));
        let number = recent.unwrap_or_else(|| self.find(&pairs));
        self.recent = Some(number);
        let is_one_to_one = self.plans.get(number).is_some_and(|plan| plan.is_one_to_one);
        // A frame numbers its sets with 32 bits too.
        let labels = LabelsId { plan: u32::try_from(number).unwrap_or(u32::MAX), set };
        Found { labels, group: is_one_to_one.then_some(number) }
    }

    /// The plan for a set other than the recent one, which is made if there is none.
    fn find(&mut self, set: &Pairs<'_>) -> usize {
        let Self { strategy, plans, shared, reserved, open, hasher, .. } = self;
        let hash_of = |keys: &mut dyn Iterator<Item = &[u8]>| {
            let mut state = hasher.build_hasher();
            keys.for_each(|key| {
                state.write(key);
                state.write_u8(0xff);
            });
            state.finish()
        };
        let attributes = || (0..set.len()).filter_map(|place| set.attribute(place));
        let hash = hash_of(&mut attributes().map(Attribute::key_bytes));
        let is_it = |plan: &usize| {
            plans.get(*plan).is_some_and(|plan| {
                plan.keys
                    .iter()
                    .map(|key| key.key.as_str().as_bytes())
                    .eq(attributes().map(Attribute::key_bytes))
            })
        };
        if let Some(known) = open.find(hash, is_it).copied() {
            plans.get_mut(known).into_iter().for_each(|plan| {
                plan.takes(set);
            });
            return known;
        }
        let key = |attribute: Attribute<'_>| Key {
            key: EncodedKey::new(attribute.key()),
            kind: Kind::of(attribute),
        };
        let keys: Vec<Key> = attributes().map(key).collect();
        let way = way(*strategy, shared, *reserved, &keys);
        let is_one_to_one = matches!(way, Way::Apart(_)) && keys.iter().all(|key| key.kind != Kind::Other);
        plans.push(Plan { keys, is_one_to_one, way });
        let number = plans.len() - 1;
        let rehash = |plan: &usize| {
            let keys = plans.get(*plan).into_iter().flat_map(|plan| &plan.keys);
            hash_of(&mut keys.map(|key| key.key.as_str().as_bytes()))
        };
        open.insert_unique(hash, number, rehash);
        number
    }

    /// Labels that are the same whatever the set: names and values, by name.
    pub(crate) fn fixed(&mut self, labels: &[(String, String)]) -> LabelsId {
        let way = Way::Apart(labels.iter().map(|(name, value)| Part::shared(name, value)).collect());
        self.plans.push(Plan { keys: Vec::new(), is_one_to_one: false, way });
        LabelsId { plan: u32::try_from(self.plans.len() - 1).unwrap_or(u32::MAX), set: SetId::default() }
    }

    /// Appends the labels of a series of this frame as they stand between the braces: by name, without those that are empty.
    pub(crate) fn write(&self, out: &mut Out, frame: &Frame, LabelsId { plan, set }: LabelsId) {
        let Some(plan) = self.plans.get(plan as usize) else { return };
        let pairs = frame.pairs(set);
        match &plan.way {
            Way::Apart(parts) => push_parts(out, &pairs, parts),
            Way::Joined { shared, reserved } => {
                let name = |key: &str| crate::names::label(self.strategy, key);
                let own: Vec<_> =
                    pairs.map(|(key, value)| Label::new(name(key), key, Origin::Point, value)).collect();
                for (name, value) in settle(shared, &own, *reserved) {
                    push(out, &name, &value);
                }
            }
        }
    }
}

fn push_parts(out: &mut Out, set: &Pairs<'_>, parts: &[Part]) {
    let mut commas = 1;
    let mut push_behind = |out: &mut Out, text: &[u8]| {
        out.push_text(text.get(std::mem::take(&mut commas)..).unwrap_or_default());
    };
    for part in parts {
        let Own { place, key, before } = match part {
            Part::Shared(text) => {
                push_behind(out, text.as_bytes());
                continue;
            }
            Part::Own(own) => own,
        };
        // The plan is for sets that have it there.
        match set.text_of(*place, key) {
            Some([]) => {}
            Some(text) => {
                push_behind(out, before.as_bytes());
                push_value(out, text);
                out.push('"');
            }
            None => {
                let value = set.attribute(*place).map(|attribute| value_text(attribute.value()));
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    push_behind(out, before.as_bytes());
                    push_value(out, value.as_bytes());
                    out.push('"');
                }
            }
        }
    }
}

fn way(
    strategy: TranslationStrategy,
    shared: &Arc<[Label<'static>]>,
    reserved: Option<&'static str>,
    keys: &[Key],
) -> Way {
    let own = keys.iter().map(|key| crate::names::label(strategy, key.key.as_str()));
    let own = own.enumerate().map(|(place, name)| (name, Some(place)));
    let mut labels: Vec<(String, Option<usize>)> =
        shared.iter().map(|label| (label.name.clone(), None)).chain(own).collect();
    labels.sort();
    let collide = labels.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
    if collide || labels.iter().any(|(name, _)| reserved == Some(name)) {
        return Way::Joined { shared: shared.clone(), reserved };
    }
    let part = |(name, place): (String, Option<usize>)| match place {
        Some(place) => {
            let key = keys.get(place)?.key.clone();
            Some(Part::Own(Own { place, key, before: format!(",{name}=\"") }))
        }
        None => {
            let label = shared.iter().find(|label| label.name == name && !label.value.is_empty())?;
            Some(Part::shared(&name, &label.value))
        }
    };
    Way::Apart(labels.into_iter().filter_map(part).collect())
}
