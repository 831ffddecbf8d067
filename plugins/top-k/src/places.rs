//! Who is at the top of a metric that counts from its start, and stays there.
//!
//! The sum of such a rest must never fall: receivers take that for a restart and count everything anew. So a series that has a
//! place keeps it, one that belongs to the rest stays there, and what a series of the rest had counted when it ended stays in
//! the sum.

use std::collections::{HashMap, HashSet};

use wasmeter_guest::Attributes;
use wasmeter_guest::frame::{MetricKind, Point, PointRef};

use crate::rank::{largest, size};

/// The places of one metric.
#[derive(Debug, Default)]
pub(crate) struct Places {
    top: HashSet<Attributes>,
    /// The series of the rest, with what they said last.
    rest: HashMap<Attributes, Point<'static>>,
    /// What the series of the rest that are gone had counted.
    gone: Option<Point<'static>>,
}

impl Places {
    /// For each point whether it is at the top. Series that are new get the places that are free, the largest first.
    pub(crate) fn assign(&mut self, points: &[PointRef<'_>], k: usize) -> Vec<bool> {
        let sets: Vec<Attributes> = points.iter().map(|point| point.attributes().to_attributes()).collect();
        let live: HashSet<&Attributes> =
            sets.iter().zip(points).filter(|(_, point)| !point.is_ended()).map(|(set, _)| set).collect();
        // Who ends is told of once more, at its place, and has it no longer.
        let were: Vec<bool> = sets.iter().map(|set| self.top.contains(set)).collect();
        self.top.retain(|set| live.contains(set));
        let new = |(set, point): (&Attributes, &PointRef<'_>)| {
            if self.top.contains(set) || self.rest.contains_key(set) || point.is_ended() {
                f64::NEG_INFINITY
            } else {
                // The smallest number a series that may get a place has.
                size(point).max(f64::MIN)
            }
        };
        let sizes: Vec<f64> = sets.iter().zip(points).map(new).collect();
        let chosen = largest(&sizes, k.saturating_sub(self.top.len()));
        let chosen =
            chosen.into_iter().zip(&sizes).map(|(is_chosen, size)| is_chosen && *size > f64::NEG_INFINITY);
        let is_top: Vec<bool> = were.into_iter().zip(chosen).map(|(was, is)| was || is).collect();
        for ((set, point), is_top) in sets.into_iter().zip(points).zip(&is_top) {
            if *is_top && !point.is_ended() {
                self.top.insert(set);
            }
        }
        is_top
    }

    /// Takes note of what the series of the rest say now; what those that are gone or were reset had counted is kept.
    pub(crate) fn remember(&mut self, rest: &[Point<'_>], kind: MetricKind) {
        let mut before = std::mem::take(&mut self.rest);
        for point in rest.iter().filter(|point| !point.is_ended()) {
            let last = before.remove(&point.attributes);
            if let Some(last) = last.filter(|last| last.start != point.start) {
                self.lose(last, kind);
            }
            // Its exemplars have been told.
            let last = Point { exemplars: Vec::new(), ..point.clone() };
            self.rest.insert(last.attributes.clone(), last.into_owned());
        }
        before.into_values().for_each(|last| self.lose(last, kind));
    }

    fn lose(&mut self, last: Point<'static>, kind: MetricKind) {
        match &mut self.gone {
            // Of other bounds: such a point was no part of the sum either.
            Some(gone) => drop(gone.add(last, kind)),
            None => self.gone = Some(last),
        }
    }

    /// What the series that are gone had counted.
    pub(crate) fn gone(&self) -> Option<&Point<'static>> {
        self.gone.as_ref()
    }
}
