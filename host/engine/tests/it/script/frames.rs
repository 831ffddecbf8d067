//! Received frames, written as collections are printed: owners, metrics, points, exemplars.

use std::sync::Arc;

use wasmeter_model::frame::{ExemplarRow, Frame, FrameBuilder, MetricRow, PointHeader, PointKind, SetId};
use wasmeter_model::{Resource, Scope, Temporality};

use super::Fault;
use super::points;
use super::values::{interval, number, pairs, text, time};
use super::words::{Words, parsed};

/// The words for the kinds of metrics.
pub(super) const KINDS: [(PointKind, &str); 6] = [
    (PointKind::None, "empty"),
    (PointKind::Gauge, "gauge"),
    (PointKind::Sum, "sum"),
    (PointKind::Histogram, "histogram"),
    (PointKind::ExponentialHistogram, "exponential_histogram"),
    (PointKind::Summary, "summary"),
];

/// A frame in the making.
struct Reader {
    builder: FrameBuilder,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    /// The owner has changed since it was last written.
    is_new_owner: bool,
    kind: Option<PointKind>,
}

/// The frame of these lines. What comes before any `resource` or `scope` belongs to those given.
pub(super) fn read(lines: &[String], resource: Arc<Resource>, scope: Arc<Scope>) -> Result<Frame, Fault> {
    let mut reader = Reader { builder: FrameBuilder::new(), resource, scope, is_new_owner: true, kind: None };
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let mut words = Words::of(line)?;
        let taken = match words.peek() {
            Some("resource") => {
                words.next("")?;
                reader.scope = Arc::default();
                reader.resource = resource_of(&mut words)?;
                reader.is_new_owner = true;
                Ok(())
            }
            Some("scope") => {
                words.next("")?;
                reader.scope = scope_of(&mut words)?;
                reader.is_new_owner = true;
                Ok(())
            }
            Some(word) if word.starts_with('{') => {
                // The exemplars of a point are written before it, and read after it.
                while let Some(exemplar) = lines.next_if(|line| line.starts_with("exemplar ")) {
                    reader.exemplar(exemplar).map_err(|fault| format!("{fault}, in `{exemplar}`"))?;
                }
                reader.point(&mut words)
            }
            _ => {
                let metadata = lines.next_if(|line| line.starts_with("metadata "));
                reader.metric(&mut words, metadata.map(String::as_str))
            }
        };
        taken.and_then(|()| words.end()).map_err(|fault| format!("{fault}, in `{line}`"))?;
    }
    Ok(reader.builder.finish())
}

/// The attributes of a resource, and `schema_url=`.
pub(super) fn resource_of(words: &mut Words<'_>) -> Result<Arc<Resource>, Fault> {
    let attributes = pairs(words.next("the attributes, such as `{service.name=shop}`")?)?;
    let mut resource = Resource { attributes: attributes.into_iter().collect(), ..Resource::default() };
    for (key, value) in words.options()? {
        match key {
            "schema_url" => resource.schema_url = text(value)?.into(),
            _ => return Err(format!("`{key}` is not known here")),
        }
    }
    Ok(Arc::new(resource))
}

/// The name of a scope, `version=`, `schema_url=`, `attributes=`.
pub(super) fn scope_of(words: &mut Words<'_>) -> Result<Arc<Scope>, Fault> {
    let mut scope = Scope { name: text(words.next("a name")?)?.into(), ..Scope::default() };
    for (key, value) in words.options()? {
        match key {
            "version" => scope.version = text(value)?.into(),
            "schema_url" => scope.schema_url = text(value)?.into(),
            "attributes" => scope.attributes = pairs(value)?.into_iter().collect(),
            _ => return Err(format!("`{key}` is not known here")),
        }
    }
    Ok(Arc::new(scope))
}

impl Reader {
    /// A set with the order and the duplicates it is given with.
    fn set(&mut self, word: &str) -> Result<SetId, Fault> {
        let pairs = pairs(word)?;
        Ok(self.builder.set(pairs.iter().map(|(key, value)| (key.as_str(), value.as_ref()))))
    }

    fn metric(&mut self, words: &mut Words<'_>, metadata: Option<&str>) -> Result<(), Fault> {
        if std::mem::take(&mut self.is_new_owner) {
            let attributes = self.builder.attributes(&self.resource.attributes);
            self.builder.resource(attributes, &self.resource.schema_url, 0);
            let attributes = self.builder.attributes(&self.scope.attributes);
            let Scope { name, version, schema_url, .. } = &*self.scope;
            self.builder.scope(name, version, schema_url, attributes, 0);
        }
        let name = text(words.next("the name of a metric")?)?;
        let kind = words.next("the kind of the metric")?;
        let known = KINDS.into_iter().find(|(_, name)| *name == kind);
        let (kind, _) = known.ok_or_else(|| format!("`{kind}` is no kind of metric"))?;
        let has_temporality = !matches!(kind, PointKind::None | PointKind::Gauge | PointKind::Summary);
        let temporality = match has_temporality.then(|| words.next("the temporality")).transpose()? {
            None | Some("unspecified") => None,
            Some("cumulative") => Some(Temporality::Cumulative),
            Some("delta") => Some(Temporality::Delta),
            Some(other) => return Err(format!("`{other}` is no temporality")),
        };
        let monotonic = words.take("monotonic");
        let (mut unit, mut description) = (String::new(), String::new());
        for (key, value) in words.options()? {
            match key {
                "unit" => unit = text(value)?,
                "description" => description = text(value)?,
                _ => return Err(format!("`{key}` is not known here")),
            }
        }
        let metadata = match metadata.and_then(|line| line.strip_prefix("metadata ")) {
            Some(word) => self.set(word)?,
            None => self.builder.set([]),
        };
        let row =
            MetricRow { name: &name, description: &description, unit: &unit, kind, temporality, monotonic };
        self.builder.metric(row, metadata);
        self.kind = Some(kind);
        Ok(())
    }

    fn point(&mut self, words: &mut Words<'_>) -> Result<(), Fault> {
        let attributes = self.set(words.next("attributes")?)?;
        let (start, time) = interval(words.next("`[start..time]`")?)?;
        let header = PointHeader { attributes, start, time, flags: 0 };
        let kind = self.kind.ok_or("a point comes below its metric")?;
        points::read(&mut self.builder, kind, header, words)
    }

    /// `exemplar 5 at 3s {user=b} trace=7 span=8`, the identifiers in hexadecimal digits.
    fn exemplar(&mut self, line: &str) -> Result<(), Fault> {
        let mut words = Words::of(line)?;
        words.next("")?;
        let value = Some(number(words.next("a value")?)?);
        words.take("at");
        let time = time(words.next("a time")?)?;
        let attributes = self.set(words.next("attributes")?)?;
        let (mut trace_id, mut span_id) = (0, 0);
        for (key, value) in words.options()? {
            let digits = |_| format!("`{value}` are no hexadecimal digits");
            match key {
                "trace" => trace_id = u128::from_str_radix(value, 16).map_err(digits)?,
                "span" => span_id = u64::from_str_radix(value, 16).map_err(digits)?,
                _ => return Err(format!("`{key}` is not known here")),
            }
        }
        self.builder.exemplar(ExemplarRow { attributes, time, value, trace_id, span_id });
        Ok(())
    }
}

/// OTLP's flags of a point, as a number.
pub(super) fn flags(word: &str) -> Result<u32, Fault> {
    parsed(word)
}
