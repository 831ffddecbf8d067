//! Which series are the largest.

use wasmeter_guest::frame::{Number, PointData, PointRef};

/// How large a point is: its value, or how many values a histogram counts. NaN and no value are smaller than all else.
pub(crate) fn size(point: &PointRef<'_>) -> f64 {
    let size = match point.data() {
        PointData::Number(None) => f64::NEG_INFINITY,
        PointData::Number(Some(Number::Int(int))) => int as f64,
        PointData::Number(Some(Number::Double(double))) => double,
        PointData::Histogram(histogram) => histogram.count as f64,
        PointData::ExponentialHistogram(histogram) => histogram.count as f64,
        PointData::Summary(summary) => summary.count as f64,
    };
    if size.is_nan() { f64::NEG_INFINITY } else { size }
}

/// For each of these sizes whether it is among the `k` largest; of equal ones the earlier are.
pub(crate) fn largest(sizes: &[f64], k: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    let size = |at: &usize| sizes.get(*at).copied().unwrap_or(f64::NEG_INFINITY);
    // Stable, so that the earlier of equal ones stay in front.
    order.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let mut is_top = vec![false; sizes.len()];
    for at in order.into_iter().take(k) {
        if let Some(place) = is_top.get_mut(at) {
            *place = true;
        }
    }
    is_top
}

#[cfg(test)]
mod tests {
    use super::largest;

    #[test]
    fn the_largest_are_chosen_and_the_earlier_of_equal_ones() {
        assert_eq!(largest(&[1.0, 5.0, 3.0, 5.0], 2), [false, true, false, true]);
        assert_eq!(largest(&[2.0, 2.0, 2.0], 2), [true, true, false]);
        assert_eq!(largest(&[1.0], 3), [true]);
        assert_eq!(largest(&[f64::NEG_INFINITY, -1.0], 1), [false, true]);
    }
}
