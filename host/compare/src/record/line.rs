//! A case's result.

use serde::Serialize;

/// What a case is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Ours divided by theirs is at most this.
    RatioAtMost(f64),
    /// Ours is at least this.
    OursAtLeast(f64),
    /// Ours is below this.
    OursBelow(f64),
}

/// A line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// What is measured.
    pub case: String,
    /// Our median.
    pub ours: f64,
    /// Theirs; that of our own native View in the cases about wasm.
    pub theirs: f64,
    /// What both are counted in.
    pub unit: &'static str,
    /// What is to be reached, if anything.
    pub target: Option<Target>,
    /// Ours divided by theirs, each as of its fastest round; what is measured once has none.
    pub ratio_of_fastest: Option<f64>,
}

impl Line {
    /// Ours divided by theirs.
    pub fn ratio(&self) -> f64 {
        self.ours / self.theirs
    }

    /// Whether the target is reached; true without one.
    pub fn ok(&self) -> bool {
        match self.target {
            Some(Target::RatioAtMost(limit)) => self.ratio() <= limit,
            Some(Target::OursAtLeast(limit)) => self.ours >= limit,
            Some(Target::OursBelow(limit)) => self.ours < limit,
            None => true,
        }
    }

    /// The line as programs read it.
    pub fn record(&self) -> Record<'_> {
        let number = |target| match target {
            Target::RatioAtMost(limit) | Target::OursAtLeast(limit) | Target::OursBelow(limit) => limit,
        };
        Record {
            case: &self.case,
            ours: self.ours,
            theirs: self.theirs,
            unit: self.unit,
            ratio: self.ratio(),
            target: self.target.map(number),
            ok: self.ok(),
        }
    }
}

/// A line as an object of the JSON file. `target` is the limit as a number (a ratio, or ours itself where `case` says so), null
/// if there is none; then `ok` is true.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    case: &'a str,
    ours: f64,
    theirs: f64,
    unit: &'a str,
    ratio: f64,
    target: Option<f64>,
    ok: bool,
}

#[cfg(test)]
mod tests {
    use super::{Line, Target};

    fn line(ours: f64, target: Target) -> Line {
        let (case, unit) = ("case".to_owned(), "ns");
        Line { case, ours, theirs: 100.0, unit, target: Some(target), ratio_of_fastest: None }
    }

    #[test]
    fn targets_are_reached_at_their_limit_and_missed_beyond() {
        assert!(line(35.0, Target::RatioAtMost(0.35)).ok());
        assert!(!line(35.1, Target::RatioAtMost(0.35)).ok());
        assert!(line(1.8, Target::OursAtLeast(1.8)).ok());
        assert!(!line(1.7, Target::OursAtLeast(1.8)).ok());
        assert!(!line(1024.0, Target::OursBelow(1024.0)).ok());
    }

    #[test]
    fn the_json_has_the_agreed_fields() {
        let json = serde_json::to_string(&line(50.0, Target::RatioAtMost(0.35)).record()).unwrap();
        let expected =
            r#"{"case":"case","ours":50.0,"theirs":100.0,"unit":"ns","ratio":0.5,"target":0.35,"ok":false}"#;
        assert_eq!(json, expected);
    }
}
