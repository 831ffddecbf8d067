//! What of the page can be chosen.

use wasmeter_model::Pattern;
use wasmeter_prometheus_names::TranslationStrategy;

/// How a page is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How metric and label names are formed.
    pub strategy: TranslationStrategy,
    /// Whether every series carries its scope as `otel_scope_*` labels. True by default, as specified.
    pub scope_labels: bool,
    /// Whether each resource with series on the page gets a `target_info` series. True by default, as specified.
    pub target_info: bool,
    /// Which resource attributes are copied to every series; none by default, as specified. `target_info` has them all
    /// in any case.
    pub resource_labels: Option<ResourceLabels>,
    /// The finest resolution of exponential histograms on the page, -10 to 8; values outside are taken as the nearest.
    ///
    /// The text format has no native histograms, so they become classic ones with boundaries at powers of
    /// `2^(2^-scale)`. Finer histograms are merged down to this scale, which is exact. One fixed scale keeps the set of
    /// `le` values stable while the histogram itself changes its scale. The default 2 has 4 boundaries per doubling.
    pub exponential_scale_max: i32,
    /// The most buckets of either sign of one exponential histogram on the page, at least 2; a histogram whose range
    /// needs more is merged further. The default is 160, the specified size of an exponential histogram.
    pub exponential_buckets_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            strategy: TranslationStrategy::default(),
            scope_labels: true,
            target_info: true,
            resource_labels: None,
            exponential_scale_max: 2,
            exponential_buckets_max: 160,
        }
    }
}

/// A choice of resource attributes by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceLabels {
    /// What is copied; everything if empty.
    pub included: Vec<Pattern>,
    /// What is not, even if included.
    pub excluded: Vec<Pattern>,
}

impl ResourceLabels {
    pub(crate) fn contains(&self, key: &str) -> bool {
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(key));
        (self.included.is_empty() || fits(&self.included)) && !fits(&self.excluded)
    }
}
