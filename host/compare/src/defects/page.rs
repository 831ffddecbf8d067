//! The table of all cases, as `docs/side-by-side.md`.

use std::fmt::Write;
use std::time::Duration;

use super::{DEFECTS, Defect};
use crate::{Side, official_version};

/// Ours ends; how long a machine may take for that is no matter.
const PATIENCE_WITH_OURS: Duration = Duration::from_secs(60);
/// What hangs is waited for this long.
const PATIENCE_WITH_OFFICIAL: Duration = Duration::from_secs(3);

/// What ours and the official SDK make of a case, in this order.
pub fn outcomes(defect: &Defect) -> (String, String) {
    (defect.outcome(Side::Ours, PATIENCE_WITH_OURS), defect.outcome(Side::Official, PATIENCE_WITH_OFFICIAL))
}

/// Runs every case on both engines and writes the page.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Side by side with the official SDK\n\n\
         Ten cases in which the official Rust SDK deviates from the specification, run on both engines by the same code\n\
         (`host/compare/src/defects`). The tests of that crate assert both columns, so a change on either side is noticed.\n\
         Written by `cargo xtask side-by-side`.\n\n",
    );
    let version = official_version();
    let mut line = |cells: [&str; 5]| {
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        // A `String` takes all text.
        let _infallible = writeln!(page, "| {} |", cells.join(" | "));
    };
    line(["row", "case", "specification", "wasmeter", &format!("opentelemetry_sdk {version}")]);
    line(["---"; 5]);
    for defect in &DEFECTS {
        let (ours, official) = outcomes(defect);
        line([defect.row, defect.case, defect.specification, &format!("`{ours}`"), &format!("`{official}`")]);
    }
    page
}
