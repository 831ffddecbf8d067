//! Where every series of a load stands: as the load knows it, as a page says it, and as points that were sent on say it. All three are
//! the same type, so that they can be compared series by series.

mod page;
mod verdict;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::{Add, Sub};

pub(crate) use page::read;
pub(crate) use verdict::Verdict;

use crate::requests::Flow;

/// The attributes that tell a series from others, in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(Vec<(String, String)>);

impl Name {
    pub(crate) fn new(mut attributes: Vec<(String, String)>) -> Self {
        attributes.sort();
        Self(attributes)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<_> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        write!(f, "{{{}}}", pairs.join(", "))
    }
}

/// Where a series stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    /// What a sum has counted, where a gauge is, or how many values a histogram has.
    pub(crate) value: f64,
    /// What the values of a histogram add up to; others have none.
    pub(crate) sum: Option<f64>,
}

impl Add for Standing {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = self.sum.zip(other.sum).map(|(one, other)| one + other);
        Self { value: self.value + other.value, sum }
    }
}

impl Sub for Standing {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let sum = self.sum.zip(other.sum).map(|(one, other)| one - other);
        Self { value: self.value - other.value, sum }
    }
}

/// What points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Of a monotonic sum.
    Sum,
    /// Of a sum that may fall.
    Balance,
    Gauge,
    /// Of a histogram whose bounds are written out.
    Explicit,
    Exponential,
}

/// What points are and what they are about. Gauges are about nothing but their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    pub(crate) form: Form,
    pub(crate) flow: Option<Flow>,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Sum => "sums",
            Form::Balance => "sums that may fall",
            Form::Gauge => "gauges",
            Form::Explicit => "explicit histograms",
            Form::Exponential => "exponential histograms",
        };
        let flow = match self.flow {
            Some(Flow::Cumulative) => "cumulative ",
            Some(Flow::Delta) => "delta ",
            None => "",
        };
        write!(f, "{flow}{form}")
    }
}

/// Where all series stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings {
    pub(crate) shapes: BTreeSet<Shape>,
    pub(crate) series: HashMap<Name, Standing>,
    /// One that was said to stand at two places at once.
    pub(crate) repeated: Option<Name>,
}

impl Standings {
    /// What series stand at together.
    pub(crate) fn total(&self) -> f64 {
        self.series.values().map(|standing| standing.value).sum()
    }

    /// Adds to where a series stands: several become one where attributes are removed.
    pub(crate) fn add(&mut self, name: Name, standing: Standing) {
        self.series.entry(name).and_modify(|known| *known = *known + standing).or_insert(standing);
    }

    /// With the names that a page gives attributes.
    pub(crate) fn into_page_names(self) -> Self {
        let renamed = |(Name(attributes), standing): (Name, Standing)| {
            let attributes = attributes.into_iter().map(|(key, value)| (page::label(&key), value));
            (Name::new(attributes.collect()), standing)
        };
        Self { series: self.series.into_iter().map(renamed).collect(), ..self }
    }
}
