//! A sound frame is accepted, and breaking any one rule is found.

use crate::frame::*;
use crate::{Number, Temporality, Timestamp, ValueRef};

/// Points of every kind, with exemplars, values of every case, two scopes.
fn sound() -> Frame {
    let mut frame = FrameBuilder::new();
    let resource = frame.set([("service.name", ValueRef::String("shop")), ("é", ValueRef::Bytes(b"\xff"))]);
    let a = frame.set([("a", ValueRef::Int(1)), ("b", ValueRef::Bool(true)), ("c", ValueRef::Empty)]);
    let b = frame.set([("a", ValueRef::Double(f64::NAN)), ("n", ValueRef::Nested("{}"))]);
    let none = frame.set([]);
    let header = |attributes| PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags: 0 };
    frame.resource(resource, "https://example.com", 3);
    for scope in ["one", "two"] {
        frame.scope(scope, "1", "", none, 0);
        for kind in [
            PointKind::None,
            PointKind::Gauge,
            PointKind::Sum,
            PointKind::Histogram,
            PointKind::ExponentialHistogram,
            PointKind::Summary,
        ] {
            let temporality = Some(Temporality::Delta);
            let row = MetricRow { name: "m", description: "", unit: "s", kind, temporality, monotonic: true };
            frame.metric(row, none);
            for set in [a, b, none] {
                if !matches!(kind, PointKind::Summary | PointKind::None) {
                    let value = Some(Number::Int(3));
                    let time = Timestamp(2);
                    frame.exemplar(ExemplarRow { attributes: b, time, value, trace_id: 1, span_id: 2 });
                }
                let header = header(set);
                match kind {
                    PointKind::None => {}
                    PointKind::Gauge | PointKind::Sum => {
                        frame.number(NumberRow { header, value: Some(Number::Double(0.5)) });
                    }
                    PointKind::Histogram => frame.histogram(HistogramRow {
                        header,
                        count: 6,
                        sum: Some(1.0),
                        bounds: &[0.5, 1.0],
                        counts: &[1, 2, 3],
                        ..HistogramRow::default()
                    }),
                    PointKind::ExponentialHistogram => frame.exponential(ExponentialRow {
                        header,
                        count: 10,
                        zero_count: 1,
                        scale: -2,
                        positive: (-3, (&[1, 2, 3]).into()),
                        negative: (2, (&[3]).into()),
                        ..ExponentialRow::default()
                    }),
                    PointKind::Summary => {
                        frame.summary(SummaryRow { header, count: 2, sum: 1.0, quantiles: &[(0.5, 1.0)] });
                    }
                }
            }
        }
    }
    frame.finish()
}

/// What is wrong with the sound frame after a change.
fn after(change: impl FnOnce(&mut Frame)) -> String {
    let mut frame = sound();
    change(&mut frame);
    frame.check().expect_err("the change went unnoticed").to_string()
}

/// Takes the last row of a column away.
fn cut<T>(column: &mut Vec<T>) {
    column.truncate(column.len() - 1);
}

#[test]
fn what_the_builder_writes_is_sound() {
    assert_eq!(sound().check(), Ok(()));
    assert_eq!(Frame::default().check(), Ok(()));
}

