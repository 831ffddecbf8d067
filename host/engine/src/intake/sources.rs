//! Making sources, within their limit.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use wasmeter_model::limits::OVERFLOW_KEY;
use wasmeter_model::{Attributes, Timestamp};

use crate::engine::Inner;
use crate::instrument::{Entry, Form, Routing};
use crate::report::Rejection;
use crate::source::{Recorded, Source, SourceData, Sources, Told};
use crate::stream::overflow_attributes;
use crate::views::has_empty_key;

impl Inner {
    /// The source of a set that was measured with in this process, made if need be. Where there is no room for another one, it is
    /// that of the instrument's overflow, so that every measurement is counted (metrics SDK, "Synchronous instrument cardinality
    /// limits").
    pub(crate) fn measured_source<'a>(
        &self,
        entry: &Entry,
        routing: &mut Routing,
        sources: &'a mut Sources,
        attributes: &Attributes,
        times: (Timestamp, Timestamp),
    ) -> &'a mut Source {
        let mut attributes = attributes;
        let is_known = sources.get_mut(attributes).is_some();
        if !is_known && !self.reserve_source() {
            attributes = overflow_attributes();
            if sources.get_mut(attributes).is_none() {
                // One for each instrument, so bounded by the limit of those.
                self.sources.fetch_add(1, Ordering::Relaxed);
            }
            routing.tell(format!(
                "{}; measurements with further attribute sets are counted as `{OVERFLOW_KEY}`",
                Rejection::SourceLimit
            ));
        }
        let make = || Ok::<_, Infallible>(self.make_source(entry, routing, attributes, times));
        match sources.get_or_insert(attributes, || None, make) {
            Ok(source) => source,
            Err(never) => match never {},
        }
    }

    /// Counts a further source; false if there is no room for it.
    pub(super) fn reserve_source(&self) -> bool {
        let has_room = self.sources.fetch_add(1, Ordering::Relaxed) < self.limits.sources_max;
        if !has_room {
            self.sources.fetch_sub(1, Ordering::Relaxed);
        }
        has_room
    }

    /// A source with its routes, which has been counted.
    pub(super) fn make_source(
        &self,
        entry: &Entry,
        routing: &mut Routing,
        attributes: &Attributes,
        (start, now): (Timestamp, Timestamp),
    ) -> Source {
        let mut on_fault = |fault| {
            self.fault(&entry.instrument, &fault);
            Ok(())
        };
        let data = match (entry.form, entry.instrument.kind) {
            (Form::Measurements, kind) if kind.is_observable() => {
                SourceData::Observed(Box::new(Told::new(self.current_generation().pipelines.len())))
            }
            (Form::Measurements, _) => {
                SourceData::Recorded(Recorded::new(entry.instrument.kind, entry.instrument.number))
            }
            (Form::Numbers, _) => SourceData::Numbers(Box::default()),
            (Form::Explicit, _) => SourceData::Explicit(Box::default()),
            (Form::Exponential, _) => SourceData::Exponential(Box::default()),
        };
        if has_empty_key(attributes) {
            let notice = "an attribute has an empty key, which is not exported; give it one, or leave the attribute out";
            routing.tell(notice.to_owned());
        }
        let mapped = routing.map(entry, attributes, &mut on_fault);
        let mut source = Source {
            attributes: attributes.clone(),
            heard: now,
            routes: smallvec::SmallVec::new(),
            data,
            is_dormant: false,
            exemplars_until: Timestamp::UNKNOWN,
        };
        source.set_out(routing, &mapped, start);
        source
    }
}
