//! What cannot be on one page: who wins, and how the rest is accounted for.

use wasmeter_model::Temporality;
use wasmeter_model::frame::{ExponentialRow, Frame, HistogramRow, MetricRow, PointKind, SummaryRow};
use wasmeter_prometheus::{DropReason, Format, Options, Page, parse_page, render};

use crate::build::{Build, NONE, row};

fn page(frame: &Frame) -> Page {
    let page = render(frame, Format::Text, &Options { scope_labels: false, ..Options::default() });
    parse_page(&page.text).unwrap();
    page
}

/// The page, and what is said about it.
fn report(page: &Page) -> String {
    let dropped = page.dropped.iter().map(|drop| format!("[{}] {drop}\n", drop.reason));
    let warnings = page.warnings.iter().map(|warning| format!("[warning] {warning}\n"));
    page.text.clone() + &dropped.chain(warnings).collect::<String>()
}

#[test]
fn q4_families_of_one_name_need_one_type_and_one_description() {
    let described = |description| MetricRow { name: "jobs", description, ..row(PointKind::Sum) };
    let frame = Build::shop()
        .metric(described(""))
        .int(&[("n", "1")], 1)
        .metric(described("Jobs done."))
        .int(&[("n", "2")], 2)
        .scope("other", "")
        .metric(described("Jobs."))
        .int(&[("n", "3")], 3)
        .metric(described("And again."))
        .int(&[("n", "4")], 4)
        .gauge("jobs_total", "")
        .int(&[("n", "5")], 5)
        .int(&[("n", "6")], 6)
        .finish();
    insta::assert_snapshot!(report(&page(&frame)));
}

#[test]
fn series_names_of_histograms_and_summaries_are_taken_too() {
    let frame = Build::shop()
        .metric(MetricRow { name: "h", ..row(PointKind::Histogram) })
        .histogram(NONE, HistogramRow { count: 1, ..HistogramRow::default() })
        .gauge("h.count", "")
        .int(NONE, 1)
        .gauge("s.sum", "")
        .int(NONE, 1)
        .metric(MetricRow { name: "s", ..row(PointKind::Summary) })
        .summary(NONE, SummaryRow::default())
        .gauge("target_info", "")
        .int(NONE, 1)
        .finish();
    insta::assert_snapshot!(report(&page(&frame)));
}

#[test]
fn g9_q6_what_is_not_cumulative_or_has_no_value_or_name_is_dropped() {
    let delta = Some(Temporality::Delta);
    let frame = Build::shop()
        .metric(MetricRow { name: "delta", temporality: delta, ..row(PointKind::Sum) })
        .int(NONE, 1)
        .int(&[("a", "b")], 1)
        .metric(MetricRow { name: "delta.h", temporality: delta, ..row(PointKind::Histogram) })
        .histogram(NONE, HistogramRow::default())
        .metric(MetricRow { name: "unspecified", temporality: None, ..row(PointKind::ExponentialHistogram) })
        .exponential(NONE, ExponentialRow::default())
        .gauge("empty", "")
        .number(NONE, None, 0)
        .gauge("", "By")
        .int(NONE, 1)
        .metric(MetricRow { name: "quantiles", ..row(PointKind::Summary) })
        .summary(NONE, SummaryRow { quantiles: &[(1.5, 0.0)], ..SummaryRow::default() })
        .finish();
    let page = page(&frame);
    assert_eq!(page.text, "");
    assert_eq!(page.dropped_points(), 7);
    insta::assert_snapshot!(report(&page));
}

#[test]
fn equal_series_add_up_where_that_is_exact() {
    let worker = |build: Build, pid: &str, bounds: &[f64]| {
        build
            .resource(&[("service.name", "shop"), ("process.pid", pid)])
            .scope("", "")
            .counter("orders", "")
            .int(NONE, 3)
            .double(&[("a", "")], 0.5)
            .metric(MetricRow { name: "duration", ..row(PointKind::Histogram) })
            .histogram(
                NONE,
                HistogramRow { count: 3, sum: Some(1.5), bounds, counts: &[1, 2], ..<_>::default() },
            )
            .gauge("depth", "")
            .int(NONE, 7)
            .metric(MetricRow { name: "rpc", ..row(PointKind::Summary) })
            .summary(NONE, SummaryRow::default())
    };
    let frame = worker(worker(worker(Build::new(), "1", &[1.0]), "2", &[1.0]), "3", &[2.0]).finish();
    insta::assert_snapshot!(report(&page(&frame)));
}

#[test]
fn sums_beyond_integers_go_on_as_doubles() {
    let frame = Build::shop().counter("big", "").int(NONE, i64::MAX).int(NONE, i64::MAX).finish();
    let page = page(&frame);
    assert!(page.text.contains("} 1.8446744073709552e+19\n"), "{}", page.text);
}

#[test]
fn reasons_are_words_fit_for_a_label() {
    for reason in [
        DropReason::DeltaTemporality,
        DropReason::UnspecifiedTemporality,
        DropReason::NoValue,
        DropReason::InvalidName,
        DropReason::TypeConflict,
        DropReason::DuplicateSeries,
        DropReason::Malformed,
    ] {
        assert!(reason.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    }
}
