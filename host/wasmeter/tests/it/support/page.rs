//! A scraped page.

use wasmeter_prometheus::{Sample, parse_page};

/// All samples of one scrape.
pub(crate) struct Page {
    samples: Vec<Sample>,
}

impl Page {
    /// The page of an HTTP response.
    pub(crate) fn of_response(response: &str) -> Self {
        let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
        let samples = parse_page(body).unwrap_or_else(|error| panic!("{error} in:\n{body}"));
        Self { samples }
    }

    /// All samples.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    /// The samples of a name.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> + 'a {
        self.samples.iter().filter(move |sample| sample.name == name)
    }

    /// The sum over all series of a name that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.of(name)
            .filter(|sample| labels.iter().all(|(label, value)| sample.label(label) == Some(value)))
            .map(|sample| sample.value)
            .sum()
    }

    /// Every series of the shop as text, sorted: what two pages must agree in.
    pub(crate) fn of_the_shop(&self) -> Vec<String> {
        self.lines(|name| {
            ["shop_", "http_server_"].iter().any(|start| name.starts_with(start)).then_some(name)
        })
    }

    /// Every series whose name starts like this as text, without that start, sorted.
    pub(crate) fn below(&self, start: &str) -> Vec<String> {
        self.lines(|name| name.strip_prefix(start))
    }

    /// The series that have a name here, as text.
    fn lines<'a>(&'a self, name: impl Fn(&'a str) -> Option<&'a str>) -> Vec<String> {
        let line = |sample: &'a Sample| {
            let mut labels = sample.labels.clone();
            labels.sort();
            Some(format!("{} {labels:?} {}", name(&sample.name)?, sample.text))
        };
        let mut lines: Vec<String> = self.samples.iter().filter_map(line).collect();
        lines.sort();
        lines
    }
}
