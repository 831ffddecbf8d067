//! Readers that come and go.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use wasmeter_model::frame::{FrameBuilder, HistogramRow, MetricRow, PointHeader, PointKind};
use wasmeter_model::{AttributeRule, Instrument, StreamSpec, Temporality};

use super::*;
use crate::views::View;
use crate::{Engine, EngineConfig};

#[test]
fn readers_that_come_and_go_take_no_more_places_than_two_more() {
    let config = EngineConfig { readers: vec![ReaderConfig::default()], ..EngineConfig::default() };
    let inner = Inner::new(config, Views::default(), Timestamp::from_secs(1));
    let mut last = None;
    for secs in 2..10 {
        let mut swap = inner.prepare_swap(Views::default()).unwrap();
        last.into_iter().for_each(|reader| swap.remove_reader(reader));
        swap.add_reader(ReaderConfig::default());
        last = inner.commit_swap(swap, Timestamp::from_secs(secs)).readers.pop();
    }
    // The first reader's, and two that the others have in turn: one is free for a generation.
    assert_eq!((last, inner.current_generation().pipelines.len()), (Some(8), 3));
}

/// Removes every attribute. Once it has somebody to tell, the next time it is asked it waits until a swap has begun.
#[derive(Default)]
struct Waits(Mutex<Option<(Engine, Sender<()>)>>);

impl View for Waits {
    fn name(&self) -> &str {
        "waits"
    }

    fn streams(&self, _: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        let spec = StreamSpec { attributes: vec![AttributeRule::Computed(1)], ..StreamSpec::default() };
        Ok(Some(vec![spec]))
    }

    fn map_attributes(&self, _: u32, _: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        if let Some((engine, asked)) = lock(&self.0).take() {
            let before = engine.inner.current_generation().number;
            asked.send(()).unwrap();
            // The swap waits for the instrument, but what is in service is another generation already.
            while engine.inner.current_generation().number == before {
                thread::yield_now();
            }
        }
        Ok(Some(Attributes::default()))
    }
}

/// One point of a histogram with these bounds.
fn request(set: i64, bounds: &[f64]) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("", "", "", none, 0);
    let (kind, temporality) = (PointKind::Histogram, Some(Temporality::Cumulative));
    frame.metric(
        MetricRow { name: "h", description: "", unit: "", kind, temporality, monotonic: false },
        none,
    );
    let attributes = frame.attributes(&[("set", set)].into_iter().collect());
    let header = PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags: 0 };
    frame.histogram(HistogramRow { header, count: 1, bounds, counts: &[1, 0], ..HistogramRow::default() });
    frame.finish()
}

#[test]
fn what_cannot_be_merged_while_a_reader_goes_is_in_its_last_frame() {
    let view = Arc::new(Waits::default());
    let config = EngineConfig {
        readers: vec![ReaderConfig::default(), ReaderConfig::default()],
        ..EngineConfig::default()
    };
    let views = Views { plugins: vec![view.clone()], ..Views::default() };
    let engine = Engine::new(config, views, Timestamp(1));
    engine.ingest(&request(1, &[1.0]), Timestamp(3));
    let mut prepared = engine.prepare_swap(Views::default()).unwrap();
    prepared.remove_reader(1);
    let (ask, asked) = channel();
    *lock(&view.0) = Some((engine.clone(), ask));
    let report = thread::scope(|scope| {
        let committed = &engine;
        let swap = scope.spawn(move || {
            asked.recv().unwrap();
            committed.commit_swap(prepared, Timestamp::from_secs(10))
        });
        assert_eq!(engine.ingest(&request(2, &[2.0]), Timestamp(4)).accepted, 1);
        swap.join().unwrap()
    });
    let counts = |frame: &Frame| -> u64 {
        let rows = frame.metrics().flat_map(|metric| metric.histograms().collect::<Vec<_>>());
        rows.map(|row| row.count).sum()
    };
    assert_eq!((counts(&report.last[0]), counts(&engine.collect(0, Timestamp::from_secs(11)))), (2, 2));
}
