//! How the Views of the configuration file and those of the plugin directory make the streams of an instrument.

use std::sync::Arc;

use wasmeter_model::limits::BOUNDARIES_DEFAULT;
use wasmeter_model::{Aggregation, Instrument, Resource, Scope, StreamSpec};

use super::answer::{Answer, Question};
use super::resolved::{OnFault, Resolved, ResolvedStream, run};
use super::{View, ViewFault};
use crate::instrument::Form;

/// How the Views of the configuration file relate to each other (metrics SDK, "View", conformance rows F).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every matching View makes a stream of its own.
    #[default]
    Independent,
    /// Matching Views are laid over each other, one stream for each distinct name. Of each setting the last one counts that
    /// means something for the instrument.
    Composable,
}

/// Says whether the Meter of a scope is enabled (metrics SDK, "MeterConfig").
pub type IsEnabled = dyn Fn(&Scope) -> bool + Send + Sync;

/// All Views in service.
#[derive(Clone, Default)]
pub struct Views {
    /// Those of the configuration file, in its order.
    pub base: Vec<Arc<dyn View>>,
    /// How those relate.
    pub mode: Mode,
    /// Those of the plugin directory in file-name order. They always compose, on top of what `base` makes.
    pub plugins: Vec<Arc<dyn View>>,
    /// Which Meters are enabled; all by default. Instruments of others have no streams, and no View is asked about them.
    pub meters: Option<Arc<IsEnabled>>,
}

/// The Views of one generation.
#[derive(Default)]
pub(crate) struct Composition {
    views: Views,
}

impl Composition {
    pub(crate) fn new(views: Views) -> Self {
        Self { views }
    }

    /// Whether the Meter of a scope is enabled.
    pub(crate) fn is_enabled(&self, scope: &Scope) -> bool {
        self.views.meters.as_ref().is_none_or(|is_enabled| is_enabled(scope))
    }

    /// The streams of an instrument whose values come in this form.
    ///
    /// # Errors
    ///
    /// The fault of the first View that could not answer, or gave a setting that means nothing, and that `on_fault` does
    /// not pass over.
    pub(crate) fn resolve(
        &self,
        instrument: &Instrument,
        form: Form,
        on_fault: OnFault<'_>,
    ) -> Result<Resolved, ViewFault> {
        let mut resolved = Resolved::default();
        if !self.is_enabled(&instrument.scope) {
            resolved.is_disabled = true;
            return Ok(resolved);
        }
        let mut notices = Vec::new();
        let mut question = Question { instrument, form, notices: &mut notices };
        let mut base = question.ask(&self.views.base, self.views.mode, on_fault)?;
        base.iter_mut().flat_map(|(_, specs)| specs).for_each(|spec| name_boundaries(form, spec));
        let streams = match self.views.mode {
            Mode::Independent if base.is_empty() => vec![ResolvedStream::default()],
            Mode::Independent => {
                let mut streams = Vec::new();
                for (view, specs) in &base {
                    for spec in specs {
                        let mut stream = ResolvedStream::default();
                        stream.overlay(view, spec);
                        streams.push(stream);
                    }
                }
                streams
            }
            Mode::Composable => compose(vec![ResolvedStream::default()], &base),
        };
        let streams = streams.into_iter().filter(|stream| stream.aggregation != Aggregation::Drop).collect();
        let streams = compose(streams, &question.ask(&self.views.plugins, Mode::Composable, on_fault)?);
        let mut resolved_streams = Vec::with_capacity(streams.len());
        for stream in streams {
            if stream.aggregation == Aggregation::Drop {
                continue;
            }
            // A resource that a computed rule drops takes the whole stream with it.
            let Some(attributes) = run(&stream.resource, &instrument.resource.attributes, on_fault)? else {
                continue;
            };
            let resource = if attributes == instrument.resource.attributes {
                instrument.resource.clone()
            } else {
                let Resource { attributes: before, schema_url, entities } = &*instrument.resource;
                let entities = entities.after(before, &attributes);
                Arc::new(Resource { attributes, schema_url: schema_url.clone(), entities })
            };
            resolved_streams.push((stream.shared(), resource));
        }
        resolved.streams = resolved_streams.into();
        resolved.notices = notices.into_iter().collect();
        Ok(resolved)
    }
}

/// A View of the configuration that asks for explicit buckets and names none asks for the specified ones, whatever the
/// instrument advises (metrics SDK, "ExplicitBucketBoundaries"). By the contract of plugins, theirs leave the advice in force.
fn name_boundaries(form: Form, spec: &mut StreamSpec) {
    if let (Form::Measurements, Aggregation::ExplicitBucketHistogram { boundaries, .. }) =
        (form, &mut spec.aggregation)
    {
        boundaries.get_or_insert_with(|| BOUNDARIES_DEFAULT.into());
    }
}

/// Composable matching: answers without a name apply to every stream, each distinct name makes a stream of its own. What
/// the instrument has without a name stays if nobody names a stream, or if some View answers with both a named and a
/// nameless stream.
fn compose(own: Vec<ResolvedStream>, answers: &[Answer<'_>]) -> Vec<ResolvedStream> {
    let mut names: Vec<&Arc<str>> = Vec::new();
    let mut keep_own = false;
    for (_, specs) in answers {
        let mut named = specs.iter().filter_map(|spec| spec.name.as_ref()).peekable();
        keep_own |= named.peek().is_some() && specs.iter().any(|spec| spec.name.is_none());
        for name in named {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let lay = |mut stream: ResolvedStream, name: Option<&Arc<str>>| {
        for (view, specs) in answers {
            for spec in specs.iter().filter(|spec| spec.name.is_none() || spec.name.as_ref() == name) {
                stream.overlay(view, spec);
            }
        }
        stream
    };
    let is_renamed = !names.is_empty();
    // A new stream is made from what the instrument has without a name, or else from the first it has.
    let origin = own.iter().find(|stream| stream.name.is_none()).or(own.first()).cloned();
    let mut streams: Vec<ResolvedStream> = Vec::new();
    for stream in own {
        // A stream that already has a name of its own is not renamed: another name is another stream.
        if let Some(name) = stream.name.clone() {
            names.retain(|new| **new != name);
            streams.push(lay(stream, Some(&name)));
        } else if !is_renamed || keep_own {
            streams.push(lay(stream, None));
        }
    }
    if let Some(origin) = origin {
        streams.extend(names.into_iter().map(|name| lay(origin.clone(), Some(name))));
    }
    streams
}
