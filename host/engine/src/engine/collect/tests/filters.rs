//! What is locked while a filter is asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Sees whether summaries are locked whenever it is asked.
#[derive(Default)]
struct Looks(Mutex<Option<Engine>>, AtomicUsize);

impl Looks {
    fn look(&self) {
        let engine = self.0.lock().unwrap().clone().unwrap();
        assert!(
            engine.inner.summaries.try_lock().is_ok(),
            "whoever sends a summary would wait for the filter"
        );
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

impl MetricFilter for Looks {
    fn test_metric(&self, _: MetricStream<'_>) -> MetricFilterResult {
        self.look();
        MetricFilterResult::AcceptPartial
    }

    fn test_attributes(&self, _: MetricStream<'_>, _: &wasmeter_model::Attributes) -> AttributesFilterResult {
        self.look();
        AttributesFilterResult::Accept
    }
}

#[test]
fn filters_are_asked_about_summaries_with_nothing_locked() {
    let filter = Arc::new(Looks::default());
    let config =
        ReaderConfig { filter: Some(filter.clone()), ..reader(TemporalityPreference::Cumulative, 100) };
    let engine = engine(vec![config], Views::default());
    *filter.0.lock().unwrap() = Some(engine.clone());
    engine.ingest(&summary(5), Timestamp(5));
    assert_eq!(engine.collect(0, Timestamp(6)).point_count(), 1);
    *filter.0.lock().unwrap() = None;
    assert_eq!(filter.1.load(Ordering::Relaxed), 2);
}
