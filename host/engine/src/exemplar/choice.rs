//! Which reservoir the series of a stream have.

use std::fmt;
use std::sync::Arc;

use wasmeter_model::{Aggregation, Attributes, ExemplarReservoir};

use super::pick::{Pick, seed_of};
use super::{AlignedHistogramBucket, Reservoir, ReservoirSeries, SimpleFixedSize};
use crate::views::{Aggregator, View};

/// The specified size of the reservoir of an exponential histogram, unless it has fewer buckets.
const EXPONENTIAL_SIZE: u32 = 20;
/// The specified size of all others.
const OTHER_SIZE: usize = 1;
/// What is received was sampled by its senders, of whom a series may have several; a few of the newest are kept.
const RECEIVED_SIZE: usize = 4;

/// What the Views say about the reservoir of a stream.
#[derive(Clone, Default)]
pub(crate) struct Choice {
    wish: ExemplarReservoir,
    /// Whom to ask for one of its own. In a block of its own, since of most streams there is none.
    view: Option<Arc<Arc<dyn View>>>,
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wish.fmt(f)
    }
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        let same_view = match (&self.view, &other.view) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(&**mine, &**theirs),
            (None, None) => true,
            _ => false,
        };
        self.wish == other.wish && same_view
    }
}

impl Choice {
    /// What `view` says; nothing if it leaves it open.
    pub(crate) fn of(view: &Arc<dyn View>, wish: ExemplarReservoir) -> Option<Self> {
        let is_own = matches!(wish, ExemplarReservoir::Custom(_));
        (wish != ExemplarReservoir::Default)
            .then(|| Self { wish, view: is_own.then(|| Arc::new(view.clone())) })
    }

    /// True if there are to be no exemplars.
    pub(crate) fn is_none(&self) -> bool {
        self.wish == ExemplarReservoir::None
    }

    /// A reservoir for the series with `attributes`; `bounds` are those of its explicit buckets, if it has any. `epoch` tells it
    /// from another that had the same attributes before. Of what `is_received` the newest are kept, of measurements of
    /// this process any.
    pub(crate) fn make(
        &self,
        aggregator: &Aggregator,
        bounds: Option<Arc<[f64]>>,
        (attributes, epoch): (&Attributes, u32),
        is_received: bool,
    ) -> Box<dyn Reservoir> {
        let seed = seed_of(attributes, epoch);
        let pick = if is_received { Pick::Newest } else { Pick::Uniform(seed) };
        match (self.wish, &self.view) {
            (ExemplarReservoir::Custom(tag), Some(view)) => {
                let aggregation = &aggregation_of(aggregator, bounds.clone());
                let series = ReservoirSeries { aggregation, attributes, seed };
                if let Some(own) = view.reservoir(tag, &series) {
                    return own;
                }
            }
            (ExemplarReservoir::SimpleFixedSize { size }, _) => {
                return Box::new(SimpleFixedSize::picking(size.get() as usize, pick));
            }
            _ => {}
        }
        match (aggregator, bounds) {
            // One bucket is nothing to align with.
            (_, Some(bounds)) if !bounds.is_empty() => {
                Box::new(AlignedHistogramBucket::picking(bounds, pick))
            }
            (Aggregator::Exponential { max_size, .. }, _) => {
                Box::new(SimpleFixedSize::picking(EXPONENTIAL_SIZE.min(*max_size) as usize, pick))
            }
            _ => {
                let size = if is_received { RECEIVED_SIZE } else { OTHER_SIZE };
                Box::new(SimpleFixedSize::picking(size, pick))
            }
        }
    }
}

fn aggregation_of(aggregator: &Aggregator, bounds: Option<Arc<[f64]>>) -> Aggregation {
    match *aggregator {
        Aggregator::Drop => Aggregation::Drop,
        Aggregator::Sum => Aggregation::Sum,
        Aggregator::LastValue => Aggregation::LastValue,
        Aggregator::Explicit { record_min_max, .. } => {
            Aggregation::ExplicitBucketHistogram { boundaries: bounds, record_min_max }
        }
        Aggregator::Exponential { max_size, max_scale, record_min_max } => {
            Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max }
        }
    }
}
