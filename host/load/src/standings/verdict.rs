//! Whether series stand where they must.

use std::collections::HashMap;

use super::{Name, Standing, Standings};

/// How far the sum of a histogram's values may be from what was sent, as a part of it: sums of doubles depend on their order.
const SUM_OFF_MAX: f64 = 1e-9;

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// What all series have to stand at together, and what they do.
    pub(crate) expected: f64,
    pub(crate) found: f64,
    /// What is wrong with some series, or with all.
    pub(crate) wrong: Option<String>,
}

impl Verdict {
    pub(crate) fn of(expected: &Standings, found: &Standings) -> Self {
        let wrong = problems(expected, found).join("; ");
        let wrong = (!wrong.is_empty()).then_some(wrong);
        Self { expected: expected.total(), found: found.total(), wrong }
    }

    pub(crate) fn is_right(&self) -> bool {
        self.wrong.is_none()
    }

    /// As it stands in a table.
    pub(crate) fn text(&self) -> String {
        match &self.wrong {
            None => "right".to_owned(),
            Some(wrong) => format!("WRONG: {} of {}: {wrong}", self.found, self.expected),
        }
    }
}

impl Standing {
    fn is_at(self, expected: Self) -> bool {
        let sum = match (self.sum, expected.sum) {
            (Some(found), Some(expected)) => (found - expected).abs() <= SUM_OFF_MAX * expected.abs(),
            (found, expected) => found == expected,
        };
        self.value == expected.value && sum
    }

    fn text(self) -> String {
        self.sum.map_or_else(|| self.value.to_string(), |sum| format!("{} (sum {sum})", self.value))
    }
}

fn problems(expected: &Standings, found: &Standings) -> Vec<String> {
    let mut problems = Vec::new();
    if expected.shapes != found.shapes {
        let list = |of: &Standings| {
            let shapes: Vec<_> = of.shapes.iter().map(ToString::to_string).collect();
            if shapes.is_empty() { "nothing".to_owned() } else { shapes.join(" and ") }
        };
        problems.push(format!("{}, expected {}", list(found), list(expected)));
    }
    if let Some(name) = &found.repeated {
        problems.push(format!("{name} is there twice"));
    }
    let only_in = |one: &Standings, other: &HashMap<Name, Standing>| {
        one.series.keys().filter(|name| !other.contains_key(name)).cloned().collect::<Vec<_>>()
    };
    for (what, names) in
        [("missing", only_in(expected, &found.series)), ("of nobody's", only_in(found, &expected.series))]
    {
        if let Some(first) = names.iter().min() {
            problems.push(format!("{} series {what}, as {first}", names.len()));
        }
    }
    let elsewhere = expected.series.iter().filter_map(|(name, expected)| {
        let found = found.series.get(name).filter(|found| !found.is_at(*expected))?;
        Some((name, found, expected))
    });
    let elsewhere: Vec<_> = elsewhere.collect();
    if let Some((name, found, wanted)) = elsewhere.iter().min_by_key(|(name, ..)| *name) {
        let (many, all) = (elsewhere.len(), expected.series.len());
        problems.push(format!(
            "{many} of {all} series stand elsewhere, as {name} at {}, expected {}",
            found.text(),
            wanted.text()
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::{Form, Shape};
    use super::*;
    use crate::requests::Flow;

    fn name(values: &[&str]) -> Name {
        let pair = |(place, value): (usize, &&str)| (format!("k{place}"), (*value).to_owned());
        Name::new(values.iter().enumerate().map(pair).collect())
    }

    fn standings(series: &[(&[&str], f64, Option<f64>)]) -> Standings {
        let shape = Shape { form: Form::Explicit, flow: Some(Flow::Cumulative) };
        let mut standings = Standings { shapes: [shape].into(), ..Standings::default() };
        for (values, value, sum) in series {
            standings.add(name(values), Standing { value: *value, sum: *sum });
        }
        standings
    }

    fn sent() -> Standings {
        standings(&[(&["a"], 3.0, Some(1.5)), (&["b"], 4.0, Some(2.0))])
    }

    fn text(found: &Standings) -> String {
        Verdict::of(&sent(), found).text()
    }

    #[test]
    fn what_stands_where_it_must_is_right() {
        assert_eq!(text(&sent()), "right");
        assert_eq!(text(&standings(&[(&["a"], 3.0, Some(1.5 + 1e-10)), (&["b"], 4.0, Some(2.0))])), "right");
    }

    #[test]
    fn a_wrong_value_is_seen_though_the_total_is_right() {
        assert_eq!(
            text(&standings(&[(&["a"], 4.0, Some(1.5)), (&["b"], 3.0, Some(2.0))])),
            "WRONG: 7 of 7: 2 of 2 series stand elsewhere, as {k0=a} at 4 (sum 1.5), expected 3 (sum 1.5)"
        );
    }

    #[test]
    fn a_wrong_sum_is_seen_and_a_missing_one() {
        for sum in [Some(1.5 + 1e-8), None] {
            let found = standings(&[(&["a"], 3.0, sum), (&["b"], 4.0, Some(2.0))]);
            assert!(text(&found).starts_with("WRONG: 7 of 7: 1 of 2 series stand elsewhere, as {k0=a}"));
        }
    }

    #[test]
    fn a_missing_series_is_seen() {
        assert_eq!(
            text(&standings(&[(&["a"], 3.0, Some(1.5))])),
            "WRONG: 3 of 7: 1 series missing, as {k0=b}"
        );
        assert_eq!(
            text(&standings(&[(&["a"], 7.0, Some(3.5)), (&["c"], 0.0, Some(0.0))])),
            "WRONG: 7 of 7: 1 series missing, as {k0=b}; 1 series of nobody's, as {k0=c}; \
             1 of 2 series stand elsewhere, as {k0=a} at 7 (sum 3.5), expected 3 (sum 1.5)"
        );
    }

    #[test]
    fn an_attribute_too_many_is_seen() {
        assert_eq!(
            text(&standings(&[(&["a"], 3.0, Some(1.5)), (&["b", "x"], 4.0, Some(2.0))])),
            "WRONG: 7 of 7: 1 series missing, as {k0=b}; 1 series of nobody's, as {k0=b, k1=x}"
        );
    }

    #[test]
    fn a_wrong_temporality_and_a_wrong_kind_are_seen_also_of_some_points_only() {
        let shaped = |shapes: &[Shape]| Standings { shapes: shapes.iter().copied().collect(), ..sent() };
        let right = Shape { form: Form::Explicit, flow: Some(Flow::Cumulative) };
        let delta = Shape { flow: Some(Flow::Delta), ..right };
        let exponential = Shape { form: Form::Exponential, ..right };
        let expected = "expected cumulative explicit histograms";
        assert_eq!(text(&shaped(&[delta])), format!("WRONG: 7 of 7: delta explicit histograms, {expected}"));
        assert_eq!(
            text(&shaped(&[right, exponential])),
            format!(
                "WRONG: 7 of 7: cumulative explicit histograms and cumulative exponential histograms, {expected}"
            )
        );
        assert_eq!(text(&shaped(&[])), format!("WRONG: 7 of 7: nothing, {expected}"));
    }

    #[test]
    fn a_series_that_is_there_twice_is_seen() {
        let found = Standings { repeated: Some(name(&["a"])), ..sent() };
        assert_eq!(text(&found), "WRONG: 7 of 7: {k0=a} is there twice");
    }
}
