//! An exporter that answers as its configuration says; see the README.

#[path = "../../hostile/src/waste.rs"]
mod waste;

use std::time::Duration;

use serde::Deserialize;
use wasmeter_guest::frame::{Frame, MetricRef, Number, PointData, Temporality};
use wasmeter_guest::{Accepted, ExportError, Exporter, Fault, Preference, info};

/// The configuration, and how many exports there were.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostileExporter {
    temporality: Wanted,
    metric: String,
    answers: Vec<Answer>,
    flush: Answer,
    #[serde(skip)]
    exports: usize,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    #[default]
    Cumulative,
    Delta,
}

/// What it does when it is asked.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(try_from = "String")]
enum Answer {
    #[default]
    Accept,
    Reject(u64),
    Busy(Option<Duration>),
    Refuse,
    Trap,
    Abort,
    Spin,
    Recurse,
    Allocate,
    Grow,
    Flood,
    Giant,
}

impl TryFrom<String> for Answer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |number: &str| number.parse::<u64>().map_err(|error| format!("`{number}`: {error}"));
        Ok(match text.split_once(' ').unwrap_or((&text, "")) {
            ("accept", "") => Self::Accept,
            ("reject", points) => Self::Reject(number(points)?),
            ("busy", "") => Self::Busy(None),
            ("busy", millis) => Self::Busy(Some(Duration::from_millis(number(millis)?))),
            ("refuse", "") | ("give", "up") => Self::Refuse,
            ("trap", "") => Self::Trap,
            ("abort", "") => Self::Abort,
            ("spin", "") => Self::Spin,
            ("recurse", "") => Self::Recurse,
            ("allocate", "") => Self::Allocate,
            ("grow", "") => Self::Grow,
            ("flood", "") => Self::Flood,
            ("giant", "") => Self::Giant,
            _ => return Err(format!("found `{text}`, expected an answer of the README")),
        })
    }
}

impl Exporter for HostileExporter {
    fn preference(&self) -> Preference {
        match self.temporality {
            Wanted::Cumulative => Preference::cumulative(),
            Wanted::Delta => Preference::delta(),
        }
    }

    fn export(&mut self, frame: Frame) -> Result<Accepted, ExportError> {
        let answer = self.answers.get(self.exports).or(self.answers.last()).copied().unwrap_or_default();
        self.exports += 1;
        for metric in frame.metrics().filter(|metric| metric.name() == self.metric) {
            let temporality = match metric.temporality() {
                Temporality::Delta => "delta",
                Temporality::Cumulative | Temporality::Unspecified => "cumulative",
            };
            info!("{answer:?}: {} {temporality} {}", self.metric, total(&metric));
        }
        match answer {
            Answer::Accept => Ok(Accepted::all()),
            Answer::Reject(points) => Ok(Accepted::without(points, "some are not wanted")),
            Answer::Busy(None) => Err(ExportError::retryable("busy")),
            Answer::Busy(Some(after)) => Err(ExportError::retryable_after(after, "busy")),
            Answer::Refuse => Err(ExportError::permanent("never")),
            Answer::Trap => panic!("as the configuration says"),
            Answer::Abort => waste::trap(),
            Answer::Spin => waste::time(),
            Answer::Recurse => {
                waste::stack(0);
                Ok(Accepted::all())
            }
            Answer::Allocate => waste::memory(),
            Answer::Grow => {
                waste::pages();
                Ok(Accepted::all())
            }
            Answer::Flood => {
                (0..5000).for_each(|line| info!("line {line}"));
                Ok(Accepted::all())
            }
            Answer::Giant => Err(ExportError::permanent("r".repeat(8 << 20))),
        }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        info!("flush");
        match self.flush {
            Answer::Accept => Ok(()),
            Answer::Trap => panic!("as the configuration says"),
            _ => Err(Fault::new("all is lost")),
        }
    }

    fn shutdown(&mut self) -> Result<(), Fault> {
        info!("shutdown");
        Ok(())
    }
}

/// The sum over all points of a metric of integers.
fn total(metric: &MetricRef<'_>) -> i64 {
    let values = metric.points().filter_map(|point| match point.data() {
        PointData::Number(Some(Number::Int(value))) => Some(value),
        _ => None,
    });
    values.sum()
}

wasmeter_guest::register_exporter!(HostileExporter);
