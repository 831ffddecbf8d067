//! The points of received metrics: what stands behind attributes and interval.

use wasmeter_model::frame::{
    ExponentialRow, FrameBuilder, HistogramRow, NO_RECORDED_VALUE, NumberRow, PointHeader, PointKind,
    SummaryRow,
};

use super::Fault;
use super::frames::flags;
use super::values::number;
use super::words::{Words, list, parsed};

/// What the words of a histogram's or summary's point say.
#[derive(Default)]
struct Facts {
    count: Option<u64>,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    bounds: Vec<f64>,
    counts: Vec<u64>,
    scale: i32,
    zero: u64,
    zero_threshold: f64,
    positive: (i32, Vec<u64>),
    negative: (i32, Vec<u64>),
    quantiles: Vec<(f64, f64)>,
}

fn numbers<T: std::str::FromStr>(word: &str) -> Result<Vec<T>, Fault> {
    list(word)?.into_iter().map(parsed).collect()
}

/// `[-1: 1 0 2]`: the index of the first bucket, then the counts from there.
fn buckets(word: &str) -> Result<(i32, Vec<u64>), Fault> {
    let words = list(word)?;
    let (first, counts) = words.split_first().ok_or("expected `[index: count …]`")?;
    let first = first.strip_suffix(':').ok_or_else(|| format!("expected `index:`, found `{first}`"))?;
    let counts: Result<Vec<u64>, Fault> = counts.iter().map(|count| parsed(count)).collect();
    Ok((parsed(first)?, counts?))
}

/// `0.5:1.5`: a quantile and its value.
fn quantile(word: &str) -> Result<(f64, f64), Fault> {
    let (quantile, value) =
        word.split_once(':').ok_or_else(|| format!("expected `quantile:value`, found `{word}`"))?;
    Ok((parsed(quantile)?, parsed(value)?))
}

fn facts(words: &mut Words<'_>, header: &mut PointHeader) -> Result<Facts, Fault> {
    let mut facts = Facts::default();
    for (key, value) in words.options()? {
        match key {
            "count" => facts.count = Some(parsed(value)?),
            "sum" => facts.sum = Some(parsed(value)?),
            "min" => facts.min = Some(parsed(value)?),
            "max" => facts.max = Some(parsed(value)?),
            "bounds" => facts.bounds = numbers(value)?,
            "counts" => facts.counts = numbers(value)?,
            "scale" => facts.scale = parsed(value)?,
            "zero" => facts.zero = parsed(value)?,
            "zero_threshold" => facts.zero_threshold = parsed(value)?,
            "positive" => facts.positive = buckets(value)?,
            "negative" => facts.negative = buckets(value)?,
            "quantiles" => {
                facts.quantiles = list(value)?.into_iter().map(quantile).collect::<Result<_, _>>()?
            }
            "flags" => header.flags = flags(value)?,
            _ => return Err(format!("`{key}` is not known here")),
        }
    }
    Ok(facts)
}

/// Adds a point of an open metric of this kind. A count that is not given is that of the buckets.
pub(super) fn read(
    builder: &mut FrameBuilder,
    kind: PointKind,
    mut header: PointHeader,
    words: &mut Words<'_>,
) -> Result<(), Fault> {
    if words.take("ended") {
        header.flags |= NO_RECORDED_VALUE;
    }
    if matches!(kind, PointKind::Gauge | PointKind::Sum) {
        let is_value = words.peek().is_some_and(|word| word != "none" && !word.starts_with("flags="));
        let value = if is_value { Some(number(words.next("a value")?)?) } else { None };
        words.take("none");
        facts(words, &mut header)?;
        builder.number(NumberRow { header, value });
        return Ok(());
    }
    let facts = facts(words, &mut header)?;
    let Facts { sum, min, max, .. } = facts;
    match kind {
        PointKind::Histogram => {
            let count = facts.count.unwrap_or_else(|| facts.counts.iter().sum());
            let (bounds, counts) = (&facts.bounds[..], &facts.counts[..]);
            builder.histogram(HistogramRow { header, count, sum, min, max, bounds, counts });
        }
        PointKind::ExponentialHistogram => {
            let buckets = facts.positive.1.iter().chain(&facts.negative.1);
            let count = facts.count.unwrap_or_else(|| facts.zero + buckets.sum::<u64>());
            builder.exponential(ExponentialRow {
                header,
                count,
                sum,
                min,
                max,
                scale: facts.scale,
                zero_count: facts.zero,
                zero_threshold: facts.zero_threshold,
                positive: (facts.positive.0, (&facts.positive.1).into()),
                negative: (facts.negative.0, (&facts.negative.1).into()),
            });
        }
        PointKind::Summary => {
            let (count, sum) = (facts.count.unwrap_or_default(), sum.unwrap_or_default());
            builder.summary(SummaryRow { header, count, sum, quantiles: &facts.quantiles });
        }
        PointKind::None | PointKind::Gauge | PointKind::Sum => {
            return Err("a metric without data has no points".to_owned());
        }
    }
    Ok(())
}