#[test]
fn columns_of_unequal_length_are_found() {
    for change in [
        (|f| cut(&mut f.values.bits)) as fn(&mut Frame),
        |f| cut(&mut f.sets.values),
        |f| cut(&mut f.resources.schema_url),
        |f| cut(&mut f.resources.dropped_attributes),
        |f| cut(&mut f.resources.entities),
        |f| cut(&mut f.scopes.name),
        |f| cut(&mut f.scopes.version),
        |f| cut(&mut f.scopes.attributes),
        |f| cut(&mut f.metrics.kind),
        |f| cut(&mut f.metrics.temporality),
        |f| cut(&mut f.metrics.monotonic),
        |f| cut(&mut f.metrics.metadata),
        |f| cut(&mut f.metrics.points_end),
        |f| cut(&mut f.numbers.columns.flags),
        |f| cut(&mut f.numbers.tags),
        |f| cut(&mut f.numbers.bits),
        |f| cut(&mut f.histograms.count),
        |f| cut(&mut f.histograms.known),
        |f| cut(&mut f.histograms.max),
        |f| cut(&mut f.histograms.bounds),
        |f| cut(&mut f.histograms.counts_offsets.ends),
        |f| cut(&mut f.exponentials.scale),
        |f| cut(&mut f.exponentials.zero_threshold),
        |f| cut(&mut f.exponentials.negative_offset),
        |f| f.exponentials.negative.cut(),
        |f| cut(&mut f.summaries.sum),
        |f| cut(&mut f.summaries.quantile_values),
        |f| cut(&mut f.exemplars.span_id),
        |f| cut(&mut f.exemplars.trace_id),
    ] {
        let wrong = after(change);
        assert!(wrong.contains("columns of"), "{wrong}");
    }
}

#[test]
fn indices_beyond_their_table_are_found() {
    for change in [
        (|f| f.sets.keys[0] = StringId(99)) as fn(&mut Frame),
        |f| f.sets.values[0] = ValueId(99),
        |f| f.resources.attributes[0] = SetId(99),
        |f| f.resources.schema_url[0] = StringId(99),
        |f| f.scopes.resource[1] = 1,
        |f| f.scopes.name[1] = StringId(u32::MAX),
        |f| f.scopes.attributes[0] = SetId(4),
        |f| f.metrics.scope[11] = 2,
        |f| f.metrics.unit[0] = StringId(99),
        |f| f.metrics.metadata[0] = SetId(99),
        |f| f.numbers.columns.attributes[0] = SetId(99),
        |f| f.summaries.columns.attributes[0] = SetId(99),
        |f| f.exemplars.attributes[0] = SetId(99),
        |f| f.histograms.bounds[0] = BoundsId(1),
        |f| f.numbers.tags[0] = 3,
        |f| f.exemplars.tags[0] = 3,
        |f| f.histograms.known[0] = 8,
    ] {
        let wrong = after(change);
        assert!(wrong.contains("to refer to"), "{wrong}");
    }
}

#[test]
fn ranges_that_do_not_cover_what_they_are_of_are_found() {
    for change in [
        (|f| f.strings.offsets.ends.swap(0, 1)) as fn(&mut Frame),
        |f| *f.strings.offsets.ends.last_mut().unwrap() += 1,
        |f| cut(&mut f.strings.offsets.ends),
        |f| f.values.blob.push(0),
        |f| f.sets.offsets.ends[0] = 99,
        |f| f.bounds.offsets.ends[0] = 99,
        |f| f.bounds.bounds.push(9.0),
        |f| f.histograms.counts.push(0),
        |f| f.summaries.quantile_offsets.ends[5] = 1,
        |f| f.metrics.points_end[1] = 2,
        |f| f.metrics.points_start[2] = 2,
        |f| f.metrics.points_end[2] = u32::MAX,
        |f| f.metrics.kind[1] = PointKind::None,
        |f| f.metrics.kind[3] = PointKind::Summary,
        |f| f.numbers.columns.exemplars_end[0] = 0,
        |f| f.numbers.columns.exemplars_start[1] = 0,
        |f| *f.exponentials.columns.exemplars_end.last_mut().unwrap() = 99,
    ] {
        after(change);
    }
}

#[test]
fn what_is_stored_twice_is_found() {
    for change in [
        (|f| {
            f.strings.text.push('a');
            let end = f.strings.text.len() as u32;
            f.strings.offsets.ends.push(end);
        }) as fn(&mut Frame),
        |f| f.values.blobs.ends.extend([1, 1]),
        |f| {
            f.values.tags.push(Values::EMPTY);
            f.values.bits.push(0);
        },
        |f| f.sets.offsets.ends.push(f.sets.keys.len() as u32),
        |f| {
            f.bounds.bounds.extend([0.5, 1.0]);
            f.bounds.offsets.ends.push(4);
        },
    ] {
        let wrong = after(change);
        assert!(wrong.contains("repeats another one"), "{wrong}");
    }
}

