//! The kinds of plugins, and by which of its exports a component is of one.

use std::fmt;

/// What a plugin is for: the world of the plugin contract that its component is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum World {
    /// It shapes streams.
    View,
    /// It observes when metrics are collected.
    Observer,
    /// It changes metrics between their collection and their export.
    Processor,
    /// It sends metrics on.
    Exporter,
}

impl World {
    /// Every world.
    pub const ALL: [Self; 4] = [Self::View, Self::Observer, Self::Processor, Self::Exporter];

    /// The name, as the plugin contract has it; fit for a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Observer => "observer",
            Self::Processor => "processor",
            Self::Exporter => "exporter",
        }
    }

    /// The interface that only components of this world export.
    pub(crate) const fn interface(self) -> &'static str {
        match self {
            Self::View => "views",
            Self::Observer => "observers",
            Self::Processor => "processors",
            Self::Exporter => "exporters",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
