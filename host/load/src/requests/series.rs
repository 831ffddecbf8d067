//! Which series stand where in a request, and since when.

use wasmeter_otlp::messages::{AnyValue, KeyValue, any_value};

use crate::standings::Name;

/// Where the ids of those begin that follow, one generation after the other.
const GENERATION: usize = 1_000_000;

/// A series and its place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// Its number: no other has it.
    pub(super) series: usize,
    /// The round before its first point.
    pub(super) begun: u64,
}

/// How many series there have been at a place by a round, and which one is there then. One in `every` places gets a new one in
/// each round, in turn.
pub(super) fn life(place: usize, every: Option<u64>, round: u64) -> (u64, Life) {
    let Some(every) = every else { return (0, Life { series: place, begun: 0 }) };
    let turn = place as u64 % every;
    let generation = (turn + round) / every;
    let begun = (generation * every).saturating_sub(turn + 1);
    (generation, Life { series: place + generation as usize * GENERATION, begun })
}

/// The series that had points at a place by a round, and the round of the last point of each.
pub(super) fn lives(place: usize, every: Option<u64>, round: u64) -> impl Iterator<Item = (Life, u64)> {
    let (last, _) = life(place, every, round);
    let turn = every.map_or(0, |every| place as u64 % every);
    (0..=last)
        .map(move |generation| {
            let end = match every {
                // The one behind it begins in the round that is this number.
                Some(every) if generation < last => (generation + 1) * every - turn - 1,
                _ => round,
            };
            (life(place, every, end).1, end)
        })
        // Where the first round brings a new one, there was none before it.
        .filter(|(life, end)| life.begun < *end)
}

fn text(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// What stands before the digits of a user.
pub(super) const USER: &str = "user-";
pub(super) const USER_DIGITS: usize = 7;

/// The digits that name the user of a series.
pub(super) fn user(series: usize) -> String {
    format!("{:0USER_DIGITS$}", series % 10_usize.pow(USER_DIGITS as u32))
}

/// Five attributes, about 150 bytes. So many series, whose places follow each other, differ in `enduser.id` alone; if it is one, all
/// combinations differ also without `server.address`.
pub(super) fn attributes(place: usize, series: usize, users: usize) -> Vec<KeyValue> {
    let pick = |from: &[&str], at: usize| from[at % from.len()].to_owned();
    let place = place / users;
    vec![
        text("http.request.method", pick(&["GET", "POST", "PUT", "DELETE"], place)),
        text("http.response.status_code", pick(&["200", "404", "503", "301", "500"], place / 4)),
        text("http.route", format!("/orders/{}/items", place / 20)),
        text("server.address", format!("shop-{}.example.com", place % 30)),
        text("enduser.id", format!("{USER}{}", user(series))),
    ]
}

/// The name of a series without the attributes that are not kept; if none is named, all are.
pub(super) fn name(place: usize, series: usize, users: usize, keep: &[&str]) -> Name {
    let kept = attributes(place, series, users).into_iter().filter_map(|attribute| {
        let is_kept = keep.is_empty() || keep.contains(&attribute.key.as_str());
        match attribute.value.and_then(|value| value.value) {
            Some(any_value::Value::StringValue(text)) if is_kept => Some((attribute.key, text)),
            _ => None,
        }
    });
    Name::new(kept.collect())
}

/// The resource of a service.
pub(super) fn resource(service: &str) -> Vec<KeyValue> {
    vec![text("service.name", service.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_is_new_in_each_round_and_lives_follow_each_other() {
        for round in 1..250 {
            let is_new = |place: &usize| life(*place, Some(100), round).1.begun + 1 == round;
            let expected = if round == 1 { 1000 } else { 10 };
            assert_eq!((0..1000).filter(is_new).count(), expected, "round {round}");
        }
        assert_eq!(lives(99, Some(100), 250).count(), 3);
        for place in [0, 1, 57, 98, 100, 901] {
            let lives: Vec<_> = lives(place, Some(100), 250).collect();
            assert!(lives.len() >= 3 && lives.last().is_some_and(|(_, end)| *end == 250));
            assert_eq!(lives[0].0, Life { series: place, begun: 0 });
            for pair in lives.windows(2) {
                assert!(pair[0].1 == pair[1].0.begun && pair[0].0.series != pair[1].0.series, "{pair:?}");
            }
        }
    }
}
