//! What a page says of the load's instrument.

use anyhow::{Context, bail};
use wasmeter_prometheus::{FamilyKind, Sample};

use super::{Form, Name, Shape, Standing, Standings};
use crate::requests::{Flow, INSTRUMENT};

/// What an attribute is called on a page.
pub(super) fn label(key: &str) -> String {
    key.replace(|char: char| !char.is_ascii_alphanumeric(), "_")
}

/// Whether a label tells of what a series comes from, and is not an attribute of its points.
fn is_of_source(label: &str) -> bool {
    matches!(label, "job" | "instance") || label.starts_with("otel_scope_")
}

/// Where the page says that all series of the load stand.
///
/// # Errors
///
/// It is no page, or has something of the load's name that is no sum, gauge or histogram, or only a part of a histogram.
pub(crate) fn read(page: &str) -> anyhow::Result<Standings> {
    let mut standings = Standings::default();
    let family = label(INSTRUMENT);
    let samples = wasmeter_prometheus::parse_page(page)?;
    let is_sum = |sample: &Sample| sample.kind == FamilyKind::Histogram && sample.name.ends_with("_sum");
    let (sums, others): (Vec<_>, Vec<_>) =
        samples.into_iter().filter(|sample| sample.name.starts_with(&family)).partition(is_sum);
    let mut of_sums = Standings::default();
    for sample in &sums {
        of_sums.put(name(sample), Standing { value: sample.value, sum: None });
    }
    for sample in &others {
        let (form, flow) = match sample.kind {
            FamilyKind::Counter => (Form::Sum, Some(Flow::Cumulative)),
            FamilyKind::Gauge => (Form::Gauge, None),
            FamilyKind::Histogram => (Form::Explicit, Some(Flow::Cumulative)),
            other => bail!("`{}` on the page is of the type {other:?}", sample.name),
        };
        standings.shapes.insert(Shape { form, flow });
        // That buckets add up to their count is part of the format.
        if sample.kind == FamilyKind::Histogram && sample.name.ends_with("_bucket") {
            continue;
        }
        let name = name(sample);
        let sum = match form {
            Form::Explicit => {
                let sum = of_sums.series.get(&name).with_context(|| format!("{name} has no sum"))?;
                Some(sum.value)
            }
            _ => None,
        };
        standings.put(name, Standing { value: sample.value, sum });
    }
    Ok(standings)
}

fn name(sample: &Sample) -> Name {
    let labels = sample.labels.iter().filter(|(label, _)| !is_of_source(label));
    Name::new(labels.cloned().collect())
}

impl Standings {
    /// Where a series stands that may not be there yet.
    fn put(&mut self, name: Name, standing: Standing) {
        if self.series.insert(name.clone(), standing).is_some() {
            self.repeated = Some(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(user: &str) -> Name {
        Name::new(vec![("enduser_id".to_owned(), user.to_owned())])
    }

    #[test]
    fn sums_and_histograms_stand_where_the_page_says_whatever_they_come_from() {
        let page = "# TYPE http_server_requests_total counter\n\
            http_server_requests_total{enduser_id=\"a\",job=\"shop\",otel_scope_name=\"\"} 3\n\
            http_server_requests_total{enduser_id=\"b\"} 4\n# TYPE target_info gauge\ntarget_info{job=\"shop\"} 1\n";
        let standings = read(page).unwrap();
        assert_eq!((standings.total(), standings.series.len(), standings.repeated), (7.0, 2, None));
        assert_eq!(standings.series[&named("a")].value, 3.0);
        let shape = Shape { form: Form::Sum, flow: Some(Flow::Cumulative) };
        assert_eq!(standings.shapes.into_iter().collect::<Vec<_>>(), [shape]);

        let page = "# TYPE http_server_requests histogram\n\
            http_server_requests_bucket{enduser_id=\"a\",le=\"1\"} 2\nhttp_server_requests_bucket{enduser_id=\"a\",le=\"+Inf\"} 5\n\
            http_server_requests_sum{enduser_id=\"a\"} 7.5\nhttp_server_requests_count{enduser_id=\"a\"} 5\n";
        let standings = read(page).unwrap();
        assert_eq!(standings.series[&named("a")], Standing { value: 5.0, sum: Some(7.5) });
        assert_eq!(standings.shapes.first().map(|shape| shape.form), Some(Form::Explicit));
    }

    #[test]
    fn one_that_stands_at_two_places_is_seen_though_it_comes_from_two_sources() {
        let page = "# TYPE http_server_requests_total counter\n\
            http_server_requests_total{enduser_id=\"a\",job=\"one\"} 3\nhttp_server_requests_total{enduser_id=\"a\",job=\"two\"} 3\n";
        assert_eq!(read(page).unwrap().repeated, Some(named("a")));
    }
}
