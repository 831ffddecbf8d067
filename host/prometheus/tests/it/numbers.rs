//! Values on the page are those of the frame, to the bit where the format can say it.

use wasmeter_model::frame::{HistogramRow, MetricRow, PointKind};
use wasmeter_prometheus::{DropReason, Format, Options, parse_page, render};

use crate::build::{Build, NONE, row};

#[test]
fn integers_and_doubles_read_back_exactly() {
    let doubles =
        [0.1, -0.0, 1e300, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 123_456_789.25];
    let mut build =
        Build::shop().gauge("ints", "").int(&[("n", "min")], i64::MIN).int(&[("n", "max")], i64::MAX);
    for (position, double) in doubles.iter().enumerate() {
        build = build.gauge(&format!("double.{position}"), "").double(NONE, *double);
    }
    let page = render(&build.finish(), Format::Text, &Options { target_info: false, ..Options::default() });
    let samples = parse_page(&page.text).unwrap();
    let ints: Vec<_> =
        samples.iter().filter(|sample| sample.name == "ints").map(|sample| sample.text.as_str()).collect();
    assert_eq!(ints, ["-9223372036854775808", "9223372036854775807"]);
    for (position, double) in doubles.iter().enumerate() {
        let sample = samples.iter().find(|sample| sample.name == format!("double_{position}")).unwrap();
        assert_eq!(sample.value.to_bits(), double.to_bits(), "{}", sample.text);
    }
}

fn histogram(row_: HistogramRow<'_>) -> Result<String, Vec<(DropReason, u64)>> {
    let frame = Build::new()
        .resource(NONE)
        .scope("", "")
        .metric(MetricRow { name: "h", ..row(PointKind::Histogram) })
        .histogram(NONE, row_)
        .finish();
    let page = render(&frame, Format::Text, &Options::default());
    parse_page(&page.text).unwrap();
    let reasons: Vec<_> = page.dropped.iter().map(|drop| (drop.reason, drop.points)).collect();
    if reasons.is_empty() {
        Ok(page.text.lines().skip(1).collect::<Vec<_>>().join("\n"))
    } else {
        Err(reasons)
    }
}

#[test]
fn histograms_without_sum_or_buckets_show_what_they_have() {
    let bare = HistogramRow { count: 3, ..HistogramRow::default() };
    insta::assert_snapshot!(histogram(bare).unwrap(), @r#"
    h_bucket{le="+Inf"} 3
    h_count 3
    "#);
    let one = HistogramRow { count: 3, sum: Some(-1.5), counts: &[3], ..HistogramRow::default() };
    insta::assert_snapshot!(histogram(one).unwrap(), @r#"
    h_bucket{le="+Inf"} 3
    h_sum -1.5
    h_count 3
    "#);
    let infinite = HistogramRow {
        count: 6,
        bounds: &[-0.0, 1e7, f64::INFINITY],
        counts: &[1, 2, 3, 0],
        ..<_>::default()
    };
    insta::assert_snapshot!(histogram(infinite).unwrap(), @r#"
    h_bucket{le="0"} 1
    h_bucket{le="1e+07"} 3
    h_bucket{le="+Inf"} 6
    h_count 6
    "#);
}

#[test]
fn histograms_that_do_not_add_up_are_dropped() {
    let malformed = Err(vec![(DropReason::Malformed, 1)]);
    let good = HistogramRow { count: 3, bounds: &[1.0, 2.0], counts: &[1, 1, 1], ..HistogramRow::default() };
    assert!(histogram(good).is_ok());
    for bad in [
        HistogramRow { count: 4, ..good },
        HistogramRow { counts: &[1, 2], ..good },
        HistogramRow { counts: &[], ..good },
        HistogramRow { bounds: &[2.0, 1.0], ..good },
        HistogramRow { bounds: &[1.0, 1.0], ..good },
        HistogramRow { bounds: &[1.0, f64::NAN], ..good },
        HistogramRow { bounds: &[f64::NAN], counts: &[1, 2], ..good },
        HistogramRow { counts: &[u64::MAX, 3, 1], ..good },
    ] {
        assert_eq!(histogram(bad), malformed, "{bad:?}");
    }
}
