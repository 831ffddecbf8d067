//! The arithmetic of series: exact sums and histograms that merge. No series identity, no time.

mod approximate;
mod explicit;
mod exponential;
mod sum;
mod totals;
mod wide;

pub(crate) use explicit::{ExplicitDelta, ExplicitHistogram, ExplicitPoint, ExplicitRow, are_equal};
pub(crate) use exponential::{ExponentialDelta, ExponentialHistogram, ExponentialPoint};
pub(crate) use sum::{DoubleSum, NumberSum, is_less};
pub(crate) use totals::Totals;
pub(crate) use wide::Wide;

/// What a contribution knows about its smallest or largest value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Extreme {
    /// Of exactly the values of this contribution.
    Interval(f64),
    /// Of all values since the source began: right for a series that holds the source's whole history.
    Running(f64),
    /// Not told.
    #[default]
    Unknown,
}

/// A smallest or largest value of a series, which one contribution without it spoils for good.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Kept {
    /// No value yet.
    #[default]
    None,
    /// The value.
    Some(f64),
    /// A contribution did not tell, so nobody knows.
    Spoilt,
}

impl Kept {
    /// Takes in a contribution's extreme; `whole` says that the series holds the source's whole history.
    pub(crate) fn merge(&mut self, other: Extreme, whole: bool, pick: fn(f64, f64) -> f64) {
        let value = match other {
            Extreme::Interval(value) => value,
            Extreme::Running(value) if whole => value,
            Extreme::Running(_) | Extreme::Unknown => {
                *self = Self::Spoilt;
                return;
            }
        };
        *self = match *self {
            Self::None => Self::Some(value),
            Self::Some(known) => Self::Some(pick(known, value)),
            Self::Spoilt => Self::Spoilt,
        };
    }

    /// The value, if it is known.
    pub(crate) fn get(self) -> Option<f64> {
        match self {
            Self::Some(value) => Some(value),
            Self::None | Self::Spoilt => None,
        }
    }
}