#[test]
fn values_the_data_model_does_not_know_are_found() {
    for (expected, change) in [
        ("within a character", (|f| f.strings.offsets.ends[2] -= 1) as fn(&mut Frame)),
        ("unknown tag 7", |f| f.values.tags[0] = 7),
        ("row 0 is text", |f| f.values.bits[0] = 99),
        ("row 1 is bytes", |f| f.values.bits[1] = 1),
        ("row 3 is a boolean", |f| f.values.bits[3] = 2),
        ("row 4 is empty", |f| f.values.bits[4] = 1),
        ("the key `b` twice", |f| f.sets.keys[2] = f.sets.keys[3]),
        ("empty name", |f| f.metrics.name[7] = f.metrics.description[0]),
        ("`scope` goes back", |f| f.metrics.scope[0] = 1),
        ("not ascend", |f| f.bounds.bounds[1] = 0.5),
        ("not ascend", |f| f.bounds.bounds[1] = f64::NAN),
        ("2 bounds and 2 counts", |f| {
            f.histograms.counts_offsets.ends[0] = 2;
        }),
        ("counts 6 values, and its buckets hold 7", |f| f.histograms.counts[0] = 2),
        ("its buckets hold", |f| f.histograms.counts[0] = u64::MAX),
        ("counts 10 values, and its buckets hold 9", |f| f.exponentials.zero_count[0] = 0),
        ("no width", |f| f.exponentials.zero_threshold[0] = f64::NAN),
        ("no width", |f| f.exponentials.zero_threshold[0] = -1.0),
        ("no indices left", |f| f.exponentials.positive_offset[0] = i32::MAX - 1),
        ("not from 0 to 1", |f| f.summaries.quantiles[0] = 1.5),
        ("not from 0 to 1", |f| f.summaries.quantiles[0] = f64::NAN),
    ] {
        let wrong = after(change);
        assert!(wrong.contains(expected), "expected {expected}: {wrong}");
    }
}

#[test]
fn one_series_twice_is_found_however_it_is_written() {
    let wrong = after(|f| f.numbers.columns.attributes[1] = f.numbers.columns.attributes[0]);
    assert_eq!(wrong, "table `metrics`: two points of `m` have the same attributes");
    // The same set once more, its attributes in another order, at another place, under keys of their own.
    after(|f| {
        let set = SetId(f.sets.offsets.len() as u32);
        for (key, value) in [("c", 4), ("a", 2), ("b", 3)] {
            f.sets.keys.push(StringId(f.strings.offsets.len() as u32));
            f.sets.values.push(ValueId(value));
            f.strings.text.push_str(key);
            f.strings.offsets.ends.push(f.strings.text.len() as u32);
        }
        f.sets.offsets.ends.push(f.sets.keys.len() as u32);
        f.numbers.columns.attributes[1] = set;
    });
    let wrong = after(|f| {
        let first = f.numbers.columns.attributes[0];
        for place in f.sets.offsets.range(first.0 as usize).rev() {
            f.sets.keys.push(f.sets.keys[place]);
            f.sets.values.push(f.sets.values[place]);
        }
        f.numbers.columns.attributes[1] = SetId(f.sets.offsets.len() as u32);
        f.sets.offsets.ends.push(f.sets.keys.len() as u32);
    });
    assert!(wrong.contains("rows 1 and 4 of `sets`: neither the order of attributes nor"), "{wrong}");
    // A series that has ended has its last value and its end, but neither twice.
    let mut frame = sound();
    frame.numbers.columns.attributes[1] = frame.numbers.columns.attributes[0];
    frame.numbers.columns.flags[1] = NO_RECORDED_VALUE;
    assert_eq!(frame.check(), Ok(()));
    frame.numbers.columns.flags[0] = NO_RECORDED_VALUE;
    assert!(frame.check().is_err());
    // The same series in two metrics is nothing wrong.
    let mut frame = sound();
    frame.numbers.columns.attributes.swap(0, 1);
    assert_eq!(frame.check(), Ok(()));
}
